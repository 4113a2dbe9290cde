using ArtifactSync.Archive;
using ArtifactSync.Ingest;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Sync;

public sealed class IngestRaceTests : IDisposable
{
    private readonly TempFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Import_OfAPlanThatAnotherProcessOvertook_TakesNothingBack()
    {
        var share = Path.Combine(_root.Path, "share");
        var owner = new TestMachine(Path.Combine(_root.Path, "owner"), "owner-0a1b2c");
        var reader = new TestMachine(Path.Combine(_root.Path, "reader"), "reader-3d4e5f");
        owner.Write("s1", "old");
        owner.Exchange(share);
        // The reader knows the first checkpoint, but has not imported it: that is the plan of the slow process.
        reader.Write("own", "x");
        Assert.Equal(RunStatus.Succeeded, reader.Exchange(share).Status);
        reader.Transact(db =>
        {
            db.Execute("DELETE FROM sessions WHERE own = 0");
            db.Execute("DELETE FROM watermarks");
            db.Execute("DELETE FROM landings");
            db.Execute("UPDATE origin_state SET imported_sequence = 0, content_pending = 1");
        });
        using var archive = ArchiveDatabase.Open(reader.Options, ArchiveMode.ReadWrite);
        using var run = RunRecorder.Begin(archive, id => new RunStart(id, RunKind.Exchange), NullObserver.Instance, CancellationToken.None);
        var context = new ExchangeContext(archive, run, NullObserver.Instance, full: false) { OwnOrigin = reader.Origin };
        var plan = new CheckpointSelector(context, new ClosureCheck(context)).Select(owner.Origin, CancellationToken.None);
        Assert.NotNull(plan);

        owner.Write("s1", "new");
        owner.Exchange(share);
        Assert.Equal(1, reader.Exchange(share).Counters.ImportedSessions);
        new SessionImporter(context).Import(plan, CancellationToken.None);
        run.Finish();

        Assert.Equal("0:new", reader.Content()["owner-0a1b2c~s1"]);
    }
}
