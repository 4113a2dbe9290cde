using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>From wire bytes to decoded bytes.</summary>
internal static class ArtifactCodec
{
    /// <summary>The decoded bytes of an artifact, within the limits of spec 12.</summary>
    /// <param name="kind">Decides codec and limits.</param>
    /// <param name="wire">The artifact as it lies in a store; read to its end.</param>
    /// <param name="leaveOpen">False: it is closed with the result.</param>
    /// <exception cref="ArtifactSyncException">
    /// While reading: <see cref="ErrorCode.ArtifactTooLarge"/>, <see cref="ErrorCode.ArtifactCorrupt"/>.
    /// </exception>
    public static DecodedStream OpenDecoded(ArtifactKind kind, Stream wire, bool leaveOpen = true) => new(kind, wire, leaveOpen);
}

/// <summary>Decoded bytes, counted on both sides of the codec.</summary>
internal sealed class DecodedStream : ReadOnlyStream
{
    private readonly BoundedStream _wire;
    private readonly BoundedStream _decoded;

    internal DecodedStream(ArtifactKind kind, Stream wire, bool leaveOpen)
    {
        _wire = new BoundedStream(wire, Limits.Encoded(kind), leaveOpen);
        _decoded = ArtifactName.IsCompressed(kind)
            ? new BoundedStream(ZstdCodec.Default.Decompress(_wire, leaveOpen: true), Limits.Decoded(kind), leaveOpen: false)
            : new BoundedStream(_wire, Limits.Decoded(kind), leaveOpen: true);
    }

    /// <summary>Wire bytes taken so far; all of them once reading returned 0.</summary>
    public long WireBytes => _wire.Count;

    /// <summary>Decoded bytes handed out so far.</summary>
    public long DecodedBytes => _decoded.Count;

    public override int Read(Span<byte> buffer) => _decoded.Read(buffer);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _decoded.Dispose();
            _wire.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Counts what passes and refuses the first byte above a limit.</summary>
internal sealed class BoundedStream(Stream inner, long limit, bool leaveOpen) : ReadOnlyStream
{
    public long Count { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        int read = inner.Read(buffer);
        Count += read;
        return Count <= limit
            ? read
            : throw new ArtifactSyncException(
                ErrorCode.ArtifactTooLarge, $"The artifact is larger than its kind may be ({limit} bytes). It is left out.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !leaveOpen)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
