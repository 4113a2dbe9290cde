using ArtifactSync.Wire;

namespace ArtifactSync.Store;

/// <summary>Reads from one stream and writes what was read to another. Owns neither.</summary>
internal sealed class CopyingStream(Stream source, Stream copy) : ReadOnlyStream
{
    public override int Read(Span<byte> buffer)
    {
        var read = source.Read(buffer);
        copy.Write(buffer[..read]);
        return read;
    }
}
