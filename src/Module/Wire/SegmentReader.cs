using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>Reads segments that were proven importable before.</summary>
internal static class SegmentReader
{
    /// <summary>Streams the messages without checking form and totals again.</summary>
    /// <exception cref="ArtifactSyncException">
    /// While reading: <see cref="ErrorCode.DocumentInvalid"/>, <see cref="ErrorCode.FutureVersion"/>.
    /// </exception>
    public static IEnumerable<MessageRecord> Read(ArtifactRef artifact, Stream decoded)
    {
        using var lines = new LineReader(decoded);
        while (lines.Next())
        {
            yield return SegmentLine.Read(WireFormat.Portable, lines.Line) ?? throw new ArtifactSyncException(
                ErrorCode.FutureVersion, $"{artifact} was written by a later version. It is kept for one.", artifact);
        }
    }
}
