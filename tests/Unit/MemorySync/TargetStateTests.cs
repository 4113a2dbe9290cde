using ArtifactSync.Archive;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>What the calls of memory spec 5.5 set and clear, and nothing else.</summary>
[Trait("Category", "Memory")]
public sealed class TargetStateTests : IDisposable
{
    private readonly LogServer _server = new();
    private readonly MemoryMachine _machine;

    public TargetStateTests()
    {
        _machine = new MemoryMachine("A", _server, new DateTimeOffset(2026, 4, 27, 10, 0, 0, TimeSpan.Zero));
        _machine.Enroll("p");
        _machine.Write(change => Backfill.Run(change, "p"));
        _machine.CreateSession("s", "p", "/d");
        _machine.Save("o1", "s", "c");
        _machine.Save("o2", "s", "c");
    }

    private long Now => _machine.Clock.Now.ToUnixTimeMilliseconds();

    private TargetState Project => MemoryTargetTable.Read(_machine.Db, "cloud:p");

    public void Dispose()
    {
        _machine.Dispose();
        _server.Dispose();
    }

    [Fact]
    [Trait("Case", "29")]
    public void Case29_AckOfSome_LeavesTheOthersPending_AndRefreshesTheProject()
    {
        Ack("o1");
        Assert.Equal(["s", "o2"], Pending());
        Assert.Equal(("pending", 2L), (_machine.State.Lifecycle, _machine.State.LastAckedSeq));
        Assert.Equal(("pending", 2L), (Project.Lifecycle, Project.LastAckedSeq));
        Ack("s", "o2");
        Assert.Empty(Pending());
        Assert.Equal(("healthy", 3L), (_machine.State.Lifecycle, _machine.State.LastAckedSeq));
        Assert.Equal(("healthy", 3L), (Project.Lifecycle, Project.LastAckedSeq));
    }

    [Theory]
    [Trait("Case", "30")]
    [InlineData("transport_failed", 60, true)]
    [InlineData("transport_failed", -60, false)] // the time is over: no longer actively degraded
    [InlineData("paused", null, true)]
    [InlineData("blocked_unenrolled", null, true)]
    [InlineData("auth_required", null, true)]
    [InlineData("policy_forbidden", null, true)]
    [InlineData("cloud_config_error", null, true)]
    [InlineData("internal_error", null, false)]
    public void Case30_Ack_KeepsAnActivelyDegradedState(string reason, int? backoffSeconds, bool stays)
    {
        Set(db => MemoryTargetTable.SetFailure(db, "cloud", reason, "said so", backoffSeconds is { } s ? Now + (s * 1000) : null, Now));
        Ack("s", "o1", "o2");
        Assert.Empty(Pending());
        Assert.Equal(3, _machine.State.LastAckedSeq);
        Assert.Equal(
            stays ? ("degraded", reason, "said so", 1) : ("healthy", null, null, 0),
            (_machine.State.Lifecycle, _machine.State.ReasonCode, _machine.State.ReasonMessage, _machine.State.ConsecutiveFailures));
    }

    [Fact]
    [Trait("Case", "35")]
    public void Case35_FailureBlockedHealthyAndEnqueued_SetAndClearTheirFieldsOnly()
    {
        Set(db => MemoryTargetTable.Advance(db, 5, new CursorMark("session", "s", "upsert", ""), Now));
        var state = _machine.State;

        Set(db => MemoryTargetTable.SetFailure(db, "cloud", "transport_failed", "down", Now + 1000, Now));
        state = state with { Lifecycle = "degraded", ConsecutiveFailures = 1, BackoffUntil = Now + 1000, ReasonCode = "transport_failed", ReasonMessage = "down" };
        Assert.Equal(state, _machine.State);

        Set(db => MemoryTargetTable.SetFailure(db, "cloud", "internal_error", "again", Now + 2000, Now));
        state = state with { ConsecutiveFailures = 2, BackoffUntil = Now + 2000, ReasonCode = "internal_error", ReasonMessage = "again" };
        Assert.Equal(state, _machine.State);

        // What is written meanwhile waits; it ends no pause.
        Set(db => MemoryTargetTable.SetEnqueued(db, "cloud", 9, Now));
        state = state with { LastEnqueuedSeq = 9 };
        Assert.Equal(state, _machine.State);

        Set(db => MemoryTargetTable.SetBlocked(db, "cloud", "paused", "not now", Now));
        state = state with { ConsecutiveFailures = 0, BackoffUntil = null, ReasonCode = "paused", ReasonMessage = "not now" };
        Assert.Equal(state, _machine.State);

        Set(db => MemoryTargetTable.SetHealthy(db, "cloud", Now));
        state = state with { Lifecycle = "healthy", ReasonCode = null, ReasonMessage = null, LastSyncAt = Now };
        Assert.Equal(state, _machine.State);

        Set(db => MemoryTargetTable.SetEnqueued(db, "cloud", 10, Now));
        state = state with { Lifecycle = "pending", LastEnqueuedSeq = 10 };
        Assert.Equal(state, _machine.State);
    }

    private void Set(Action<Database> set) => _machine.Write(change => set(change.Db));

    private void Ack(params string[] keys) => _machine.Write(change => Assert.False(PushCommit.Write(
        change.Db,
        [.. JournalTable.Sendable(change.Db, 0, 10).Where(row => keys.Contains(row.EntityKey))
            .Select(row => new MappedMutation(row.Seq, 100 + row.Seq + MemoryTargetTable.Read(change.Db).MappedMax, row.Entity, row.EntityKey, row.Op, row.Project))],
        LogServer.Url, change.NowMs)));

    private IEnumerable<string> Pending() => JournalTable.Sendable(_machine.Db, 0, 10).Select(row => row.EntityKey);
}
