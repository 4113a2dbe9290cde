using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>
/// What the segments of one session add up to, so that limits and repetitions across them show (spec 5.3, 7.3). Begin every
/// segment with <see cref="BeginSegment"/>.
/// </summary>
/// <param name="manifest">The artifact to blame when the session as a whole exceeds a limit.</param>
/// <param name="limits">Default: those of the protocol.</param>
internal sealed class SessionTotals(ArtifactRef manifest, SessionLimits? limits = null)
{
    private readonly Dictionary<long, int> _segmentByOrdinal = [];
    private int _segment;

    public ArtifactRef Manifest { get; } = manifest;

    public SessionLimits Limits { get; } = limits ?? SessionLimits.Default;

    public long Bytes { get; private set; }
    public long Messages { get; private set; }
    public long ToolCalls { get; private set; }
    public long ResultEvents { get; private set; }

    public void BeginSegment() => _segment++;

    /// <summary>Counts a message; the fault, if there is one, names the artifact to quarantine.</summary>
    public ArtifactSyncException? Add(ArtifactRef segment, MessageRecord message, long lineBytes)
    {
        Messages++;
        Bytes += lineBytes;
        ToolCalls += message.ToolCalls.Count;
        foreach (ToolCallRecord call in message.ToolCalls)
        {
            ResultEvents += call.ResultEvents.Count;
        }

        return Exceeded("bytes", Bytes, Limits.SessionBytes)
            ?? Exceeded("messages", Messages, Limits.SessionMessages)
            ?? Exceeded("tool calls", ToolCalls, Limits.SessionToolCalls)
            ?? Exceeded("result events", ResultEvents, Limits.SessionResultEvents)
            ?? Repeated(segment, message.Ordinal);
    }

    private ArtifactSyncException? Exceeded(string what, long count, long limit) => count <= limit
        ? null
        : new ArtifactSyncException(
            ErrorCode.DocumentLimitExceeded, $"The session of {Manifest} holds more than {limit} {what}. It is left out.", Manifest);

    // Original programs let a repeated ordinal through and then fail in the database on every run (spec 5.3).
    private ArtifactSyncException? Repeated(ArtifactRef segment, long ordinal)
    {
        if (_segmentByOrdinal.TryAdd(ordinal, _segment))
        {
            return null;
        }

        ArtifactRef blamed = _segmentByOrdinal[ordinal] == _segment ? segment : Manifest;
        return new ArtifactSyncException(
            ErrorCode.DocumentInvalid, $"{blamed} repeats the message ordinal {ordinal}. It is left out.", blamed);
    }
}
