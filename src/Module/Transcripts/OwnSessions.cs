using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Transcripts;

/// <summary>What the archive says about the session that an import is about to write.</summary>
/// <param name="IsOwn">False: another machine's session bears this id.</param>
/// <param name="FilePath">The transcript that it was read from.</param>
internal sealed record StoredSession(long Sid, bool IsOwn, string? FilePath, long? FileSize);

/// <summary>Writes sessions of this machine as transcripts give them; what users and machines added stays.</summary>
internal static class OwnSessions
{
    public static StoredSession? Find(Database db, string id) => db.First(
        "SELECT sid, own, file_path, file_size FROM sessions WHERE id = ?",
        static row => new StoredSession(row.Int64(0), row.Bool(1), row.TextOrNull(2), row.Int64OrNull(3)), id);

    public static bool IsExcluded(Database db, string id) => db.Scalar<long>("SELECT count(*) FROM excluded_sessions WHERE id = ?", id) > 0;

    /// <summary>Makes the row of a session that is new, so that messages can refer to it; returns its sid.</summary>
    public static long Create(Database db, string id, string now)
    {
        db.Execute("INSERT INTO sessions(id, own, created_at) VALUES (?, 1, ?)", id, now);
        return db.LastInsertRowId;
    }

    public static void DeleteMessages(Database db, long sid, long fromOrdinal) =>
        db.Execute("DELETE FROM messages WHERE sid = ? AND ordinal >= ?", sid, fromOrdinal);

    /// <summary>Writes the columns that a transcript decides. User titles, trash marks and the time of creation are not among them.</summary>
    public static void Update(Database db, long sid, ParsedSession session, string machine, string now)
    {
        SessionRecord row = session.Row;
        db.Execute(
            """
            UPDATE sessions SET project = ?, machine = ?, agent = ?, entrypoint = ?, first_message = ?, session_name = ?, started_at = ?,
              ended_at = ?, message_count = ?, user_message_count = ?, parent_session_id = ?, relationship_type = ?, total_output_tokens = ?,
              peak_context_tokens = ?, has_total_output_tokens = ?, has_peak_context_tokens = ?, has_tool_calls = ?, has_context_data = ?,
              data_version = ?, cwd = ?, git_branch = ?, source_session_id = ?, source_version = ?, parser_malformed_lines = ?,
              is_truncated = ?, termination_status = ?, file_path = ?, file_size = ?, file_mtime = ?, file_inode = ?, file_device = ?,
              local_modified_at = ?, transcript_revision = CAST(coalesce(transcript_revision, 0) + 1 AS TEXT)
            WHERE sid = ?
            """,
            row.Project, machine, row.Agent, row.Entrypoint, row.FirstMessage, session.Name, row.StartedAt,
            row.EndedAt, row.MessageCount, row.UserMessageCount, row.ParentSessionId, row.RelationshipType, row.TotalOutputTokens,
            row.PeakContextTokens, row.HasTotalOutputTokens, row.HasPeakContextTokens, session.HasToolCalls, session.HasContextData,
            ReaderState.CurrentVersion, row.Cwd, row.GitBranch, row.SourceSessionId, row.SourceVersion, row.ParserMalformedLines,
            row.IsTruncated, row.TerminationStatus, row.FilePath, row.FileSize, row.FileMtime, row.FileInode, row.FileDevice, now, sid);
    }

    /// <summary>Gives a session the name that a thread index has for it; returns whether that was news.</summary>
    public static bool Rename(Database db, string id, string name, string now) => db.Execute(
        "UPDATE sessions SET session_name = ?1, local_modified_at = ?2 WHERE id = ?3 AND own = 1 AND session_name IS NOT ?1", name, now, id) > 0;

    public static void Insert(Database db, long sid, List<MessageRecord> messages)
    {
        using Statement insert = db.Prepare(
            """
            INSERT INTO messages(sid, ordinal, role, content, thinking_text, timestamp, model, has_thinking, has_tool_use, is_system, is_sidechain,
              is_compact_boundary, content_length, context_tokens, output_tokens, has_context_tokens, has_output_tokens, token_usage,
              claude_message_id, claude_request_id, source_type, source_subtype, source_uuid, source_parent_uuid)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """);
        foreach (MessageRecord m in messages)
        {
            insert.Bind(1, sid).Bind(2, m.Ordinal).Bind(3, m.Role).Bind(4, m.Content).Bind(5, m.ThinkingText).Bind(6, m.Timestamp).Bind(7, m.Model)
                .Bind(8, m.HasThinking).Bind(9, m.HasToolUse).Bind(10, m.IsSystem).Bind(11, m.IsSidechain).Bind(12, m.IsCompactBoundary)
                .Bind(13, m.ContentLength).Bind(14, m.ContextTokens).Bind(15, m.OutputTokens).Bind(16, m.HasContextTokens)
                .Bind(17, m.HasOutputTokens).Bind(18, m.TokenUsage).Bind(19, m.ClaudeMessageId).Bind(20, m.ClaudeRequestId)
                .Bind(21, m.SourceType).Bind(22, m.SourceSubtype).Bind(23, m.SourceUuid).Bind(24, m.SourceParentUuid).Run();
            if (m.ToolCalls.Count > 0)
            {
                Insert(db, db.LastInsertRowId, m.ToolCalls);
            }
        }
    }

