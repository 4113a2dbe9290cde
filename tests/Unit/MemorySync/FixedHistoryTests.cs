using ArtifactSync.Memory;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>Histories that random search found once, as short as they get.</summary>
[Trait("Category", "Memory")]
public sealed class FixedHistoryTests
{
    private static readonly Dictionary<string, (string Action, int Machine, int Pick)[]> s_histories = new()
    {
        // B may not read p; what lies below its cursor is read again, and its second mutation ends a session that the first one brought.
        ["the end of a session below the cursor"] = [("rights", 1, 1), ("session", 2, 2), ("end", 2, 0), ("cycle", 2, 0), ("session", 1, 1), ("cycle", 1, 0)],
    };

    public static TheoryData<string, MemoryOrder> Histories()
    {
        var data = new TheoryData<string, MemoryOrder>();
        foreach (var name in s_histories.Keys)
        {
            data.Add(name, MemoryOrder.LogOrder);
            data.Add(name, MemoryOrder.Lww);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Histories))]
    public void History_ThatFailedOnce_EndsInAgreement(string name, MemoryOrder order)
    {
        using var world = new SimulationWorld(order);
        foreach (var (action, machine, pick) in s_histories[name])
        {
            world.Do(action, machine, pick);
        }

        world.CalmDown();
        world.AssertAgreed();
    }
}
