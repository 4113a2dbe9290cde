using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

[Trait("Category", "Metadata")]
public sealed class MetadataReplayTests : IDisposable
{
    private const string Session = "alpha-0a1b2c~s1";

    private readonly LedgerMachine _machine = new();

    public MetadataReplayTests() => _machine.AddSession(Session, (0, "u0"), (1, "u1"), (2, ""));

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Run_Again_OpensNothingAndChangesNothing()
    {
        _machine.Receive(LedgerEvents.Make("alpha-0a1b2c", Session, EventOp.Star),
            LedgerEvents.Rename("alpha-0a1b2c", Session, "A", seconds: 1));
        ReplayResult first = _machine.Replay();
        string? clock = MetadataTable.LoadClock(_machine.Db);
        _machine.Store.Opened.Clear();

        ReplayResult second = _machine.Replay();

        Assert.Equal(2, first.Imported);
        Assert.Equal(0, second.Imported);
        Assert.Empty(second.Entities);
        Assert.Empty(_machine.Store.Opened);
        Assert.Equal(clock, MetadataTable.LoadClock(_machine.Db));
    }

    [Fact]
    public void Run_OneNewEvent_OpensThatOne()
    {
        _machine.Receive(Enumerable.Range(0, 50).Select(i => LedgerEvents.Rename("alpha-0a1b2c", Session, $"Name {i}", seconds: i)));
        _machine.Replay();
        _machine.Store.Opened.Clear();
        (ArtifactRef Artifact, byte[] Bytes) late = LedgerEvents.Rename("aaa-000000", Session, "Late but older", seconds: 1);
        _machine.Receive(late);

        ReplayResult result = _machine.Replay();

        Assert.Equal([late.Artifact.Path], _machine.Store.Opened);
        Assert.Equal(1, result.Imported); // a loser whose conflict is logged
        Assert.Equal("Name 49", LedgerRows.Session(_machine.Db, Session)!.DisplayName);
    }

    [Fact]
    public void Run_Full_LooksAtAllButAppliesNoneTwice()
    {
        _machine.Receive(LedgerEvents.Make("alpha-0a1b2c", Session, EventOp.Star));
        _machine.Replay();
        string? clock = MetadataTable.LoadClock(_machine.Db);

        Assert.Equal(0, _machine.Replay(full: true).Imported);

        Assert.Equal(clock, MetadataTable.LoadClock(_machine.Db));
    }

    [Fact]
    public void Run_OwnEvents_AreNeverReplayed()
    {
        _machine.Receive(LedgerEvents.Make(_machine.Origin, Session, EventOp.Star));

        Assert.Equal(0, _machine.Replay().Imported);

        Assert.Empty(_machine.Store.Opened);
        Assert.Empty(LedgerRows.Stars(_machine.Db));
    }

    [Fact]
    public void Run_TargetMissing_WaitsAloneAndIsAppliedWhenItComes()
    {
        _machine.Receive(
            LedgerEvents.Make("alpha-0a1b2c", "alpha-0a1b2c~later", EventOp.Star),
                LedgerEvents.Make("alpha-0a1b2c", Session, EventOp.Star, seconds: 1));

        ReplayResult first = _machine.Replay();

        Assert.Equal((1, 1), (first.Imported, first.Deferred));
        SyncRunEntity waiting = Assert.Single(first.Entities, static e => e.Status == EntityStatus.Deferred);
        Assert.Equal(nameof(ErrorCode.EventTargetMissing), waiting.ErrorCode);
        Assert.Single(LedgerRows.Applied(_machine.Db));
        Assert.Empty(_machine.Replay().Entities); // waits on, without a word

        _machine.AddSession("alpha-0a1b2c~later");
        Assert.Equal((1, 0), (_machine.Replay() is var last ? last.Imported : 0, last.Deferred));
        Assert.Equal(2, LedgerRows.Stars(_machine.Db).Count);
        Assert.Equal(0, MetadataTable.Waiting(_machine.Db));
    }

    [Fact]
    public void Run_PinTargetMissing_LeavesNeitherMarkerNorRegister()
    {
        _machine.Receive(LedgerEvents.Pin("alpha-0a1b2c", Session, "", 77));

        Assert.Equal(1, _machine.Replay().Deferred);

        Assert.Empty(LedgerRows.Registers(_machine.Db));
        Assert.Empty(LedgerRows.Applied(_machine.Db));
    }