    private static void Insert(Database db, long mid, List<ToolCallRecord> calls)
    {
        using Statement insert = db.Prepare(
            """
            INSERT INTO tool_calls(mid, call_index, tool_name, category, tool_use_id, skill_name, subagent_session_id, input_json, file_path,
              result_content_length, result_content)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """);
        foreach (ToolCallRecord c in calls)
        {
            insert.Bind(1, mid).Bind(2, c.CallIndex).Bind(3, c.ToolName).Bind(4, c.Category).Bind(5, c.ToolUseId).Bind(6, c.SkillName)
                .Bind(7, c.SubagentSessionId).Bind(8, c.InputJson).Bind(9, c.FilePath).Bind(10, c.ResultContentLength).Bind(11, c.ResultContent).Run();
            long cid = db.LastInsertRowId;
            foreach (ToolResultEventRecord added in c.ResultEvents)
            {
                Insert(db, cid, added);
            }
        }
    }

    private static void Insert(Database db, long cid, ToolResultEventRecord e) => db.Execute(
        """
        INSERT INTO tool_result_events(cid, event_index, source, status, content, tool_use_id, agent_id, subagent_session_id, timestamp, content_length)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        cid, e.EventIndex, e.Source, e.Status, e.Content, e.ToolUseId, e.AgentId, e.SubagentSessionId, e.Timestamp, e.ContentLength);

    /// <summary>Does to rows what <see cref="SessionBuilder"/> does to messages that it still holds. Doing it again changes nothing.</summary>
    public static void Amend(Database db, long sid, Amendment amendment)
    {
        if (db.Scalar<long?>("SELECT mid FROM messages WHERE sid = ? AND ordinal = ?", sid, amendment.Ordinal) is not { } mid)
        {
            return;
        }

        if (amendment.Usage is { } usage)
        {
            db.Execute(
                """
                UPDATE messages SET token_usage = ?, context_tokens = ?, output_tokens = ?, has_context_tokens = ?, has_output_tokens = ?
                WHERE mid = ?
                """,
                usage.Json, usage.Context, usage.Output, usage.HasContext, usage.HasOutput, mid);
        }

        if (db.Scalar<long?>("SELECT cid FROM tool_calls WHERE mid = ? AND call_index = ?", mid, (long)amendment.CallIndex) is not { } cid)
        {
            return;
        }

        if (amendment.Result is { } result)
        {
            db.Execute("UPDATE tool_calls SET result_content = ?, result_content_length = ? WHERE cid = ?", result.Content, result.Length, cid);
        }

        if (amendment.SubagentSessionId is { } subagent)
        {
            db.Execute("UPDATE tool_calls SET subagent_session_id = ? WHERE cid = ?", subagent, cid);
        }

        if (amendment.Event is { } added)
        {
            Append(db, cid, added);
        }
    }

    private static void Append(Database db, long cid, ToolResultEventRecord added)
    {
        if (db.Scalar<long>(
            "SELECT count(*) FROM tool_result_events WHERE cid = ? AND agent_id = ? AND status = ? AND content = ?",
            cid, added.AgentId, added.Status, added.Content) > 0)
        {
            return;
        }

        added.EventIndex = db.Scalar<long>("SELECT count(*) FROM tool_result_events WHERE cid = ?", cid);
        Insert(db, cid, added);
        string before = added.EventIndex == 0 ? "" : db.Scalar<string>("SELECT result_content FROM tool_calls WHERE cid = ?", cid) + "\n\n";
        string content = before + added.Content;
        db.Execute("UPDATE tool_calls SET result_content = ?, result_content_length = ? WHERE cid = ?", content, JsonText.Utf8Length(content), cid);
    }

    public static string Now(TimeProvider clock) => clock.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
