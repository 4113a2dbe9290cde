using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>Segment records (spec 4.7 to 4.9).</summary>
internal static class MessageDocument
{
    /// <summary>Appends one canonical line of a segment, LF included.</summary>
    public static void Write(CanonicalWriter writer, MessageRecord message) =>
        WireDocument.Write(writer, WireFormat.Portable.Message, message);

    /// <summary>Reads one line; its version is not looked at (see <see cref="SegmentLine"/>).</summary>
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.DocumentInvalid"/>, <see cref="ErrorCode.DocumentLimitExceeded"/>.
    /// </exception>
    public static MessageRecord Read(ReadOnlySpan<byte> line) => WireDocument.Read(WireFormat.Portable.Message, line);
}
