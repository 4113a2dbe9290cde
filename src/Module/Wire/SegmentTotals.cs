using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>Counts the records of one segment against spec 5.3.</summary>
internal sealed class SegmentTotals(SessionLimits limits)
{
    private long _messages;
    private long _toolCalls;
    private long _resultEvents;

    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.DocumentLimitExceeded"/>.</exception>
    public void Add(long toolCalls, long resultEvents)
    {
        WireLimit.Require(++_messages <= limits.SegmentMessages, "messages in a segment", limits.SegmentMessages);
        WireLimit.Require((_toolCalls += toolCalls) <= limits.SegmentToolCalls, "tool calls in a segment", limits.SegmentToolCalls);
        WireLimit.Require(
            (_resultEvents += resultEvents) <= limits.SegmentResultEvents, "result events in a segment", limits.SegmentResultEvents);
    }
}
