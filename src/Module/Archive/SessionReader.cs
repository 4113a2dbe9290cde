using System.Globalization;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Archive;

/// <summary>Sessions as users see them (Get-ArchiveSession): newest first, or best match first with a text query.</summary>
internal static class SessionReader
{
    private const string OwnOrigin = "(SELECT value FROM archive_state WHERE key = '" + StateTable.OriginId + "')";

    // ?1 = limit. Register and conflict rows bear gids: origin~native, of own sessions too.
    private const string Columns =
        $"""
        s.id, s.display_name, s.session_name, s.project, s.agent, CASE WHEN s.own THEN {OwnOrigin} ELSE s.origin END, s.own,
          s.started_at, s.ended_at, s.message_count, s.user_message_count, s.first_message, s.cwd, s.git_branch,
          s.parent_session_id, s.relationship_type, s.deleted_at,
          EXISTS(SELECT 1 FROM starred_sessions x WHERE x.session_id = s.id),
          EXISTS(SELECT 1 FROM pinned_messages p WHERE p.sid = s.sid),
          EXISTS(SELECT 1 FROM metadata_conflicts c WHERE c.resolved_at IS NULL
            AND c.session_gid = CASE WHEN s.own THEN {OwnOrigin} || '~' || s.id ELSE s.id END),
          s.sid
        """;

    /// <param name="db">A reader.</param>
    /// <param name="query">What to read.</param>
    /// <param name="archivePath">The folder of the archive, which the objects name.</param>
    public static IEnumerable<ArchiveSession> Read(Database db, SessionQuery query, string archivePath)
    {
        var filter = new Filter(query);
        if (filter.IsEmpty)
        {
            return [];
        }

        return db.Query(filter.Sql, row => ReadSession(row, archivePath), [.. filter.Args]).Select(found => found.Session with
        {
            Pins = found.HasPins ? [.. ReadPins(db, found.Sid, found.Session)] : [],
            Messages = query.IncludeMessages ? [.. ReadMessages(db, found.Sid, found.Session)] : [],
        });
    }

    /// <summary>The messages of one session, as users see them.</summary>
    private static IEnumerable<ArchiveMessage> ReadMessages(Database db, long sid, ArchiveSession session) =>
        MessageTable.Read(db, sid).Select(m => new ArchiveMessage
        {
            SessionId = session.SessionId,
            ArchivePath = session.ArchivePath,
            Ordinal = m.Ordinal,
            Role = m.Role,
            Timestamp = ParseTime(m.Timestamp),
            Model = m.Model,
            Content = m.Content,
            Thinking = m.ThinkingText,
            ToolCalls = [.. m.ToolCalls.Select(c => new ArchiveToolCall(
                c.ToolName, c.Category, c.InputJson, NullIfEmpty(c.ResultContent), NullIfEmpty(c.SubagentSessionId)))],
        });

    private static IEnumerable<SessionPin> ReadPins(Database db, long sid, ArchiveSession session) => db.Query(
        "SELECT ordinal, note, created_at FROM pinned_messages WHERE sid = ? ORDER BY ordinal",
        row => new SessionPin
        {
            SessionId = session.SessionId,
            Ordinal = row.Int64(0),
            Note = row.TextOrNull(1),
            CreatedAt = ParseTime(row.Text(2)),
            ArchivePath = session.ArchivePath,
        },
        sid);

