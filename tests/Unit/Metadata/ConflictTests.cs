using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>How conflicts are listed, and settled here and everywhere.</summary>
[Trait("Category", "Metadata")]
public sealed class ConflictTests : IDisposable
{
    private const string Gid = "alpha-0a1b2c~s1";
    private const string By = "alice@laptop";

    private readonly LedgerMachine _alpha = new("alpha-0a1b2c");
    private readonly LedgerMachine _bravo = new("bravo-3d4e5f");
    private readonly LedgerMachine _charlie = new("charlie-778899");

    public ConflictTests()
    {
        foreach (LedgerMachine machine in All)
        {
            machine.AddSession(machine.Local(Gid), (0, "u0"), (1, ""), (2, "u2"));
        }
    }

    private LedgerMachine[] All => [_alpha, _bravo, _charlie];

    public void Dispose() => Array.ForEach(All, static machine => machine.Dispose());

    [Fact]
    public void Read_Conflict_ShowsBothEditsAsUsersSeeThem()
    {
        Disagree(id => CurationEdit.SetDisplayName(id, "by alpha"), id => CurationEdit.SetDisplayName(id, "by bravo"));

        MetaConflict conflict = Assert.Single(Read(_alpha));

        Assert.Equal(("s1", "display_name", "by bravo", "by alpha"), (conflict.SessionId, conflict.Field, conflict.WinningValue, conflict.LosingValue));
        Assert.Equal(("bravo-3d4e5f", "alpha-0a1b2c", "rename", "rename"), (conflict.WinningOrigin, conflict.LosingOrigin, conflict.WinningOp, conflict.LosingOp));
        Assert.Equal((false, null, null, "by bravo"), (conflict.Resolved, conflict.Resolution, conflict.ResolvedBy, conflict.SessionName));
        Assert.True(Hlc.TryParse(conflict.WinningHlc, out Hlc winning) && Hlc.TryParse(conflict.LosingHlc, out Hlc losing) && winning > losing);
        Assert.Equal(_alpha.Clock.GetUtcNow().Date, conflict.WinningAt!.Value.UtcDateTime.Date);
        Assert.Equal(Gid, Assert.Single(Read(_bravo)).SessionId);
    }

    [Fact]
    public void Read_EveryKindOfEdit_HasAValue()
    {
        Disagree(id => CurationEdit.SetDisplayName(id, "x"), id => CurationEdit.SetDisplayName(id, null), prepare: true);
        Disagree(id => CurationEdit.SetTrashed(id, true), id => CurationEdit.SetTrashed(id, false), prepare: true);
        Disagree(id => CurationEdit.SetStarred(id, true), id => CurationEdit.SetStarred(id, false), prepare: true);
        Disagree(id => CurationEdit.AddPin(id, 1, "note"), id => CurationEdit.AddPin(id, 1, null), prepare: true);

        // Newest first; the loser of the last edit of each field is what bravo did before.
        Assert.Equal(
            ["pin:ordinal:1 #1 / #1 note", "starred unstar / star", "deleted_at restore / soft_delete", "display_name  / x"],
            Read(_alpha).DistinctBy(static c => c.Field).Select(static c => $"{c.Field} {c.WinningValue} / {c.LosingValue}"));
    }

    [Fact]
    public void Read_Filters_AreCombined()
    {
        Disagree(id => CurationEdit.SetDisplayName(id, "by alpha"), id => CurationEdit.SetDisplayName(id, "by bravo"));
        DateTimeOffset later = _alpha.Clock.GetUtcNow().AddSeconds(1);
        Array.ForEach(All, static machine => machine.Clock.Advance(TimeSpan.FromMinutes(1)));
        Disagree(id => CurationEdit.AddPin(id, 0, "a"), id => CurationEdit.AddPin(id, 0, "b"));

        Assert.Equal(2, Read(_alpha).Count);
        Assert.Equal(["display_name"], Fields(new ConflictQuery { Field = "DISPLAY*" }));
        Assert.Equal(["pin:source_uuid:u0"], Fields(new ConflictQuery { Field = "pin:*", Origin = "alpha-*" }));
        Assert.Equal(["pin:source_uuid:u0"], Fields(new ConflictQuery { Since = later }));
        Assert.Empty(Fields(new ConflictQuery { Origin = "charlie*" }));
        Assert.Empty(Fields(new ConflictQuery { SessionIds = [Gid] })); // an own session goes by its own id here
        Assert.Equal(2, Fields(new ConflictQuery { SessionIds = ["s1", "other"] }).Length);
        Assert.Equal(["display_name"], Fields(new ConflictQuery { ConflictIds = [1, 99] }));

        string[] Fields(ConflictQuery query) => [.. Read(_alpha, query).Select(static c => c.Field)];
    }

