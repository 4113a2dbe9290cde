using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.Archive;

public sealed class RunTableTests : IDisposable
{
    private static readonly DateTimeOffset Now = SteppingClock.Start;
    private static readonly ProcessIdentity Elsewhere = new("elsewhere", 1, 1);
    private readonly TestArchive _test = new(new SteppingClock());

    public void Dispose() => _test.Dispose();

    [Fact]
    public void RunId_SortsByTime()
    {
        var id = RunId.Create(new SteppingClock(), new Random(1));
        Assert.Matches("^20261121T085200\\.123Z-[0-9a-f]{6}$", id);
    }

    [Fact]
    public void Read_FinishedRun_HasEverything()
    {
        var counters = SomeSession.Fill(new RunCounters(), 1);
        var entity = new SyncRunEntity { EntityType = "session", Key = "a", Iid = 3, Stage = "ingest", Status = EntityStatus.Failed, ErrorCode = "HashMismatch", ErrorMessage = "m", UpdatedAt = Now };
        _test.Write(db =>
        {
            RunTable.Insert(db, new RunStart("r1", RunKind.MemoryImport) { Target = "/t", RequestedJson = "{\"a\":1}" }, ProcessIdentity.Current, Now);
            Assert.True(RunTable.SetPhase(db, "r1", "exchange", new RunCounters { Sent = 1 }, Now));
            RunTable.UpsertEntity(db, "r1", entity);
            RunTable.UpsertEntity(db, "r1", entity);
            Assert.True(RunTable.Finish(db, "r1", RunStatus.Partial, "done", counters, ErrorCode.DiskFull, "full", Now.AddSeconds(5)));
            Assert.False(RunTable.Finish(db, "r1", RunStatus.Failed, "done", counters, null, null, Now));
        });

        var run = RunReader.Find(_test.Reader, "r1", "/archive", includeEntities: true)!;

        Assert.Equal((RunKind.MemoryImport, RunStatus.Partial, "/t", "done", "DiskFull", "full"), (run.Kind, run.Status, run.Target, run.Phase, run.ErrorCode, run.ErrorMessage));
        Assert.Equal((Now, TimeSpan.FromSeconds(5), "/archive"), (run.StartedAt, run.Duration, run.ArchivePath));
        Assert.Equal(counters, run.Counters);
        Assert.Equal(ErrorCatalog.Action(ErrorCode.DiskFull), run.RecommendedAction);
        Assert.Equal(entity with { RunId = "r1", Attempts = 2, RecommendedAction = ErrorCatalog.Action(ErrorCode.HashMismatch) }, run.Entities.Single());
        Assert.Equal("{\"a\":1}", RunTable.FindRequest(_test.Reader, "r1")!.RequestedJson);
        Assert.Null(RunReader.Find(_test.Reader, "r2", "/archive", includeEntities: false));
    }

    [Fact]
    public void Counters_EveryOne_IsKept() => Assert.Equal(RunText.CounterCount, typeof(RunCounters).GetProperties().Count(p => p.CanWrite));

    [Fact]
    public void Texts_EveryEnumValue_RoundTrips()
    {
        Assert.All(Enum.GetValues<RunKind>(), k => Assert.Equal(k, RunText.Kind(RunText.Of(k))));
        Assert.All(Enum.GetValues<EntityStatus>(), s => Assert.Equal(s, RunText.EntityStatus(RunText.Of(s))));
        Assert.Equal("memory-sync", RunText.Of(RunKind.MemorySync));
    }

    [Fact]
    public void Read_Filters_AllHold()
    {
        Finished("r1", RunKind.Exchange, RunStatus.Succeeded, 0);
        Finished("r2", RunKind.Import, RunStatus.Failed, 1);
        Finished("r3", RunKind.Exchange, RunStatus.Failed, 2);

        Assert.Equal(["r3", "r2", "r1"], Ids(new RunQuery()));
        Assert.Equal(["r3"], Ids(new RunQuery { Last = 1 }));
        Assert.Equal(["r3", "r2"], Ids(new RunQuery { Statuses = [RunStatus.Failed] }));
        Assert.Equal(["r3", "r1"], Ids(new RunQuery { Kinds = [RunKind.Exchange] }));
        Assert.Equal(["r3", "r2"], Ids(new RunQuery { Since = Now.AddMinutes(1) }));
        Assert.Equal(["r1"], Ids(new RunQuery { Until = Now.AddSeconds(30) }));
        Assert.Equal(["r1"], Ids(new RunQuery { RunIds = ["r1", "r9"] }));
        Assert.Empty(Ids(new RunQuery { RunIds = ["r1"], Statuses = [RunStatus.Failed] }));
    }

    [Theory]
    [InlineData(RunStatus.Failed, ErrorCode.TargetNotFound, null, null, true)]
    [InlineData(RunStatus.Failed, ErrorCode.OriginMismatch, null, null, false)]
    [InlineData(RunStatus.Aborted, ErrorCode.RunCrashed, null, null, true)]
    [InlineData(RunStatus.Partial, null, EntityStatus.Failed, ErrorCode.HashMismatch, true)]
    [InlineData(RunStatus.Partial, null, EntityStatus.Rejected, ErrorCode.DocumentLimitExceeded, false)]
    [InlineData(RunStatus.Partial, null, EntityStatus.Deferred, null, true)]
    [InlineData(RunStatus.Succeeded, null, EntityStatus.Deferred, null, false)]
    public void Retryable_DependsOnWhatFailed(RunStatus status, ErrorCode? code, EntityStatus? entity, ErrorCode? entityCode, bool retryable)
    {
        Finished("r1", RunKind.Exchange, status, 0, code, entity, entityCode);
        Assert.Equal(retryable, RunReader.Find(_test.Reader, "r1", "", includeEntities: false)!.Retryable);
        Assert.Equal(retryable ? ["r1"] : [], Ids(new RunQuery { Retryable = true }));
    }

