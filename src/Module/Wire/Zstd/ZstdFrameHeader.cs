using System.Buffers.Binary;
using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>The start of a frame (RFC 8878, 3.1), checked against what the protocol allows (spec 5.5) before any decoding.</summary>
internal static class ZstdFrameHeader
{
    /// <summary>No header is longer.</summary>
    public const int MaxLength = 18;

    private const int SkippableHeaderLength = 8;

    private const uint Magic = 0xFD2FB528;
    private const uint SkippableMagic = 0x184D2A50;
    private const byte MaxWindowDescriptor = 0x68;

    /// <summary>True for a skippable frame, which has a length; else the header of a frame was checked, and has one.</summary>
    /// <param name="start">The first bytes of a frame; all of the source when it is shorter than <see cref="MaxLength"/>.</param>
    /// <param name="skip">Length of the content of a skippable frame.</param>
    /// <param name="headerLength">Bytes before that content, or before the first block.</param>
    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.ArtifactCorrupt"/> for anything refused.</exception>
    public static bool IsSkippable(ReadOnlySpan<byte> start, out long skip, out int headerLength)
    {
        skip = 0;
        headerLength = SkippableHeaderLength;
        uint magic = start.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(start) : 0;
        if ((magic & 0xFFFFFFF0) == SkippableMagic && start.Length >= SkippableHeaderLength)
        {
            skip = BinaryPrimitives.ReadUInt32LittleEndian(start[4..]);
            return true;
        }

        Require(magic == Magic && start.Length >= 5, "what follows is not a zstd frame");
        headerLength = 5 + CheckFrame(start[4], start[5..]);
        return false;
    }

    public static ArtifactSyncException Corrupt(string what) =>
        new(ErrorCode.ArtifactCorrupt, $"The compressed content is damaged or not allowed: {what}. Fetch it again from another copy.");

    private static int CheckFrame(byte descriptor, ReadOnlySpan<byte> rest)
    {
        bool single = (descriptor & 0x20) != 0;
        int dictionaryBytes = (descriptor & 3) switch { 3 => 4, var n => n };
        int sizeBytes = (descriptor >> 6) switch { 0 => single ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        int length = (single ? 0 : 1) + dictionaryBytes + sizeBytes;
        Require(rest.Length >= length, "it ends inside a frame header");
        if (!single)
        {
            Require(rest[0] <= MaxWindowDescriptor, "its window is larger than 8 MiB");
            rest = rest[1..];
        }

        Require(rest[..dictionaryBytes].IndexOfAnyExcept((byte)0) < 0, "it needs a dictionary");
        if (single)
        {
            Require(ContentSize(rest.Slice(dictionaryBytes, sizeBytes)) <= Limits.ZstdWindowBytes, "its only segment is larger than 8 MiB");
        }

        return length;
    }

    private static ulong ContentSize(ReadOnlySpan<byte> field) => field.Length switch
    {
        1 => field[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(field) + 256UL,
        4 => BinaryPrimitives.ReadUInt32LittleEndian(field),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(field),
    };

    private static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw Corrupt(what);
        }
    }
}
