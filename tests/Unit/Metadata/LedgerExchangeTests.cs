using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Sync;

namespace ArtifactSync.Tests.Metadata;

/// <summary>Curation through the whole engine: two archives and a shared folder.</summary>
[Trait("Category", "Metadata")]
public sealed class LedgerExchangeTests : IDisposable
{
    private const string AlphaId = "s1";
    private const string BravoId = "alpha-0a1b2c~s1";

    private readonly TempFolder _folder = new();
    private readonly TestMachine _alpha;
    private readonly TestMachine _bravo;

    public LedgerExchangeTests()
    {
        _alpha = new TestMachine(_folder["alpha"], "alpha-0a1b2c");
        _bravo = new TestMachine(_folder["bravo"], "bravo-3d4e5f");
        _folder.CreateDirectory("share");
        _alpha.Write(AlphaId, ["one", "two", "three"]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Exchange_EditsOnBothSides_EndTheSameAndTheLoserIsLogged()
    {
        Exchange(_alpha, _bravo);
        Edit(_alpha, CurationEdit.SetDisplayName(AlphaId, "by alpha"), CurationEdit.AddPin(AlphaId, 1, "alpha's pin"));
        Edit(_bravo, CurationEdit.SetDisplayName(BravoId, "by bravo"), CurationEdit.SetStarred(BravoId, true));

        Exchange(_alpha, _bravo, _alpha);

        Assert.Equal("by bravo", Name(_alpha, AlphaId));
        Assert.Equal("by bravo", Name(_bravo, BravoId));
        Assert.Equal([AlphaId], _alpha.Read(LedgerRows.Stars));
        Assert.Equal(["1 'alpha''s pin'"], _bravo.Read(db => LedgerRows.Pins(db, BravoId)));
        Assert.Equal(_alpha.Read(LedgerRows.Registers), _bravo.Read(LedgerRows.Registers));
        Assert.Single(_alpha.Read(LedgerRows.Conflicts));
        Assert.Equal(_alpha.Read(LedgerRows.Conflicts), _bravo.Read(LedgerRows.Conflicts));
        Assert.Equal(0, _alpha.Exchange(_folder["share"]).Counters.ImportedEvents);
    }

    [Fact]
    public void Exchange_RestoredSession_CatchesUpWithWhatItsOwnerPublishedMeanwhile()
    {
        Exchange(_alpha, _bravo);
        Edit(_bravo, CurationEdit.SetTrashed(BravoId, true));
        _alpha.Write(AlphaId, ["one", "two", "three", "four"]);
        Exchange(_alpha, _bravo);
        Assert.DoesNotContain("four", _bravo.Content()[BravoId], StringComparison.Ordinal);

        Edit(_bravo, CurationEdit.SetTrashed(BravoId, false));
        Exchange(_bravo);

        Assert.Contains("four", _bravo.Content()[BravoId], StringComparison.Ordinal);
    }

    [Fact]
    public void Exchange_Purge_RemovesTheSessionEverywhereForGood()
    {
        Exchange(_alpha, _bravo);
        Edit(_bravo, CurationEdit.Purge(BravoId));

        Exchange(_bravo, _alpha, _bravo);
        _alpha.Write("s2", ["other"]);
        Exchange(_alpha, _bravo);

        Assert.Equal(["alpha-0a1b2c~s2"], _alpha.Content().Keys);
        Assert.Equal(["alpha-0a1b2c~s2"], _bravo.Content().Keys);
        Assert.Equal([AlphaId], _alpha.Read(LedgerRows.Excluded));
    }

    [Fact]
    public void Exchange_Initialize_PublishesEarlierCurationOnceAndToEverybody()
    {
        Edit(_alpha, CurationEdit.SetDisplayName(AlphaId, "early"), CurationEdit.SetStarred(AlphaId, true));
        ExchangeRequest initialize = new() { Target = _folder["share"], OriginId = _alpha.Origin, Initialize = true };

        Assert.Equal(RunStatus.Succeeded, _alpha.Run(initialize).Status);
        Assert.Equal(RunStatus.Succeeded, _alpha.Run(initialize).Status);
        Exchange(_bravo);

        Assert.Equal("early", Name(_bravo, BravoId));
        Assert.Equal([BravoId], _bravo.Read(LedgerRows.Stars));
        Assert.Equal(2, _bravo.Read(LedgerRows.Applied).Count);
    }

    private void Exchange(params TestMachine[] machines)
    {
        foreach (TestMachine machine in machines)
        {
            Assert.Equal(RunStatus.Succeeded, machine.Exchange(_folder["share"]).Status);
        }
    }

    private static void Edit(TestMachine machine, params CurationEdit[] edits)
    {
        using ArchiveDatabase archive = ArchiveDatabase.Open(machine.Options, ArchiveMode.ReadWrite);
        using Lease lease = archive.AcquireLease("edit", machine.Options.LeaseTimeout, CancellationToken.None);
        IReadOnlyList<EditResult> results = new Recorder(archive, new LocalEventStore(new LocalStore(archive))).Apply(lease, edits);
        Assert.All(results, static result => Assert.True(result.Changed));
    }

    private static string? Name(TestMachine machine, string id) => machine.Read(db => LedgerRows.Session(db, id)?.DisplayName);
}
