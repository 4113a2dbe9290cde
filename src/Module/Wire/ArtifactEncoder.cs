using System.Security.Cryptography;
using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>
/// One pass from canonical bytes to an artifact: counts and hashes what is written and compresses it to the destination,
/// where the kind is compressed. Disposing without <see cref="Finish"/> gives up: the destination is incomplete.
/// </summary>
internal sealed class ArtifactEncoder : IDisposable
{
    private readonly ArtifactKind _kind;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly CountingSink _sink;
    private readonly Stream _target;
    private bool _closed;

    /// <param name="kind">Decides codec and limit.</param>
    /// <param name="destination">Receives the wire bytes; left open.</param>
    public ArtifactEncoder(ArtifactKind kind, Stream destination)
    {
        _kind = kind;
        _sink = new CountingSink(destination);
        _target = ArtifactName.IsCompressed(kind) ? ZstdCodec.Default.Compress(_sink, leaveOpen: true) : _sink;
    }

    /// <summary>Decoded bytes so far.</summary>
    public long Size { get; private set; }

    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.DocumentLimitExceeded"/> above what the kind may hold.</exception>
    public void Write(ReadOnlySpan<byte> decoded)
    {
        Size += decoded.Length;
        WireLimit.Require(
            Size <= Limits.Decoded(_kind), $"bytes in an artifact of kind {ArtifactName.KindDirectory(_kind)}", Limits.Decoded(_kind));
        _hash.AppendData(decoded);
        _target.Write(decoded);
    }

    /// <summary>Completes the artifact. The destination is neither flushed nor closed.</summary>
    public ArtifactIdentity Finish()
    {
        Close();
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(hash);
        return new ArtifactIdentity(Convert.ToHexStringLower(hash), Size, _sink.Count);
    }

    public void Dispose()
    {
        _sink.Abandon();
        Close();
        _hash.Dispose();
    }

    private void Close()
    {
        if (!_closed)
        {
            _closed = true;
            _target.Dispose();
        }
    }

    // After a failure, closing the codec must not touch the destination again.
    private sealed class CountingSink(Stream destination) : WriteOnlyStream
    {
        private bool _abandoned;

        public long Count { get; private set; }

        public void Abandon() => _abandoned = true;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (!_abandoned)
            {
                destination.Write(buffer);
                Count += buffer.Length;
            }
        }

        public override void Flush()
        {
            // The owner of the destination decides when it is durable.
        }
    }
}
