using System.Buffers.Binary;

namespace ArtifactSync.Transcripts;

/// <summary>
/// A 64-bit chain over lines that can be stopped and taken up again, which the hashes of the framework can't. It tells
/// "the same file, touched" from "another content" and chooses between block spellings; it guards against accidents, not attackers.
/// </summary>
internal static class ContentHash
{
    private const ulong K0 = 0x9E3779B97F4A7C15;
    private const ulong K1 = 0xD6E8FEB86659FD93;

    public static ulong Chain(ulong state, ReadOnlySpan<byte> bytes)
    {
        ulong hash = Mix(state ^ K0, (ulong)bytes.Length ^ K1);
        while (bytes.Length >= 16)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes), K1 ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
            bytes = bytes[16..];
        }

        Span<byte> last = stackalloc byte[16];
        last.Clear();
        bytes.CopyTo(last);
        return Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(last), K1 ^ BinaryPrimitives.ReadUInt64LittleEndian(last[8..]));
    }

    private static ulong Mix(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        // A factor of zero would forget the other one.
        return high ^ low ^ a ^ ulong.RotateLeft(b, 32);
    }
}
