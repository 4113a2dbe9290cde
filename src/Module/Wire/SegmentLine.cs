using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>Reads single segment records of any version.</summary>
internal static class SegmentLine
{
    /// <summary>Checks a line without building it; true when its version is above ours.</summary>
    public static bool IsFuture(WireFormat format, ReadOnlySpan<byte> line, out WireTally tally)
    {
        WireTally counts = default;
        try
        {
            WireDocument.Check(format.Message, line, ref counts);
        }
        catch (ArtifactSyncException) when (IsFutureShape(format, line))
        {
            tally = default;
            return true;
        }

        tally = counts;
        return IsFutureVersion(format, counts.Version);
    }

    /// <summary>Reads a line; null when its version is above ours.</summary>
    public static MessageRecord? Read(WireFormat format, ReadOnlySpan<byte> line)
    {
        var message = new MessageRecord();
        WireTally tally = default;
        try
        {
            WireDocument.Read(format.Message, line, message, ref tally);
        }
        catch (ArtifactSyncException) when (IsFutureShape(format, line))
        {
            return null;
        }

        return IsFutureVersion(format, tally.Version) ? null : message;
    }

    // A later version may give any member another type; only JSON and the version itself are certain.
    private static bool IsFutureShape(WireFormat format, ReadOnlySpan<byte> line)
    {
        WireTally tally = default;
        try
        {
            WireDocument.Check(WireFields.MessageHeader, line, ref tally);
            return tally.Version > format.SegmentVersion;
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