    [Fact]
    public void Run_EventAheadOfTheClock_WaitsUntilTimeHasPassedAndNeverDragsTheClock()
    {
        _machine.Receive(LedgerEvents.Make("alpha-0a1b2c", Session, EventOp.Star, seconds: 301));

        ReplayResult result = _machine.Replay();

        Assert.Equal(nameof(ErrorCode.ClockDrift), Assert.Single(result.Entities).ErrorCode);
        Assert.Null(MetadataTable.LoadClock(_machine.Db));
        Assert.True(_machine.Recorder.SetStarred(_machine.Lease, Session, true));

        _machine.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _machine.Replay().Deferred);
    }

    [Fact]
    public void Run_CounterUsedUp_DefersThatEventAlone()
    {
        _machine.Receive(
            LedgerEvents.Make("alpha-0a1b2c", Session, EventOp.Star, seconds: 10, logical: ulong.MaxValue),
            LedgerEvents.Rename("zulu-000000", Session, "Z", seconds: 1));

        ReplayResult result = _machine.Replay();

        Assert.Equal((1, 1), (result.Imported, result.Deferred));
        Assert.Contains(result.Entities, static e => e.ErrorCode == nameof(ErrorCode.ClockOverflow));
        _machine.Clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(1, _machine.Replay().Imported);
    }

    [Fact]
    public void Run_ClockStateUnreadable_AbortsAndChangesNothing()
    {
        _machine.Write(db => MetadataTable.StoreClock(db, "x"));
        _machine.Receive(LedgerEvents.Make("alpha-0a1b2c", Session, EventOp.Star));

        Assert.Equal(ErrorCode.ClockInvalid, Assert.Throws<ArtifactSyncException>(() => _machine.Replay()).Code);

        Assert.Empty(LedgerRows.Applied(_machine.Db));
        Assert.Equal("x", MetadataTable.LoadClock(_machine.Db));
    }

    [Fact]
    public void Run_UnknownOpBeyondDrift_IsQuarantinedWithoutTouchingTheClock()
    {
        (ArtifactRef Artifact, byte[] Bytes) odd = LedgerEvents.Make("alpha-0a1b2c", Session, "archive", seconds: 100_000);
        _machine.Receive(odd);

        ReplayResult result = _machine.Replay();

        Assert.Equal(1, result.Quarantined);
        Assert.Equal((odd.Artifact, ErrorCode.EventUnknownOp), Assert.Single(_machine.Store.Quarantined));
        Assert.Single(LedgerRows.Applied(_machine.Db));
        Assert.Null(MetadataTable.LoadClock(_machine.Db));
    }

    [Fact]
    public void Run_DamagedFile_AsksForRepairAndAppliesTheGoodCopy()
    {
        (ArtifactRef Artifact, byte[] Bytes) star = LedgerEvents.Make("alpha-0a1b2c", Session, EventOp.Star);
        _machine.Receive(star);
        _machine.Store.Damage(star.Artifact);

        ReplayResult result = _machine.Replay();

        Assert.Equal(nameof(ErrorCode.HashMismatch), Assert.Single(result.Entities).ErrorCode);
        Assert.Equal([star.Artifact], _machine.Store.Repairs);
        _machine.Store.Heal(star.Artifact, star.Bytes);
        Assert.Equal(1, _machine.Replay().Imported);
    }

    [Fact]
    public void Run_EventOfPurgedSession_WaitsForEverWithoutBeingCounted()
    {
        _machine.Receive(
            LedgerEvents.Make("alpha-0a1b2c", Session, EventOp.Purge),
                LedgerEvents.Make("alpha-0a1b2c", Session, EventOp.Star, seconds: 1));

        ReplayResult result = _machine.Replay();

        Assert.Equal((1, 0), (result.Imported, result.Deferred));
        Assert.Equal([Session], LedgerRows.Excluded(_machine.Db));
        Assert.Null(LedgerRows.Session(_machine.Db, Session));
        Assert.Equal(EntityStatus.Ok, Assert.Single(result.Entities).Status);
    }

    [Fact]
    public void Run_LocalEditNewerThanPeers_StaysAndTheLoserIsLogged()
    {
        _machine.Recorder.SetDisplayName(_machine.Lease, Session, "Mine");
        _machine.Receive(LedgerEvents.Rename("alpha-0a1b2c", Session, "Theirs", seconds: -60));

        Assert.Equal(1, _machine.Replay().Imported);

        Assert.Equal("Mine", LedgerRows.Session(_machine.Db, Session)!.DisplayName);
        Assert.Contains("Theirs", Assert.Single(LedgerRows.Conflicts(_machine.Db)), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_LaterLocalEdit_SortsAfterWhatWasReplayed()
    {
        _machine.Receive(LedgerEvents.Rename("alpha-0a1b2c", Session, "Ahead", seconds: 200));
        _machine.Replay();

        _machine.Recorder.SetDisplayName(_machine.Lease, Session, "After");

        Assert.Contains("After", Assert.Single(LedgerRows.Registers(_machine.Db)), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TwoTrashings_ShowTheTimeOfTheWinner()
    {
        _machine.Receive(LedgerEvents.Make("alpha-0a1b2c", Session, EventOp.SoftDelete, seconds: 1),
            LedgerEvents.Make("zulu-000000", Session, EventOp.SoftDelete, seconds: 5));
        _machine.Replay();

        Assert.Equal("2026-11-21T08:00:05.000Z", LedgerRows.Session(_machine.Db, Session)!.DeletedAt);
    }

    [Fact]
    public void Run_Purge_ExcludesTheOtherIdsOfTheSameTranscript()
    {
        foreach (string id in (string[])["old-id", "new-id", "other"])
        {
            _machine.AddSession(id);
        }

        _machine.Write(db =>
            db.Execute("UPDATE sessions SET file_path = '/t.jsonl', source_session_id = 'x' WHERE id IN ('old-id', 'new-id')"));
        _machine.Write(db => db.Execute("UPDATE sessions SET file_path = '/t.jsonl', source_session_id = 'y' WHERE id = 'other'"));
        _machine.Receive(LedgerEvents.Make("alpha-0a1b2c", "bravo-3d4e5f~new-id", EventOp.Purge));
        _machine.Replay();

        Assert.Equal(["new-id", "old-id"], LedgerRows.Excluded(_machine.Db));
        Assert.NotNull(LedgerRows.Session(_machine.Db, "other"));
    }

    [Fact]
    public void ReapplyRegisters_AfterNewContent_MovesPinsWithTheirMessagesAndTouchesNothingElse()
    {
        _machine.Receive(LedgerEvents.Pin("alpha-0a1b2c", Session, "u1", 1, "note"),
            LedgerEvents.Pin("alpha-0a1b2c", Session, "", 2, seconds: 1));
        _machine.Replay();
        Assert.Equal(["1 'note'", "2 NULL"], LedgerRows.Pins(_machine.Db, Session));
        List<string> registers = LedgerRows.Registers(_machine.Db);

        Import((0, "u0"), (1, "new"), (2, "u1"), (3, ""));
        Assert.Equal(["2 NULL"], LedgerRows.Pins(_machine.Db, Session)); // both registers point at message 2; the later one speaks

        Import((0, "u0"), (5, "u1"));
        Assert.Equal(["5 'note'"], LedgerRows.Pins(_machine.Db, Session));

        Import((0, "u0"), (1, "u1"), (2, ""));
        Assert.Equal(["1 'note'", "2 NULL"], LedgerRows.Pins(_machine.Db, Session));
        Assert.Equal(registers, LedgerRows.Registers(_machine.Db));
    }

    [Fact]
    public void ReapplyRegisters_UnpublishedPin_FollowsItsMessageByUuidElseStays()
    {
        using var machine = new LedgerMachine(origin: null);
        machine.AddSession("s", (0, "u0"), (1, "u1"), (2, ""));
        machine.Recorder.AddPin(machine.Lease, "s", 1, "moves");
        machine.Recorder.AddPin(machine.Lease, "s", 2, "stays");

        machine.Write(db =>
        {
            LedgerRows.ReplaceMessages(db, "s", [(0, "u0"), (1, "x"), (2, ""), (3, "u1")]);
            MetadataReplay.ReapplyRegisters(db, "bravo-3d4e5f", "bravo-3d4e5f~s");
        });

        Assert.Equal(["2 'stays'", "3 'moves'"], LedgerRows.Pins(machine.Db, "s"));
    }

    [Fact]
    public void Run_FailureInABatch_IsTakenUpByTheNextRunWithoutDoubleCounting()
    {
        _machine.Receive(Enumerable.Range(0, 5000)
            .Select(i => LedgerEvents.Rename("alpha-0a1b2c", Session, $"Name {i}", seconds: i / 20, logical: (ulong)i)));
        int commits = 0;
        _machine.Checkpoint = step =>
        {
            if (step == "replay.applied" && ++commits == 2)
            {
                throw new IOException("killed");
            }
        };
        Assert.Throws<IOException>(() => _machine.Replay());
        int applied = LedgerRows.Applied(_machine.Db).Count;
        Assert.InRange(applied, 1, 4999);

        _machine.Checkpoint = static _ => { };
        Assert.Equal(5000 - applied, _machine.Replay().Imported);
        Assert.Equal("Name 4999", LedgerRows.Session(_machine.Db, Session)!.DisplayName);
    }

    [Fact]
    public void Run_Cancelled_StopsBeforeTheNextBatch()
    {
        _machine.Receive(LedgerEvents.Make("alpha-0a1b2c", Session, EventOp.Star));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(
            () => MetadataReplay.Run(_machine.Archive, _machine.Store, _machine.Origin, _machine.Lease, NullObserver.Instance,
                cancelled.Token));
        Assert.Equal(1, _machine.Replay().Imported);
    }

    private void Import(params (long Ordinal, string SourceUuid)[] messages) => _machine.Write(db =>
    {
        LedgerRows.ReplaceMessages(db, Session, messages);
        MetadataReplay.ReapplyRegisters(db, _machine.Origin, Session);
    });
}
