using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>
/// Inserts messages with what belongs to them. Calls and events are numbered by their position (spec 4.8, 4.9). Their text
/// enters the index when the transaction commits (<see cref="TextIndex"/>).
/// </summary>
internal sealed class MessageWriter(Database db, long sid) : IDisposable
{
    private readonly Statement _message = db.Prepare(
        """
        INSERT INTO messages(sid, ordinal, role, timestamp, model, has_thinking, has_tool_use, is_system, is_sidechain,
          is_compact_boundary, content_length, context_tokens, output_tokens, has_context_tokens, has_output_tokens, claude_message_id,
          claude_request_id, source_type, source_subtype, source_uuid, source_parent_uuid, token_usage, content, thinking_text)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """).Bind(1, sid);

    private readonly Statement _call = db.Prepare(
        """
        INSERT INTO tool_calls(mid, call_index, tool_name, category, tool_use_id, skill_name, subagent_session_id, file_path,
          result_content_length, input_json, result_content)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly Statement _event = db.Prepare(
        """
        INSERT INTO tool_result_events(cid, event_index, source, status, tool_use_id, agent_id, subagent_session_id, timestamp,
          content_length, content)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);

    public void Write(MessageRecord m)
    {
        _message.Bind(2, m.Ordinal).Bind(3, m.Role).Bind(4, m.Timestamp).Bind(5, m.Model).Bind(6, m.HasThinking)
            .Bind(7, m.HasToolUse).Bind(8, m.IsSystem).Bind(9, m.IsSidechain).Bind(10, m.IsCompactBoundary).Bind(11, m.ContentLength)
            .Bind(12, m.ContextTokens).Bind(13, m.OutputTokens).Bind(14, m.HasContextTokens).Bind(15, m.HasOutputTokens)
            .Bind(16, m.ClaudeMessageId).Bind(17, m.ClaudeRequestId).Bind(18, m.SourceType).Bind(19, m.SourceSubtype)
            .Bind(20, m.SourceUuid).Bind(21, m.SourceParentUuid).Bind(22, m.TokenUsage).Bind(23, m.Content).Bind(24, m.ThinkingText);
        try
        {
            _message.Run();
        }
        catch (ArtifactSyncException e) when (SqliteErrors.IsConstraint(e))
        {
            throw new ArtifactSyncException(
                ErrorCode.DocumentInvalid,
                $"The session has more than one message with ordinal {m.Ordinal}; it is left out.",
                m.Ordinal,
                e);
        }

        db.HasNewText = true;
        if (m.ToolCalls.Count > 0)
        {
            WriteCalls(db.LastInsertRowId, m.ToolCalls);
        }
    }

    public void Dispose()
    {
        _message.Dispose();
        _call.Dispose();
        _event.Dispose();
    }

    private void WriteCalls(long mid, List<ToolCallRecord> calls)
    {
        for (var i = 0; i < calls.Count; i++)
        {
            var c = calls[i];
            _call.Bind(1, mid).Bind(2, i).Bind(3, c.ToolName).Bind(4, c.Category).Bind(5, c.ToolUseId).Bind(6, c.SkillName)
                .Bind(7, c.SubagentSessionId).Bind(8, c.FilePath).Bind(9, c.ResultContentLength).Bind(10, c.InputJson)
                .Bind(11, c.ResultContent).Run();
            if (c.ResultEvents.Count > 0)
            {
                WriteEvents(db.LastInsertRowId, c.ResultEvents);
            }
        }
    }

    private void WriteEvents(long cid, List<ToolResultEventRecord> events)
    {
        for (var i = 0; i < events.Count; i++)
        {
            var e = events[i];
            _event.Bind(1, cid).Bind(2, i).Bind(3, e.Source).Bind(4, e.Status).Bind(5, e.ToolUseId).Bind(6, e.AgentId)
                .Bind(7, e.SubagentSessionId).Bind(8, e.Timestamp).Bind(9, e.ContentLength).Bind(10, e.Content).Run();
        }
    }
}
