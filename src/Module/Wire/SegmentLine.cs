using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>Reads single segment records of any version.</summary>
internal static class SegmentLine
{
    /// <summary>Reads a line; null when its version is above ours.</summary>
    public static MessageRecord? Read(WireFormat format, ReadOnlySpan<byte> line)
    {
        var message = new MessageRecord();
        long version;
        try
        {
            version = WireDocument.Read(format.Message, line, message);
        }
        catch (ArtifactSyncException) when (IsFutureShape(format, line))
        {
            return null;
        }

        return IsFutureVersion(format, version) ? null : message;
    }

    // A later version may give any member another type; only JSON and the version itself are certain.
    private static bool IsFutureShape(WireFormat format, ReadOnlySpan<byte> line)
    {
        try
        {
            return WireDocument.Read(WireFields.MessageHeader, line, new MessageRecord()) > format.SegmentVersion;
        }
        catch (ArtifactSyncException)
        {
            return false;
        }
    }

    private static bool IsFutureVersion(WireFormat format, long version) => version >= format.SegmentVersion
        ? version > format.SegmentVersion
        : throw new ArtifactSyncException(ErrorCode.DocumentInvalid, $"A segment record has version {version}.");
}
