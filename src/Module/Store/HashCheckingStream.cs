using System.Security.Cryptography;
using ArtifactSync.Wire;

namespace ArtifactSync.Store;

/// <summary>Passes bytes on and hashes them; reading the end of a stream with another hash throws.</summary>
internal sealed class HashCheckingStream(Stream inner, string sha256, Func<Exception> mismatch) : ReadOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _checked;

    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer);
        if (read > 0)
        {
            _hash.AppendData(buffer[..read]);
        }
        else if (!buffer.IsEmpty && !_checked)
        {
            _checked = true;
            if (Convert.ToHexStringLower(_hash.GetHashAndReset()) != sha256)
            {
                throw mismatch();
            }
        }
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            _hash.Dispose();
        }
        base.Dispose(disposing);
    }
}

/// <summary>Reads another stream without closing it.</summary>
internal sealed class UnownedStream(Stream inner) : ReadOnlyStream
{
    public override int Read(Span<byte> buffer) => inner.Read(buffer);
}
