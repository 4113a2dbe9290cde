using System.Globalization;
using System.Text.Json;
using ArtifactSync.Memory;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>The short histories of memory-live/simulated.json: every machine ends in the final state, in both orders (memory spec 7.6).</summary>
[Trait("Category", "Memory")]
public sealed class SimulatedTests
{
    private const string Source = "memory-live/simulated.json|histories";

    public static TheoryData<string, MemoryOrder> Histories()
    {
        var data = new TheoryData<string, MemoryOrder>();
        foreach (string id in Golden.Cases(Source))
        {
            data.Add(id, MemoryOrder.LogOrder);
            data.Add(id, MemoryOrder.Lww);
        }

        return data;
    }

    [GoldenTheory]
    [MemberData(nameof(Histories))]
    public void History_Replayed_EveryMachineEndsInItsFinalState(string id, MemoryOrder order)
    {
        var history = Golden.Case(id);
        using var world = new SimulatedWorld(history, order);
        foreach (var step in history.GetProperty("steps").EnumerateArray())
        {
            world.Do(step);
        }

        var final = history.GetProperty("final");
        final = final.TryGetProperty(order.ToString(), out var ofOrder) ? ofOrder : final;
        foreach (var machine in world.Machines)
        {
            Assert.True(Expected(final) == Actual(machine), $"{history.Text("id")} on {machine.Name}:\n{Expected(final)}\nbut\n{Actual(machine)}");
        }
    }

    private static string Expected(JsonElement final)
    {
        var lines = new List<string>();
        foreach (var session in final.GetProperty("sessions").EnumerateObject())
        {
            lines.Add($"session {session.Name} {session.Value.Text("directory")}|{session.Value.Text("ended_at")}|{session.Value.Text("summary")}");
        }

        foreach (var row in final.GetProperty("observations").EnumerateObject())
        {
            lines.Add($"observation {row.Name} {row.Value.Text("state")}|{row.Value.Text("content")}|{row.Value.Text("updated_at")}");
        }

        lines.AddRange(final.GetProperty("prompts").EnumerateArray().Select(prompt => $"prompt {prompt.GetString()}"));
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    private static string Actual(MemoryMachine machine)
    {
        var lines = MemorySessionTable.All(machine.Db).Select(s => $"session {s.Id} {s.Directory}|{s.EndedAt}|{s.Summary}").ToList();
        lines.AddRange(ObservationTable.All(machine.Db).Select(o =>
            string.Create(CultureInfo.InvariantCulture, $"observation {o.SyncId} {(o.DeletedAt is null ? "live" : "deleted")}|{o.Content}|{o.UpdatedAt}")));
        lines.AddRange(PromptTable.All(machine.Db).Select(p => $"prompt {p.SyncId}"));
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }
}