    /// <summary>Keeps the offset that the text has; null for what is no RFC 3339 time.</summary>
    internal static DateTimeOffset? ParseTime(string? text) =>
        !string.IsNullOrEmpty(text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static string? NullIfEmpty(string text) => text.Length > 0 ? text : null;

    private static (ArchiveSession Session, long Sid, bool HasPins) ReadSession(Statement row, string archivePath)
    {
        var (title, given) = (row.TextOrNull(1), row.TextOrNull(2));
        return (new ArchiveSession
        {
            SessionId = row.Text(0),
            Name = !string.IsNullOrEmpty(title) ? title : given,
            DisplayName = title,
            SessionName = given,
            Project = row.Text(3),
            Agent = row.Text(4),
            Origin = row.TextOrNull(5),
            IsOwn = row.Bool(6),
            StartedAt = ParseTime(row.TextOrNull(7)),
            EndedAt = ParseTime(row.TextOrNull(8)),
            MessageCount = row.Int64(9),
            UserMessageCount = row.Int64(10),
            FirstMessage = row.TextOrNull(11),
            Cwd = row.Text(12),
            GitBranch = row.Text(13),
            ParentSessionId = row.TextOrNull(14),
            RelationshipType = row.Text(15),
            DeletedAt = ParseTime(row.TextOrNull(16)),
            Trashed = !row.IsNull(16),
            Starred = row.Bool(17),
            HasConflict = row.Bool(19),
            Snippet = row.ColumnCount > 21 ? row.TextOrNull(21) : null,
            ArchivePath = archivePath,
        }, row.Int64(20), row.Bool(18));
    }

    /// <summary>One query as SQL and values.</summary>
    private sealed class Filter
    {
        private readonly List<string> _conditions = [];

        public Filter(SessionQuery query)
        {
            Args.Add(query.First is { } first ? (long)Math.Max(first, 0) : -1L);
            AddConditions(query);
            var text = query.Text is { Length: > 0 } typed ? SearchText.ToExpression(typed) : null;
            IsEmpty = query.Text is { Length: > 0 } && text is null;
            Sql = text is null ? WithoutText() : WithText(Add(text));
        }

        /// <summary>The text query holds nothing that could be found.</summary>
        public bool IsEmpty { get; }

        public string Sql { get; }

        public List<object?> Args { get; } = [];

        private string Where => _conditions.Count > 0 ? "WHERE " + string.Join(" AND ", _conditions) : "";

        private string WithoutText() => $"SELECT {Columns} FROM sessions s {Where} ORDER BY s.started_at DESC, s.sid DESC LIMIT ?1";

        // The rank of a session is that of its best passage; the snippet is made for the sessions that are shown only.
        private string WithText(string text) =>
            $"""
            WITH hit AS MATERIALIZED (
              SELECT m.sid, f.rowid AS mid, min(f.rank) AS rank FROM message_text f JOIN messages m ON m.mid = f.rowid
              WHERE f.message_text MATCH {text} GROUP BY m.sid),
            found AS MATERIALIZED (
              SELECT hit.sid, hit.mid, hit.rank FROM hit JOIN sessions s ON s.sid = hit.sid {Where} ORDER BY hit.rank, hit.sid LIMIT ?1)
            SELECT {Columns},
              (SELECT snippet(message_text, 0, '«', '»', '…', 24) FROM message_text
               WHERE message_text MATCH {text} AND rowid = found.mid)
            FROM found JOIN sessions s ON s.sid = found.sid ORDER BY found.rank, found.sid
            """;

        private void AddConditions(SessionQuery query)
        {
            if (query.SessionIds.Count > 0)
            {
                _conditions.Add($"s.id IN (SELECT value FROM json_each({Add(JsonList.Write(query.SessionIds))}))");
            }

            AddPattern("s.project", query.Project);
            AddPattern($"CASE WHEN s.own THEN coalesce({OwnOrigin}, '') ELSE s.origin END", query.Origin);
            AddPattern("coalesce(nullif(s.display_name, ''), s.session_name)", query.Name);
            if (query.Since is { } since)
            {
                // julianday understands every RFC 3339 offset; a session without a time is not "since".
                var utc = since.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
                _conditions.Add($"julianday(s.started_at) >= julianday({Add(utc)})");
            }

            if (query.Starred is { } starred)
            {
                _conditions.Add((starred ? "" : "NOT ") + "EXISTS(SELECT 1 FROM starred_sessions x WHERE x.session_id = s.id)");
            }

            _conditions.Add(query.Trashed == true ? "s.deleted_at IS NOT NULL" : "s.deleted_at IS NULL");
        }

        private void AddPattern(string column, string? pattern)
        {
            if (!string.IsNullOrEmpty(pattern))
            {
                _conditions.Add($"{column} LIKE {Add(SearchPattern.ToLike(pattern))} ESCAPE '\\'");
            }
        }

        private string Add(object value)
        {
            Args.Add(value);
            return "?" + Args.Count.ToString(CultureInfo.InvariantCulture);
        }
    }
}
