using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Conformance;

/// <summary>What holds of the local store wherever a batch breaks off: the catalog never names what is not there in full.</summary>
public sealed class StoreCrashContract
{
    private static readonly SomeWire[] Script =
    [
        SomeWire.EmptySegment(), SomeWire.Raw("1"), SomeWire.Raw("2"), SomeWire.Checkpoint(1), SomeWire.EmptySegment("other-000001"),
    ];

    private static readonly string[] Steps = ["store:staged", "store:synced", "store:named", "store:published"];

    public static TheoryData<string> StepNames => new(Steps);

    [Theory]
    [InlineData(true), InlineData(false)]
    public void AnyStep_Fails_CatalogHoldsAndTheNextRunCompletes(bool volume)
    {
        var counting = new FaultyIO { Volume = volume };
        using (var archive = new TestArchive())
        {
            Run(new LocalStore(archive.Database, io: counting), archive);
        }

        Assert.True(counting.Calls > 20, $"only {counting.Calls} steps");
        for (var failing = 0; failing < counting.Calls; failing++)
        {
            using var archive = new TestArchive();
            var io = new FaultyIO { Volume = volume, Before = (_, _, index) => Fail(index == failing) };
            var error = Assert.Throws<ArtifactSyncException>(() => Run(new LocalStore(archive.Database, io: io), archive));
            Assert.Equal(ErrorCode.DiskFull, error.Code);
            Verify(archive, complete: false);
            Run(new LocalStore(archive.Database), archive);
            Verify(archive, complete: true);
        }
    }

    [Theory, MemberData(nameof(StepNames))]
    [Trait("Category", "Crash")]
    public void Publish_ProcessGone_CatalogHoldsAndTheNextRunCompletes(string step)
    {
        using var archive = new TestArchive(checkpoint: name => Vanish(name == step));
        // As after a kill: nothing of the batch is disposed, so nothing is cleaned up.
        var batch = Fill(new LocalStore(archive.Database));
        Assert.Throws<TimeoutException>(() => batch.Publish(default));
        Verify(archive, complete: false);
        using (var next = archive.OpenAgain())
        {
            Run(new LocalStore(next), next);
        }

        Verify(archive, complete: true);
        batch.Dispose();
        Verify(archive, complete: true);
    }

    private static void Fail(bool now)
    {
        if (now)
        {
            throw FaultyIO.DiskFull();
        }
    }

    private static void Vanish(bool now)
    {
        if (now)
        {
            throw new TimeoutException("no exception of ours, so nobody handles it");
        }
    }

    private static StoreBatch Fill(LocalStore store)
    {
        var batch = store.BeginBatch();
        try
        {
            foreach (var artifact in Script)
            {
                using var wire = artifact.Open();
                batch.Receive(artifact.Artifact, wire, default);
            }

            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    private static void Run(LocalStore store, TestArchive archive) => Run(store, archive.Database);

    private static void Run(LocalStore store, ArchiveDatabase archive)
    {
        using var batch = Fill(store);
        using var lease = archive.AcquireLease("test", TimeSpan.FromSeconds(10), default);
        batch.Commit(lease, default);
    }

    private static void Verify(TestArchive archive, bool complete)
    {
        var store = new LocalStore(archive.Database);
        var known = store.ListOrigins().ToList()
            .SelectMany(origin => Enum.GetValues<ArtifactKind>().SelectMany(kind => store.List(origin, kind).ToList())).ToList();
        Assert.Equal(complete ? Script.Length : 0, known.Count);
        foreach (var entry in known)
        {
            using var wire = store.OpenWire(entry);
            Assert.Equal(entry.Sha256, ReceptionCheck.Verify(entry.Artifact, wire, default).Identity.Sha256);
        }

        // A name that is no temporary always has its complete content, catalogued or not.
        foreach (var file in archive.Files("artifacts").Where(file => !file.Contains("/.tmp-", StringComparison.Ordinal)))
        {
            var artifact = Assert.Single(Script, artifact => artifact.Artifact.Path == file);
            Assert.Equal(artifact.Wire, File.ReadAllBytes(store.PathOf(artifact.Artifact)));
        }
    }
}
