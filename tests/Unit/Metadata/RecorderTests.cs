using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

[Trait("Category", "Metadata")]
public sealed class RecorderTests : IDisposable
{
    private const string Own = "native-1";
    private const string Foreign = "alpha-0a1b2c~s1";

    private readonly LedgerMachine _machine = new();

    public RecorderTests()
    {
        _machine.AddSession(Own, (0, "u0"), (1, ""), (2, "u2"), (3, "u2"));
        _machine.AddSession(Foreign, (0, "u0"), (1, ""));
    }

    public static TheoryData<string> Edits => [.. AllEdits.Keys];

    private static readonly Dictionary<string, Func<Recorder, Lease, bool>> AllEdits = new(StringComparer.Ordinal)
    {
        ["rename"] = static (r, l) => r.SetDisplayName(l, Own, "New <name> & \u2028"),
        ["clear"] = static (r, l) => r.SetDisplayName(l, Own, ""),
        ["star"] = static (r, l) => r.SetStarred(l, Own, true),
        ["unstar"] = static (r, l) => r.SetStarred(l, Foreign, false),
        ["trash"] = static (r, l) => r.SetTrashed(l, Own, true),
        ["restore"] = static (r, l) => r.SetTrashed(l, Foreign, false),
        ["pin"] = static (r, l) => r.AddPin(l, Own, 0, null),
        ["re-pin"] = static (r, l) => r.AddPin(l, Own, 1, "other note"),
        ["unpin"] = static (r, l) => r.RemovePin(l, Own, 1),
        ["purge from trash"] = static (r, l) => r.Purge(l, Foreign),
        ["trash and purge"] = static (r, l) => r.Purge(l, Own),
        ["batch"] = static (r, l) =>
            r.Apply(l, [CurationEdit.SetTrashed(Own, true), CurationEdit.SetStarred(Own, true), CurationEdit.AddPin(Foreign, 1, "n")])
            .All(static e => e.Changed),
    };

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void SetDisplayName_WithOrigin_PublishesTheEventOfTheSpec()
    {
        _machine.Clock.WallTime = LedgerClock.Parse("2026-06-14T010203.000000001Z");

        Assert.True(_machine.Recorder.SetDisplayName(_machine.Lease, Foreign, "Renamed"));

        (ArtifactRef artifact, byte[] bytes) = Assert.Single(_machine.Store.Of(_machine.Origin));
        Assert.Equal(
            """{"hlc":"2026-06-14T010203.000000001Z-00000000000000000000","op":"rename","origin":"bravo-3d4e5f","session_gid":"alpha-0a1b2c~s1","v":1,"value":{"display_name":"Renamed"}}""" + "\n",
            Encoding.UTF8.GetString(bytes));
        Assert.DoesNotContain(artifact.Name, static c => "<>:\"/\\|?*".Contains(c, StringComparison.Ordinal));
        Assert.Equal("Renamed", LedgerRows.Session(_machine.Db, Foreign)!.DisplayName);
    }

    [Theory]
    [MemberData(nameof(Edits))]
    public void Edit_WithEffect_RecordsRegisterMarkerProvenanceAndCatalog(string name)
    {
        Prepare();
        long before = Count("metadata_provenance");

        Assert.True(AllEdits[name](_machine.Recorder, _machine.Lease));

        long events = _machine.Store.Of(_machine.Origin).Count();
        Assert.True(events > before);
        Assert.Equal(events, Count("metadata_provenance"));
        Assert.Equal(events, Count("metadata_applied"));
        Assert.Equal(events, Count("artifacts"));
        Assert.All(
            _machine.Store.Of(_machine.Origin),
            e => Assert.Equal(EventVerdict.Apply, EventInspector.Inspect(e.Artifact, e.Bytes, "zz-peer").Verdict));
    }

    /// <summary>Before the commit nothing has happened; once the files are durable a failing commit still means nothing.</summary>
    [Theory]
    [MemberData(nameof(Edits))]
    public void Edit_FailureAtAnyStep_LeavesTheArchiveAsItWas(string name)
    {
        Prepare();
        string before = Snapshot();
        foreach (string step in (string[])["record.applied", "before", "after", "record.published"])
        {
            _machine.Checkpoint = at => FailAt(step, at);
            _machine.Store.Step = at => FailAt(step, at);

            Assert.Equal(ErrorCode.DiskFull, Assert.Throws<ArtifactSyncException>(() => AllEdits[name](_machine.Recorder, _machine.Lease))
                .Code);

            Assert.Equal(before, Snapshot());
        }

        (_machine.Checkpoint, _machine.Store.Step) = (static _ => { }, static _ => { });
        Assert.True(AllEdits[name](_machine.Recorder, _machine.Lease));
        Assert.NotEqual(before, Snapshot());
    }

