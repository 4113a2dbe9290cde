using System.Text.Json;
using ArtifactSync.Memory;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>
/// The recorded life of two machines of the original, phase by phase with our client and server (memory-live wire/autosync-flow): the same
/// rows, and after a restart nothing is sent that was pulled before.
/// </summary>
[Trait("Category", "Memory")]
public sealed class AutosyncFlowTests : IDisposable
{
    private readonly LogServer _server = new();
    private readonly MemoryMachine _a;
    private readonly MemoryMachine _b;

    public AutosyncFlowTests() => (_a, _b) = (Machine("A"), Machine("B"));

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _server.Dispose();
    }

    [GoldenFact]
    [Trait("Replays", "wire/autosync-flow")]
    public void Phases_Replayed_EndWithTheRowsOfTheRecording()
    {
        long head = 0;
        foreach (var phase in Golden.Load("memory-live/wire/autosync-flow.json").EnumerateArray())
        {
            foreach (var machine in (MemoryMachine[])[_a, _b])
            {
                machine.Clock.Advance(TimeSpan.FromSeconds(2));
            }

            Do(phase.Text("did")!);
            AssertRows(phase, _a);
            AssertRows(phase, _b);
            // The original sends the arguments of a call that changed nothing, and after a restart all that it ever pulled.
            var isQuiet = phase.Text("did")!.Contains("d1 again", StringComparison.Ordinal) || phase.Text("did")!.Contains("restart", StringComparison.Ordinal)
                || phase.Text("did")!.Contains("two more", StringComparison.Ordinal);
            head = isQuiet ? head : phase.GetProperty("log").EnumerateArray().Last().GetProperty("seq").GetInt64();
            Assert.Equal(head, _server.Head);
        }

        Assert.Equal(_a.Content(), _b.Content());
        Assert.True(head > 100);
    }

    private void Do(string phase)
    {
        switch (phase)
        {
            case "A: first writes, first push, then the pull of the same cycle":
                _a.CreateSession("d1", "demo", "/demo");
                for (var i = 0; i < 3; i++)
                {
                    _a.Save($"obs-o{i}", "d1", $"v1 ✓ <b> {i}", $"o{i}");
                }

                _a.AddPrompt("prompt-1", "d1");
                Cycle(_a);
                break;
            case "A: nothing to push, empty pull": Cycle(_a); break;
            case "B: first pull" or "B: empty pull" or "B: pages": Cycle(_b); break;
            case "A: 130 rows (more than one batch)":
                for (var i = 0; i < 130; i++)
                {
                    _a.Save($"obs-bulk{i:000}", "d1", $"bulk {i}", $"bulk{i:000}");
                }

                Cycle(_a);
                break;
            case "A and B edit the same row before either syncs":
                _a.Edit("obs-o1", "A edit");
                _b.Edit("obs-o1", "B edit");
                Cycle(_a, _b, _a);
                break;
            case "A soft deletes a row while B edits it":
                _a.SoftDelete("obs-o2");
                _b.Edit("obs-o2", "B edit of deleted");
                Cycle(_a, _b, _a);
                break;
            case "A: hard delete, prompt delete, session end, soft delete":
                _a.HardDelete("obs-bulk000");
                _a.DeletePrompt("prompt-1");
                _a.EndSession("d1", "fin");
                _a.SoftDelete("obs-bulk001");
                Cycle(_a, _b);
                break;
            case "A: creates session d1 again with another directory":
                _a.CreateSession("d1", "demo", "/elsewhere2");
                Cycle(_a, _b);
                break;
            case "B restarts":
                _b.Restart();
                Cycle(_b);
                break;
            case "B: two more cycles": Cycle(_b, _b); break;
            case "A restarts and pulls":
                _a.Restart();
                Cycle(_a);
                break;
            default: Assert.Fail($"nothing replays '{phase}'"); break;
        }
    }

    private static void AssertRows(JsonElement phase, MemoryMachine machine)
    {
        var recorded = phase.GetProperty(machine.Name);
        // The directory stays the one that was stored (5.3): that of the second call is nobody's.
        Assert.Equal(
            recorded.GetProperty("sessions").EnumerateArray().Select(row => (row.Text("id"), "/demo", row.Text("ended_at") is not null, row.Text("summary"))),
            MemorySessionTable.All(machine.Db).Select(row => ((string?)row.Id, row.Directory, row.EndedAt is not null, row.Summary)));
        var rows = ObservationTable.All(machine.Db).ToDictionary(row => row.Title, StringComparer.Ordinal);
        var count = 0;
        foreach (var row in recorded.GetProperty("observations").EnumerateArray())
        {
            count += row.TryGetProperty("$left_out", out var left) ? left.GetInt32() : 1;
            if (row.Text("title") is { } title)
            {
                Assert.Equal((row.Text("content"), row.Text("deleted_at") is null, row.GetProperty("revision_count").GetInt64()),
                    (rows[title].Content, rows[title].DeletedAt is null, rows[title].RevisionCount));
            }
        }

        Assert.Equal(count, rows.Count);
        Assert.Equal(recorded.GetProperty("prompts").GetArrayLength(), PromptTable.All(machine.Db).Count());
        Assert.Equal(recorded.GetProperty("tombstones").GetArrayLength(), PromptTable.Tombstones(machine.Db, null).Count());
    }

    private static void Cycle(params ReadOnlySpan<MemoryMachine> machines)
    {
        foreach (var machine in machines)
        {
            var failure = machine.Cycle().Failure;
            Assert.True(failure is null, failure?.ToString());
        }
    }

    private MemoryMachine Machine(string name)
    {
        var machine = new MemoryMachine(name, _server, new DateTimeOffset(2026, 11, 21, 5, 26, 24, TimeSpan.Zero)) { Settings = new() };
        machine.Enroll("demo");
        machine.Write(change => Backfill.Run(change, "demo"));
        return machine;
    }
}
