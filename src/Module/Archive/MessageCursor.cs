using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>
/// Reads a session's messages with their calls and events: three cursors in the same order, merged. Only the index of
/// messages is read for the second and third.
/// </summary>
internal sealed class MessageCursor : IDisposable
{
    private readonly Statement _messages;
    private readonly Statement _calls;
    private readonly Statement _events;
    private bool _hasCall;
    private bool _hasEvent;

    public MessageCursor(Database db, long sid)
    {
        _messages = db.Prepare(
            """
            SELECT mid, ordinal, role, timestamp, model, has_thinking, has_tool_use, is_system, is_sidechain, is_compact_boundary,
              content_length, context_tokens, output_tokens, has_context_tokens, has_output_tokens, claude_message_id, claude_request_id,
              source_type, source_subtype, source_uuid, source_parent_uuid, token_usage, content, thinking_text
            FROM messages WHERE sid = ? ORDER BY ordinal
            """).Bind(1, sid);
        _calls = db.Prepare(
            """
            SELECT c.mid, c.cid, c.tool_name, c.category, c.tool_use_id, c.skill_name, c.subagent_session_id, c.file_path,
              c.result_content_length, c.input_json, c.result_content, c.call_index
            FROM messages m CROSS JOIN tool_calls c ON c.mid = m.mid WHERE m.sid = ? ORDER BY m.ordinal, c.call_index
            """).Bind(1, sid);
        _events = db.Prepare(
            """
            SELECT e.cid, e.source, e.status, e.tool_use_id, e.agent_id, e.subagent_session_id, e.timestamp, e.content_length, e.content,
              e.event_index
            FROM messages m CROSS JOIN tool_calls c ON c.mid = m.mid CROSS JOIN tool_result_events e ON e.cid = c.cid
            WHERE m.sid = ? ORDER BY m.ordinal, c.call_index, e.event_index
            """).Bind(1, sid);
        _hasCall = _calls.Step();
        _hasEvent = _hasCall && _events.Step();
    }

    public MessageRecord? Next()
    {
        if (!_messages.Step())
        {
            return null;
        }

        var s = _messages;
        var message = new MessageRecord
        {
            Ordinal = s.Int64(1),
            Role = s.Text(2),
            Timestamp = s.Text(3),
            Model = s.Text(4),
            HasThinking = s.Bool(5),
            HasToolUse = s.Bool(6),
            IsSystem = s.Bool(7),
            IsSidechain = s.Bool(8),
            IsCompactBoundary = s.Bool(9),
            ContentLength = s.Int64(10),
            ContextTokens = s.Int64(11),
            OutputTokens = s.Int64(12),
            HasContextTokens = s.Bool(13),
            HasOutputTokens = s.Bool(14),
            ClaudeMessageId = s.Text(15),
            ClaudeRequestId = s.Text(16),
            SourceType = s.Text(17),
            SourceSubtype = s.Text(18),
            SourceUuid = s.Text(19),
            SourceParentUuid = s.Text(20),
            TokenUsage = s.Text(21),
            Content = s.Text(22),
            ThinkingText = s.Text(23),
        };
        var mid = s.Int64(0);
        while (_hasCall && _calls.Int64(0) == mid)
        {
            message.ToolCalls.Add(ReadCall());
            _hasCall = _calls.Step();
        }

        return message;
    }

    public void Dispose()
    {
        _messages.Dispose();
        _calls.Dispose();
        _events.Dispose();
    }

    private ToolCallRecord ReadCall()
    {
        var s = _calls;
        var call = new ToolCallRecord
        {
            ToolName = s.Text(2),
            Category = s.Text(3),
            ToolUseId = s.Text(4),
            SkillName = s.Text(5),
            SubagentSessionId = s.Text(6),
            FilePath = s.Text(7),
            ResultContentLength = s.Int64(8),
            InputJson = s.Text(9),
            ResultContent = s.Text(10),
            CallIndex = s.Int64(11),
        };
        var cid = s.Int64(1);
        while (_hasEvent && _events.Int64(0) == cid)
        {
            call.ResultEvents.Add(ReadEvent());
            _hasEvent = _events.Step();
        }

        return call;
    }

    private ToolResultEventRecord ReadEvent()
    {
        var s = _events;
        return new ToolResultEventRecord
        {
            Source = s.Text(1),
            Status = s.Text(2),
            ToolUseId = s.Text(3),
            AgentId = s.Text(4),
            SubagentSessionId = s.Text(5),
            Timestamp = s.Text(6),
            ContentLength = s.Int64(7),
            Content = s.Text(8),
            EventIndex = s.Int64(9),
        };
    }
}
