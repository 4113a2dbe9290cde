using ArtifactSync.Wire;

namespace ArtifactSync.Store;

/// <summary>View of a <see cref="StagedFile"/> for encoders and hashers.</summary>
internal sealed class StagedFileStream(StagedFile file) : WriteOnlyStream
{
    public override void Write(ReadOnlySpan<byte> buffer) => file.Append(buffer);

    public override void Flush()
    {
        // Unbuffered; durability comes with the batch.
    }
}
