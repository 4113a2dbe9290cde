using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Sync;

namespace ArtifactSync.Tests.Metadata;

/// <summary>
/// An archive that was copied to another machine: an edit there would be an event under the origin of the original, which never reads
/// what seems to be its own. So it is refused, in -WhatIf too, until the user says which machine this is.
/// </summary>
[Trait("Category", "Metadata")]
public sealed class ClonedArchiveTests : IDisposable
{
    private const string Own = "s1";

    private readonly TempFolder _folder = new();
    private readonly TestMachine _machine;
    private readonly EngineOptions _elsewhere;
    private readonly SyncEngine _clone;

    public ClonedArchiveTests()
    {
        _folder.CreateDirectory("share");
        _machine = new TestMachine(_folder["alpha"], "alpha-0a1b2c");
        var other = new TestMachine(_folder["bravo"], "bravo-3d4e5f");
        _machine.Write(Own, ["one", "two"]);
        Exchange(_machine, other);
        Edit(_machine, CurationEdit.SetDisplayName(Own, "by alpha"));
        Edit(other, CurationEdit.SetDisplayName("alpha-0a1b2c~s1", "by bravo"));
        Exchange(_machine, other, _machine);
        _elsewhere = _machine.Options with { Machine = new MachineIdentity("elsewhere", "another-machine") };
        _clone = new SyncEngine(_elsewhere);
    }

    public static TheoryData<string> Edits => ["title", "star", "trash", "pin", "purge"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Edits))]
    public void Edit_OfAClone_IsRefusedAndChangesNothing(string name)
    {
        CurationEdit edit = Make(name);
        string before = State();

        Assert.Equal(ErrorCode.OriginCloned, Code(() => _clone.Edit([edit], CancellationToken.None)));
        Assert.Equal(ErrorCode.OriginCloned, Code(() => _clone.Edit([CurationEdit.Remove(Own), edit], CancellationToken.None)));
        Assert.Equal(ErrorCode.OriginCloned, Code(() => _clone.PlanEdit([edit])));

        Assert.Equal(before, State());
        Assert.True(Assert.Single(new SyncEngine(_machine.Options).PlanEdit([edit])).Changed);
    }

    [Fact]
    public void Resolve_OfAClone_AcceptsWinnersAlone()
    {
        long id = Assert.Single(_clone.GetConflicts(new ConflictQuery())).ConflictId;
        string before = State();

        Assert.Equal(ErrorCode.OriginCloned, Code(() => _clone.Resolve([new ConflictDecision(id, ConflictChoice.Loser)], CancellationToken.None)));
        Assert.Equal(ErrorCode.OriginCloned, Code(() => _clone.PlanResolve([new ConflictDecision(id, ConflictChoice.Loser)])));
        Assert.Equal(before, State());

        var winner = new ConflictDecision(id, ConflictChoice.Winner);
        Assert.Null(Assert.Single(_clone.PlanResolve([winner])).Error);
        Assert.Null(Assert.Single(_clone.Resolve([winner], CancellationToken.None)).Error);
        Assert.True(Assert.Single(_clone.GetConflicts(new ConflictQuery())).Resolved);
    }

    [Fact]
    public void Remove_FromAClone_IsItsOwnAffairAndWorks()
    {
        int events = Events();

        Assert.True(Assert.Single(_clone.PlanEdit([CurationEdit.Remove(Own)])).Changed);
        Assert.True(Assert.Single(_clone.Edit([CurationEdit.Remove(Own)], CancellationToken.None)).Changed);

        Assert.Empty(_machine.Content());
        Assert.Equal([Own], _machine.Read(LedgerRows.Excluded));
        Assert.Equal(events, Events());
    }

    [Fact]
    public void Edit_AfterTheCloneGotAnOriginOfItsOwn_IsRecordedUnderThat()
    {
        var adopted = new TestMachine(_folder["alpha"], "clone-778899") { Options = _elsewhere };
        Assert.Equal(RunStatus.Succeeded, adopted.Exchange(_folder["share"]).Status);

        Edit(adopted, CurationEdit.SetStarred("s1", true));

        Assert.Contains(
            adopted.Read(LedgerRows.Registers), static register => register.Contains(" clone-778899 star ", StringComparison.Ordinal));
    }

    private static CurationEdit Make(string name) => name switch
    {
        "title" => CurationEdit.SetDisplayName(Own, "by a clone"),
        "star" => CurationEdit.SetStarred(Own, true),
        "trash" => CurationEdit.SetTrashed(Own, true),
        "pin" => CurationEdit.AddPin(Own, 1, "by a clone"),
        _ => CurationEdit.Purge(Own),
    };

    private static ErrorCode Code(Action work) => Assert.Throws<ArtifactSyncException>(work).Code;

    private static void Edit(TestMachine machine, CurationEdit edit) =>
        Assert.True(Assert.Single(new SyncEngine(machine.Options).Edit([edit], CancellationToken.None)).Changed);

    private void Exchange(params TestMachine[] machines) =>
        Assert.All(machines, machine => Assert.Equal(RunStatus.Succeeded, machine.Exchange(_folder["share"]).Status));

    private int Events() => _folder.Files().Count(static file => file.StartsWith("alpha/artifacts/", StringComparison.Ordinal));

    /// <summary>All that an edit could change: curation, ledger, clock, catalog, files.</summary>
    private string State() => _machine.Read(db => string.Join('\n',
    [
        $"{LedgerRows.Session(db, Own)}", MetadataTable.LoadClock(db) ?? "", $"{db.Scalar<long>("SELECT count(*) FROM artifacts")}",
        .. LedgerRows.Registers(db), .. LedgerRows.Applied(db), .. LedgerRows.Stars(db), .. LedgerRows.Pins(db, Own), .. LedgerRows.Excluded(db),
        .. LedgerRows.Conflicts(db), $"{db.Scalar<long>("SELECT count(*) FROM metadata_conflicts WHERE resolved_at IS NULL")}",
        .. _folder.Files().Where(static file => file.StartsWith("alpha/artifacts/", StringComparison.Ordinal)),
    ]));
}
