using ArtifactSync.Wire;

namespace ArtifactSync.Store;

/// <summary>One artifact that is being written. Disposed without <see cref="Complete"/> it leaves nothing.</summary>
internal sealed class StoreWrite : IDisposable
{
    private readonly StoreBatch _batch;
    private readonly StagedFile _file;

    internal StoreWrite(StoreBatch batch, string origin, ArtifactKind kind, StagedFile file)
    {
        (_batch, Origin, Kind, _file) = (batch, origin, kind, file);
        Stream = file.AsStream();
    }

    public string Origin { get; }
    public ArtifactKind Kind { get; }

    /// <summary>Takes the wire bytes. Unbuffered; disposing it changes nothing.</summary>
    public Stream Stream { get; }

    /// <summary>All bytes are written, and this is what they are.</summary>
    public void Complete(ArtifactRef artifact, ArtifactInfo info)
    {
        if (artifact.Origin != Origin || artifact.Kind != Kind || info.Identity.WireSize != _file.Length)
        {
            throw new ArgumentException($"'{artifact}' with {info.Identity.WireSize} bytes is not what was begun and written.", nameof(artifact));
        }

        _batch.Add(_file, artifact, info);
    }

    public void Dispose()
    {
        Stream.Dispose();
        _file.Dispose();
    }
}

/// <summary>What becomes of one artifact of a batch.</summary>
internal sealed class StoreItem(ArtifactRef artifact, ArtifactInfo info, StagedFile file)
{
    public StagedFile File => file;
    public ArtifactRef Artifact => artifact;
    public ArtifactInfo Info => info;
    /// <summary>Of the file that is in the store in the end, whose compression may differ.</summary>
    public ArtifactIdentity Identity { get; set; } = info.Identity;
    public StoreResult Result { get; set; }
    public Errors.ArtifactSyncException? Error { get; set; }
    public KeptFile? Damaged { get; set; }

    /// <summary>Of the file as it lies in the store; null when it is gone.</summary>
    public long? ModifiedNs(LocalStore store) => FileStat.Of(store.PathOf(artifact))?.Modified;
}
