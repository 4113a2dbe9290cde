using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>
/// Decides where one session's messages are cut into segments and enforces what a session may hold when it is published
/// (spec 5.2). Every fault is a <see cref="ErrorCode.DocumentLimitExceeded"/>.
/// </summary>
internal sealed class SegmentSplitter(SessionLimits? limits = null)
{
    private readonly SessionLimits _limits = limits ?? SessionLimits.Default;
    private readonly HashSet<string> _hashes = new(StringComparer.Ordinal);
    private Load _segment;
    private Load _session;
    private int _segments = 1;

    /// <summary>Counts a message; true when the current segment must be closed and a new one begun before it is written.</summary>
    /// <param name="message">The message.</param>
    /// <param name="lineBytes">Its canonical bytes, LF included.</param>
    public bool Add(MessageRecord message, long lineBytes)
    {
        WireLimit.Require(lineBytes <= _limits.RecordBytes, "bytes in a message", _limits.RecordBytes);
        WireLimit.Require(message.ToolCalls.Count <= _limits.MessageToolCalls, "tool calls in a message", _limits.MessageToolCalls);
        long events = 0;
        foreach (ToolCallRecord call in message.ToolCalls)
        {
            WireLimit.Require(
                call.ResultEvents.Count <= _limits.CallResultEvents, "result events in a tool call", _limits.CallResultEvents);
            events += call.ResultEvents.Count;
        }

        var record = new Load(lineBytes, 1, message.ToolCalls.Count, events);
        WireLimit.Require(
            record.ToolCalls <= _limits.SegmentToolCalls && record.ResultEvents <= _limits.SegmentResultEvents,
            "tool calls or result events of one message in a segment", _limits.SegmentToolCalls);
        return Place(record);
    }

    /// <summary>Notes the hash of a closed segment: a session with two equal ones cannot be published.</summary>
    public void Close(string sha256) =>
        WireLimit.Require(_hashes.Add(sha256), $"segment with the content {sha256} in a session", 1);

    private bool Place(Load record)
    {
        _session += record;
        WireLimit.Require(_session.Bytes <= _limits.SessionBytes, "bytes in a session", _limits.SessionBytes);
        WireLimit.Require(_session.Messages <= _limits.SessionMessages, "messages in a session", _limits.SessionMessages);
        WireLimit.Require(_session.ToolCalls <= _limits.SessionToolCalls, "tool calls in a session", _limits.SessionToolCalls);
        WireLimit.Require(
            _session.ResultEvents <= _limits.SessionResultEvents, "result events in a session", _limits.SessionResultEvents);

        Load filled = _segment + record;
        bool cut = _segment.Messages > 0 && (filled.Bytes > _limits.SegmentTargetBytes || filled.Messages > _limits.SegmentMessages
            || filled.ToolCalls > _limits.SegmentToolCalls || filled.ResultEvents > _limits.SegmentResultEvents);
        _segment = cut ? record : filled;
        if (cut)
        {
            WireLimit.Require(++_segments <= _limits.Segments, "segments in a session", _limits.Segments);
        }

        return cut;
    }

    private readonly record struct Load(long Bytes, long Messages, long ToolCalls, long ResultEvents)
    {
        public static Load operator +(Load a, Load b) =>
            new(a.Bytes + b.Bytes, a.Messages + b.Messages, a.ToolCalls + b.ToolCalls, a.ResultEvents + b.ResultEvents);
    }
}
