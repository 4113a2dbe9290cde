using System.Security.Cryptography;

namespace ArtifactSync.Transcripts;

/// <summary>
/// Whether a longer file still begins with the bytes that were read: SHA-256 over a window at its start and one before
/// the point that was reached. Agents only ever append; what rewrites a file changes one of them.
/// </summary>
internal static class PrefixProof
{
    private const int Window = 1 << 16;

    public static string Compute(Stream stream, long consumed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[(int)Math.Min(Window, consumed)];
        Append(stream, 0, buffer, hash);
        Append(stream, Math.Max(0, consumed - Window), buffer, hash);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(Stream stream, long position, byte[] buffer, IncrementalHash hash)
    {
        stream.Position = position;
        int read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        hash.AppendData(buffer, 0, read);
    }
}