    [Theory]
    [MemberData(nameof(Edits))]
    public void Edit_Repeated_RecordsNothing(string name)
    {
        Prepare();
        AllEdits[name](_machine.Recorder, _machine.Lease);
        string after = Snapshot();
        int events = _machine.Store.Of(_machine.Origin).Count();

        Assert.False(AllEdits[name](_machine.Recorder, _machine.Lease));

        Assert.Equal(after, Snapshot());
        Assert.Equal(events, _machine.Store.Of(_machine.Origin).Count());
    }

    [Fact]
    public void Edit_WithoutOrigin_ChangesTheArchiveAlone()
    {
        using var machine = new LedgerMachine(origin: null);
        machine.AddSession(Own, (0, "u0"), (1, ""));

        machine.Recorder.SetDisplayName(machine.Lease, Own, "Name");
        machine.Recorder.SetStarred(machine.Lease, Own, true);
        machine.Recorder.AddPin(machine.Lease, Own, 1, "note");
        machine.Recorder.SetTrashed(machine.Lease, Own, true);

        Assert.Equal("Name", LedgerRows.Session(machine.Db, Own)!.DisplayName);
        Assert.Equal("2026-11-21T08:00:00.000Z", LedgerRows.Session(machine.Db, Own)!.DeletedAt);
        Assert.Equal([Own], LedgerRows.Stars(machine.Db));
        Assert.Equal(["1 'note'"], LedgerRows.Pins(machine.Db, Own));
        Assert.Empty(LedgerRows.Registers(machine.Db));
        Assert.Null(MetadataTable.LoadClock(machine.Db));

        machine.Adopt("bravo-3d4e5f");
        machine.Recorder.SetStarred(machine.Lease, Own, false);
        Assert.Single(machine.Store.Of("bravo-3d4e5f"));
    }

    [Fact]
    public void SetDisplayName_TrashedSession_IsRefusedWhileStarAndPinAreNot()
    {
        _machine.Recorder.SetTrashed(_machine.Lease, Own, true);

        IReadOnlyList<EditResult> results = _machine.Recorder.Apply(
            _machine.Lease, [CurationEdit.SetDisplayName(Own, "x"), CurationEdit.SetStarred(Own, true), CurationEdit.AddPin(Own, 0, null)]);

        Assert.Equal(ErrorCode.SessionTrashed, results[0].Error!.Code);
        Assert.True(results[1].Changed);
        Assert.True(results[2].Changed);
        Assert.Null(LedgerRows.Session(_machine.Db, Own)!.DisplayName);
    }

    [Fact]
    public void Edits_OfUnknownSessionOrMessage_AreRefused()
    {
        Assert.Equal(ErrorCode.SessionNotFound, Code(() => _machine.Recorder.SetStarred(_machine.Lease, "nobody", true)));
        Assert.Equal(ErrorCode.SessionNotFound, Code(() => _machine.Recorder.Purge(_machine.Lease, "nobody")));
        Assert.Equal(ErrorCode.EventTargetMissing, Code(() => _machine.Recorder.AddPin(_machine.Lease, Own, 99, null)));
        Assert.Empty(_machine.Store.Of(_machine.Origin));
    }

    [Fact]
    public void SetDisplayName_LongerThanAnEvent_IsRefusedAndTheBatchGoesOn()
    {
        IReadOnlyList<EditResult> results = _machine.Recorder.Apply(
            _machine.Lease,
            [
                CurationEdit.SetDisplayName(Own, new string('x', 17 * 1024 * 1024)),
                CurationEdit.SetDisplayName(Foreign, new string('y', 1024 * 1024) + "\u0001\u0085\ud800"),
            ]);

        Assert.Equal(ErrorCode.DocumentLimitExceeded, results[0].Error!.Code);
        Assert.True(results[1].Changed);
        Assert.Null(LedgerRows.Session(_machine.Db, Own)!.DisplayName);
        Assert.EndsWith("y\u0001\u0085\ufffd", LedgerRows.Session(_machine.Db, Foreign)!.DisplayName, StringComparison.Ordinal);
    }

    [Fact]
    public void Purge_OutsideTheTrash_TrashesFirstAndRemovesForGood()
    {
        Assert.True(_machine.Recorder.Purge(_machine.Lease, Own));

        Assert.Equal(["soft_delete", "purge"], Ops());
        Assert.Null(LedgerRows.Session(_machine.Db, Own));
        Assert.Equal([Own], LedgerRows.Excluded(_machine.Db));
        Assert.Equal(0, Count("messages WHERE sid NOT IN (SELECT sid FROM sessions)"));
    }

