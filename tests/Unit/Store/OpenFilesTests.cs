using ArtifactSync.Store;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Store;

/// <summary>A file of the store that was read is closed at once, not when memory is collected: an import reads very many.</summary>
public sealed class OpenFilesTests : IDisposable
{
    private readonly TestArchive _archive = new();

    public void Dispose() => _archive.Dispose();

    [LinuxFact] // open files can be listed there alone
    public void OpenVerified_OfACompressedArtifact_Disposed_LeavesNoFileOpen() => AssertClosed(SomeWire.EmptySegment());

    [LinuxFact]
    public void OpenVerified_OfARawArtifact_Disposed_LeavesNoFileOpen() => AssertClosed(SomeWire.Raw("a"));

    private void AssertClosed(SomeWire artifact)
    {
        var store = new LocalStore(_archive.Database);
        using (var batch = store.BeginBatch())
        {
            using var wire = artifact.Open();
            batch.Receive(artifact.Artifact, wire, default);
            using var lease = _archive.Lease();
            batch.Commit(lease, default);
        }

        using (var decoded = ArtifactReader.OpenVerified(store, store.Find(artifact.Artifact)!))
        {
            decoded.CopyTo(Stream.Null);
            Assert.Single(OpenFiles());
        }

        Assert.Empty(OpenFiles());
    }

    private string[] OpenFiles() =>
    [
        .. Directory.GetFiles("/proc/self/fd").Select(static descriptor => new FileInfo(descriptor).LinkTarget ?? "")
            .Where(target => target.StartsWith(_archive.Database.ArtifactsFolder, StringComparison.Ordinal)),
    ];
}