    [Fact]
    public void Resolve_Loser_WinsEverywhereAndSettlesItEverywhere()
    {
        Disagree(id => CurationEdit.SetDisplayName(id, "by alpha"), id => CurationEdit.SetDisplayName(id, "by bravo"));
        Exchange(_charlie);

        Resolve(_charlie, ConflictChoice.Loser, "alpha is right");
        Exchange(All);

        foreach (LedgerMachine machine in All)
        {
            Assert.Equal("by alpha", LedgerRows.Session(machine.Db, machine.Local(Gid))!.DisplayName);
            Assert.Empty(Read(machine, new ConflictQuery { Unresolved = true }));
            MetaConflict settled = Assert.Single(Read(machine), static c => c.LosingValue == "by alpha");
            Assert.Equal(ConflictChoice.Loser, settled.Resolution);
            Assert.Equal(machine == _charlie ? By : "charlie-778899", settled.ResolvedBy);
            Assert.Equal(machine == _charlie ? "alpha is right" : null, settled.Note);
            Assert.NotNull(settled.ResolvedAt);
        }

        Assert.Equal(Read(_alpha).Count, Read(_bravo).Count);
        Assert.All(Read(_alpha).Where(static c => c.LosingValue != "by alpha"), static c => Assert.Equal(ConflictChoice.Winner, c.Resolution));
    }

    [Fact]
    public void Resolve_Winner_IsNotedHereAlone()
    {
        Disagree(id => CurationEdit.SetStarred(id, true), id => CurationEdit.SetTrashed(id, true));
        Disagree(id => CurationEdit.SetDisplayName(id, "by alpha"), id => CurationEdit.SetDisplayName(id, "x"), edited: _bravo, restore: true);
        int events = _alpha.Store.Of(_alpha.Origin).Count();

        Resolve(_alpha, ConflictChoice.Winner, null);
        Exchange(All);

        Assert.Equal(events, _alpha.Store.Of(_alpha.Origin).Count());
        Assert.Equal((ConflictChoice.Winner, By), (Read(_alpha)[0].Resolution, Read(_alpha)[0].ResolvedBy));
        Assert.False(Read(_bravo)[0].Resolved);
    }

    [Fact]
    public void Resolve_Pin_PutsTheLosersPinBack()
    {
        Disagree(id => CurationEdit.AddPin(id, 2, "alpha's"), id => CurationEdit.AddPin(id, 2, "bravo's"));

        Resolve(_bravo, ConflictChoice.Loser, null);
        Exchange(All);

        Assert.All(All, machine => Assert.Equal(["2 'alpha''s'"], LedgerRows.Pins(machine.Db, machine.Local(Gid))));
        Assert.All(All, static machine => Assert.Empty(Read(machine, new ConflictQuery { Unresolved = true })));
    }

    [Fact]
    public void Resolve_OtherWayAfterTheLoserWasAccepted_IsRefused()
    {
        Disagree(id => CurationEdit.SetDisplayName(id, "by alpha"), id => CurationEdit.SetDisplayName(id, "by bravo"));
        Resolve(_alpha, ConflictChoice.Winner, null);
        Resolve(_alpha, ConflictChoice.Loser, "second thoughts");
        int events = _alpha.Store.Of(_alpha.Origin).Count();

        ArtifactSyncException?[] refusals =
            [.. _alpha.Recorder.Resolve(_alpha.Lease, [new(1, ConflictChoice.Winner), new(1, ConflictChoice.Loser), new(77, ConflictChoice.Loser)], By)];

        Assert.Equal([ErrorCode.ConflictSettled, null, ErrorCode.ConflictNotFound], refusals.Select(static e => e?.Code));
        Assert.Equal(events, _alpha.Store.Of(_alpha.Origin).Count()); // the register says so already
        Assert.Equal("by alpha", LedgerRows.Session(_alpha.Db, "s1")!.DisplayName);
    }

    [Fact]
    public void Resolve_SessionOrMessageGone_IsRefusedAndTheOthersAreDone()
    {
        Disagree(id => CurationEdit.AddPin(id, 2, "a"), id => CurationEdit.AddPin(id, 2, "b"));
        Disagree(id => CurationEdit.SetStarred(id, true), id => CurationEdit.SetStarred(id, false), prepare: true);
        _bravo.Write(db => LedgerRows.ReplaceMessages(db, Gid, [(0, "u0")]));
        List<MetaConflict> conflicts = Read(_bravo);

        ArtifactSyncException?[] refusals =
            [.. _bravo.Recorder.Resolve(_bravo.Lease, [.. conflicts.Select(static c => new ConflictDecision(c.ConflictId, ConflictChoice.Loser))], By)];

        Assert.Equal(conflicts.Select(static c => c.Field == "starred" ? (ErrorCode?)null : ErrorCode.EventTargetMissing), refusals.Select(static e => e?.Code));
        Assert.True(CurationTable.IsStarred(_bravo.Db, Gid));
        _bravo.Recorder.Remove(_bravo.Lease, Gid);
        Assert.Equal(ErrorCode.SessionNotFound, _bravo.Recorder.Resolve(_bravo.Lease, [new(conflicts[^1].ConflictId, ConflictChoice.Loser)], By)[0]!.Code);
    }

