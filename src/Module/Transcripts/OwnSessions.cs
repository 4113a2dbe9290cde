using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Transcripts;

/// <summary>What imports write beyond the tables' own operations: tails of sessions that grew, late words about messages.</summary>
internal static class OwnSessions
{
    private const string SetResult = "UPDATE tool_calls SET result_content = ?, result_content_length = ? WHERE cid = ?";

    public static SessionRow Row(ParsedSession session, string? name, string now) => new()
    {
        Own = true,
        Session = session.Row with { Machine = Environment.MachineName, CreatedAt = now, LocalModifiedAt = now, TranscriptRevision = "1" },
        SessionName = name,
        DataVersion = ReaderState.CurrentVersion,
        HasToolCalls = session.HasToolCalls,
        HasContextData = session.HasContextData,
    };

    /// <summary>The row that messages refer to while their session is still being read.</summary>
    public static SessionRow Stub(string id, string now) =>
        Row(new ParsedSession(new SessionRecord { Id = id }, null, false, false), null, now);

    /// <summary>Gives a session the name that a thread index has for it; returns whether that was news.</summary>
    public static bool Rename(Database db, string id, string name, string now) => db.Execute(
        "UPDATE sessions SET session_name = ?1, local_modified_at = ?2 WHERE id = ?3 AND own = 1 AND session_name IS NOT ?1",
        name, now, id) > 0;

    /// <summary>Does to rows what <see cref="SessionBuilder"/> does to messages it still holds. Doing it again changes nothing.</summary>
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
            db.Execute(SetResult, result.Content, result.Length, cid);
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

    private static void Append(Database db, long cid, ToolResultEventRecord e)
    {
        if (db.Scalar<bool>(
            "SELECT EXISTS(SELECT 1 FROM tool_result_events WHERE cid = ? AND agent_id = ? AND status = ? AND content = ?)",
            cid, e.AgentId, e.Status, e.Content))
        {
            return;
        }

        long index = db.Scalar<long>("SELECT count(*) FROM tool_result_events WHERE cid = ?", cid);
        db.Execute(
            """
            INSERT INTO tool_result_events(cid, event_index, source, status, content, tool_use_id, agent_id, subagent_session_id, timestamp,
              content_length)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            cid, index, e.Source, e.Status, e.Content, e.ToolUseId, e.AgentId, e.SubagentSessionId, e.Timestamp, e.ContentLength);
        string before = index == 0 ? "" : db.Scalar<string>("SELECT result_content FROM tool_calls WHERE cid = ?", cid) + "\n\n";
        string content = before + e.Content;
        db.Execute(SetResult, content, JsonText.Utf8Length(content), cid);
    }

    public static string Now(TimeProvider clock) => IsoTime.Of(clock.GetUtcNow());
}
