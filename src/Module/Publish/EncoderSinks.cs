using System.Security.Cryptography;
using ArtifactSync.Wire;

namespace ArtifactSync.Publish;

/// <summary>Lets a <see cref="CanonicalWriter"/> write into an artifact while it is encoded.</summary>
internal sealed class EncoderStream(ArtifactEncoder encoder) : WriteOnlyStream
{
    public override void Write(ReadOnlySpan<byte> buffer) => encoder.Write(buffer);

    public override void Flush()
    {
    }
}

/// <summary>Hashes what is written and keeps nothing.</summary>
internal sealed class HashSink : WriteOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public override void Write(ReadOnlySpan<byte> buffer) => _hash.AppendData(buffer);

    public override void Flush()
    {
    }

    /// <summary>Lower-case hex SHA-256.</summary>
    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }
        base.Dispose(disposing);
    }
}