    [Fact]
    public void Resolve_FailureAtAnyStep_LeavesTheConflictOpenAndNothingPublished()
    {
        Disagree(id => CurationEdit.SetDisplayName(id, "by alpha"), id => CurationEdit.SetDisplayName(id, "by bravo"));
        int events = _alpha.Store.Of(_alpha.Origin).Count();
        foreach (string step in (string[])["record.applied", "record.published"])
        {
            _alpha.Checkpoint = at => { if (at == step) { throw new IOException(step); } };
            Assert.Throws<IOException>(() => Resolve(_alpha, ConflictChoice.Loser, null));
            Assert.False(Assert.Single(Read(_alpha)).Resolved);
            Assert.Equal("by bravo", LedgerRows.Session(_alpha.Db, "s1")!.DisplayName);
        }

        _alpha.Checkpoint = static _ => { };
        Resolve(_alpha, ConflictChoice.Loser, null);
        Assert.Equal("by alpha", LedgerRows.Session(_alpha.Db, "s1")!.DisplayName);
        Assert.True(_alpha.Store.Of(_alpha.Origin).Count() > events);
    }

    [Fact]
    public void Edit_ThatSaysAgainWhatLost_SettlesTheConflictToo()
    {
        Disagree(id => CurationEdit.SetDisplayName(id, "by alpha"), id => CurationEdit.SetDisplayName(id, "by bravo"));

        _alpha.Recorder.SetDisplayName(_alpha.Lease, "s1", "by alpha");
        Exchange(_alpha, _bravo);

        Assert.Empty(Read(_alpha, new ConflictQuery { Unresolved = true }));
        Assert.Empty(Read(_bravo, new ConflictQuery { Unresolved = true }));
        Assert.Contains(Read(_bravo), static c => c.Resolution == ConflictChoice.Loser && c.ResolvedBy == "alpha-0a1b2c");
    }

    [Fact]
    public void Replay_DecisionMetBeforeTheEditThatItOverruled_LeavesThatOneListed()
    {
        Disagree(id => CurationEdit.SetDisplayName(id, "by alpha"), id => CurationEdit.SetDisplayName(id, "by bravo"));
        Resolve(_alpha, ConflictChoice.Loser, null);

        Exchange(_charlie); // all of alpha first: nothing had lost yet when the decision came

        Assert.Equal("by bravo", Assert.Single(Read(_charlie, new ConflictQuery { Unresolved = true })).LosingValue);
        Assert.Equal("by alpha", LedgerRows.Session(_charlie.Db, Gid)!.DisplayName);
    }

    /// <summary>alpha edits, then bravo, without knowing of each other; then both learn of it.</summary>
    private void Disagree(
        Func<string, CurationEdit> alphas, Func<string, CurationEdit> bravos, bool prepare = false, LedgerMachine? edited = null, bool restore = false)
    {
        if (restore)
        {
            edited!.Recorder.SetTrashed(edited.Lease, edited.Local(Gid), false);
            Exchange(_alpha, _bravo);
        }

        if (prepare)
        {
            // So that bravo's edit, which takes something back, has an effect there.
            _bravo.Recorder.Apply(_bravo.Lease, [alphas(Gid)]);
        }

        Array.ForEach(All, static machine => machine.Clock.Advance(TimeSpan.FromSeconds(1)));
        _alpha.Recorder.Apply(_alpha.Lease, [alphas("s1")]);
        Array.ForEach(All, static machine => machine.Clock.Advance(TimeSpan.FromSeconds(1)));
        Assert.True(_bravo.Recorder.Apply(_bravo.Lease, [bravos(Gid)])[0].Changed);
        Exchange(_alpha, _bravo);
    }

    private void Exchange(params LedgerMachine[] machines)
    {
        foreach (LedgerMachine to in machines)
        {
            to.Receive(All.SelectMany(from => from.Store.Of(from.Origin)).ToList());
            to.Replay();
        }
    }

    private static void Resolve(LedgerMachine machine, ConflictChoice choice, string? note)
    {
        long id = Read(machine).Min(static c => c.ConflictId);
        Assert.Equal([null], machine.Recorder.Resolve(machine.Lease, [new ConflictDecision(id, choice, note)], By));
    }

    private static List<MetaConflict> Read(LedgerMachine machine, ConflictQuery? query = null) =>
        [.. ConflictReader.Read(machine.Db, query ?? new ConflictQuery(), machine.Archive.Folder)];
}
