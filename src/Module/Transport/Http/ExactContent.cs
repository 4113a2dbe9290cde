using System.Buffers;
using System.Net;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport.Http;

/// <summary>
/// A body of exactly the size that was told. One that is shorter or longer is noticed before its last byte is sent, so the
/// peer never takes it for complete.
/// </summary>
internal sealed class ExactContent(ArtifactRef artifact, Stream wire, long wireSize, Action progress) : HttpContent
{
    private const int BufferBytes = 256 * 1024;

    /// <summary>Why it was not sent, when that was our side's fault.</summary>
    public ArtifactSyncException? Fault { get; private set; }

    /// <summary>Null = as far as can be told before reading, the stream has the size that was told.</summary>
    public static ArtifactSyncException? Check(ArtifactRef artifact, Stream wire, long wireSize) =>
        wire.CanSeek && wire.Length - wire.Position != wireSize ? Incomplete(artifact, wire.Length - wire.Position, wireSize) : null;

    protected override bool TryComputeLength(out long length)
    {
        length = wireSize;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(BufferBytes, wireSize + 1));
        try
        {
            for (long sent = 0; ;)
            {
                var read = wire.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false); // local: may block
                if (sent + read > wireSize || (read < buffer.Length && sent + read < wireSize))
                {
                    throw Fault = Incomplete(artifact, sent + read, wireSize);
                }
                // A full buffer that ends the body could be followed by more: the last byte waits until that is known.
                if (sent + read == wireSize && read == buffer.Length && wire.ReadByte() >= 0)
                {
                    throw Fault = Incomplete(artifact, wireSize + 1, wireSize);
                }
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                progress();
                if ((sent += read) == wireSize)
                {
                    return;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static ArtifactSyncException Incomplete(ArtifactRef artifact, long size, long told) => new(
        ErrorCode.TransferIncomplete, $"'{artifact}' gave {size} bytes instead of {told}; nothing was stored. Run again.", artifact.Path);
}