    [Fact]
    public void Retryable_SuccessBelow_SettlesTheWholeTree()
    {
        Finished("r1", RunKind.Exchange, RunStatus.Failed, 0, ErrorCode.TargetNotFound);
        Finished("r2", RunKind.Exchange, RunStatus.Failed, 1, ErrorCode.TargetNotFound, parent: "r1");
        Assert.Equal(["r2", "r1"], Ids(new RunQuery { Retryable = true }));
        Finished("r3", RunKind.Exchange, RunStatus.Succeeded, 2, parent: "r2");
        Assert.Empty(Ids(new RunQuery { Retryable = true }));
    }

    [Fact]
    public void Retryable_Import_IsNot()
    {
        Finished("r1", RunKind.Import, RunStatus.Failed, 0, ErrorCode.DiskFull);
        Assert.Empty(Ids(new RunQuery { Retryable = true }));
    }

    [Fact]
    public void Reap_DeadOwner_IsAbortedAtOnceAndItsLeaseReleased()
    {
        var dead = ProcessIdentity.Current with { ProcessId = int.MaxValue - 5 };
        _test.Write(db =>
        {
            RunTable.Insert(db, new RunStart("r1", RunKind.Exchange), dead, Now);
            db.Execute("INSERT INTO app_locks VALUES ('sync', 'r1', 7, ?, ?, ?, 0, ?, 0)", dead.ProcessId, dead.StartedAt, dead.Host, Now.ToUnixTimeMilliseconds());
        });

        Assert.Equal(["r1"], Reap(Now));

        var run = RunReader.Find(_test.Reader, "r1", "", includeEntities: false)!;
        Assert.Equal((RunStatus.Aborted, "RunCrashed", true), (run.Status, run.ErrorCode, run.Retryable));
        Assert.NotNull(run.FinishedAt);
        Assert.True(_test.Reader.Scalar<bool>("SELECT released FROM app_locks"));
        Assert.Empty(Reap(Now));
    }

    [Fact]
    public void Reap_SilentOwner_IsAbortedAfterTwoMinutes()
    {
        _test.Write(db => RunTable.Insert(db, new RunStart("r1", RunKind.Exchange), Elsewhere, Now));
        Assert.Empty(Reap(Now.AddSeconds(120)));
        Assert.True(_test.Write(db => RunTable.Heartbeat(db, "r1", Now.AddSeconds(60))));
        Assert.Empty(Reap(Now.AddSeconds(170)));
        Assert.Equal(["r1"], Reap(Now.AddSeconds(181)));
        Assert.False(_test.Write(db => RunTable.Heartbeat(db, "r1", Now.AddSeconds(182))));
    }

    [Fact]
    public void Reap_SilentOwnerWithLiveLease_IsLeft()
    {
        var later = Now.AddMinutes(5);
        _test.Write(db =>
        {
            RunTable.Insert(db, new RunStart("r1", RunKind.Exchange), Elsewhere, Now);
            db.Execute("INSERT INTO app_locks VALUES ('sync', 'r1', 7, 1, 1, 'elsewhere', 0, ?, 0)", later.ToUnixTimeMilliseconds());
        });
        Assert.Empty(Reap(later));
        Assert.Equal(["r1"], Reap(later.AddMinutes(3)));
    }

    [Fact]
    public void Reap_OwnRunningRun_IsLeft()
    {
        _test.Write(db => RunTable.Insert(db, new RunStart("r1", RunKind.Exchange), ProcessIdentity.Current, Now));
        Assert.Empty(Reap(Now.AddSeconds(30)));
    }

    [Fact]
    public void Remove_RunningRun_IsRefused()
    {
        _test.Write(db => RunTable.Insert(db, new RunStart("r1", RunKind.Exchange), Elsewhere, Now));
        Assert.False(_test.Write(db => RunTable.Remove(db, "r1")));
        Finished("r2", RunKind.Exchange, RunStatus.Failed, 0, ErrorCode.DiskFull, EntityStatus.Failed, ErrorCode.DiskFull);
        Assert.True(_test.Write(db => RunTable.Remove(db, "r2")));
        Assert.Empty(RunTable.Entities(_test.Reader, "r2"));
    }

    private void Finished(
        string id, RunKind kind, RunStatus status, int minute, ErrorCode? code = null, EntityStatus? entity = null, ErrorCode? entityCode = null, string? parent = null) =>
        _test.Write(db =>
        {
            var at = Now.AddMinutes(minute);
            RunTable.Insert(db, new RunStart(id, kind) { ParentRunId = parent }, Elsewhere, at);
            if (entity is { } entityStatus)
            {
                RunTable.UpsertEntity(db, id, new SyncRunEntity { EntityType = "session", Key = "k", Stage = "ingest", Status = entityStatus, ErrorCode = entityCode?.ToString(), UpdatedAt = at });
            }

            RunTable.Finish(db, id, status, "done", new RunCounters(), code, null, at);
        });

    private IReadOnlyList<string> Reap(DateTimeOffset now) => _test.Write(db => RunReaper.Reap(db, ProcessIdentity.Current, now));

    private string[] Ids(RunQuery query) => [.. RunReader.Read(_test.Reader, query, "").Select(r => r.RunId!)];
}