    [Fact]
    public void Remove_IsLocal_AndPurgeAfterwardsStillReachesTheOthers()
    {
        _machine.Recorder.SetStarred(_machine.Lease, Own, true);
        Assert.True(_machine.Recorder.Remove(_machine.Lease, Own));
        Assert.Equal(["star"], Ops());
        Assert.Equal([Own], LedgerRows.Excluded(_machine.Db));
        Assert.Empty(LedgerRows.Stars(_machine.Db));

        Assert.True(_machine.Recorder.Purge(_machine.Lease, Own));
        Assert.False(_machine.Recorder.Purge(_machine.Lease, Own));
        Assert.Equal(["star", "purge"], Ops());
    }

    [Fact]
    public void AddPin_UuidThatAnEarlierMessageBearsToo_IsAnchoredByOrdinal()
    {
        _machine.Recorder.AddPin(_machine.Lease, Own, 3, "third");
        _machine.Recorder.AddPin(_machine.Lease, Own, 2, "second");

        Assert.Equal(["2 'second'", "3 'third'"], LedgerRows.Pins(_machine.Db, Own));
        Assert.Equal(["pin:ordinal:3", "pin:source_uuid:u2"], LedgerRows.Registers(_machine.Db).Select(static r => r.Split(' ')[1]));

        _machine.Recorder.RemovePin(_machine.Lease, Own, 3);
        Assert.Equal(["2 'second'"], LedgerRows.Pins(_machine.Db, Own));
    }

    [Fact]
    public void Edits_SameInstant_GetRisingStamps()
    {
        _machine.Recorder.Apply(
            _machine.Lease, [CurationEdit.SetStarred(Own, true), CurationEdit.SetStarred(Own, false), CurationEdit.SetStarred(Own, true)]);

        Assert.Equal(["star", "unstar", "star"], Ops());
        Assert.Equal(LedgerClock.Start.ToString()[..^1] + "2", MetadataTable.LoadClock(_machine.Db));
    }

    [Fact]
    public void Edit_ClockStateAheadOfTheWall_IsRefusedAndUndone()
    {
        var ahead = new Hlc(LedgerClock.Start.Seconds + 301, 0, 0);
        _machine.Write(db => MetadataTable.StoreClock(db, ahead.ToString()));

        Assert.Equal(ErrorCode.ClockDrift, Code(() => _machine.Recorder.SetStarred(_machine.Lease, Own, true)));

        Assert.Empty(LedgerRows.Stars(_machine.Db));
        Assert.Equal(ahead.ToString(), MetadataTable.LoadClock(_machine.Db));
    }

    [Fact]
    public void Edit_ClockStateUnreadable_IsRefusedAndNeverReset()
    {
        _machine.Write(db => MetadataTable.StoreClock(db, "yesterday"));

        Assert.Equal(ErrorCode.ClockInvalid, Code(() => _machine.Recorder.SetStarred(_machine.Lease, Own, true)));

        Assert.Equal("yesterday", MetadataTable.LoadClock(_machine.Db));
    }

    private static ErrorCode Code(Action act) => Assert.Throws<ArtifactSyncException>(act).Code;

    private static void FailAt(string step, string at)
    {
        if (step == at)
        {
            throw new ArtifactSyncException(ErrorCode.DiskFull, "The disk is full.");
        }
    }

    // A state in which every edit of the table has an effect.
    private void Prepare()
    {
        _machine.Recorder.Apply(
            _machine.Lease,
            [
                CurationEdit.SetDisplayName(Own, "Old name"), CurationEdit.SetStarred(Foreign, true), CurationEdit.AddPin(Own, 1, "note"),
                CurationEdit.SetTrashed(Foreign, true),
            ]);
    }

    private IEnumerable<string> Ops() => _machine.Store.Of(_machine.Origin).Select(static e => EventDocument.Read(e.Bytes).Op);

    private long Count(string table) => _machine.Db.Scalar<long>($"SELECT count(*) FROM {table}");

    private string Snapshot() => string.Join('\n', [
        .. LedgerRows.Registers(_machine.Db), .. LedgerRows.Applied(_machine.Db), .. LedgerRows.Conflicts(_machine.Db),
        .. LedgerRows.Stars(_machine.Db), .. LedgerRows.Excluded(_machine.Db), .. LedgerRows.Pins(_machine.Db, Own),
        .. LedgerRows.Pins(_machine.Db, Foreign), $"{LedgerRows.Session(_machine.Db, Own)}", $"{LedgerRows.Session(_machine.Db, Foreign)}",
        $"{Count("artifacts")} {Count("metadata_provenance")} {MetadataTable.LoadClock(_machine.Db)}",
    ]);
}
