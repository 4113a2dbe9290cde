using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Memory;

/// <summary>Observations as users see them (Get-ArchiveMemory): last changed first, or best match first with a text query.</summary>
internal static class MemoryReader
{
    private const string Effective =
        "CASE WHEN trim(coalesce(o.project, '')) <> '' THEN o.project " +
        "ELSE coalesce((SELECT s.project FROM memory_sessions s WHERE s.id = o.session_id), '') END";

    public static IEnumerable<ArchiveMemory> Read(Database db, MemoryQuery query)
    {
        var text = query.Text is { Length: > 0 } typed ? SearchText.ToExpression(typed) : null;
        if (query.Text is { Length: > 0 } && text is null)
        {
            return [];
        }

        var filter = new Filter(query);
        var sql = text is null
            ? $"""
               SELECT {ObservationTable.Columns}, {Effective}, NULL FROM memory_observations o {filter.Where}
               ORDER BY o.updated_at DESC, o.id DESC LIMIT ?1
               """
            : $"""
               WITH hit AS MATERIALIZED (SELECT rowid AS id, rank FROM memory_text WHERE memory_text MATCH {filter.Add(text)}),
               found AS MATERIALIZED (SELECT o.id, hit.rank FROM hit JOIN memory_observations o ON o.id = hit.id {filter.Where}
                 ORDER BY hit.rank, o.id LIMIT ?1)
               SELECT {ObservationTable.Columns}, {Effective},
                 (SELECT snippet(memory_text, -1, '«', '»', '…', 24) FROM memory_text WHERE memory_text MATCH {filter.Last} AND rowid = o.id)
               FROM found JOIN memory_observations o ON o.id = found.id ORDER BY found.rank, o.id
               """;
        return db.Query(sql, static row => ToModel(ObservationTable.Read(row), row.Text(16), row.TextOrNull(17)), [.. filter.Args]);
    }

    public static ArchiveMemory ToModel(Observation row, string project, string? snippet = null) => new()
    {
        SyncId = row.SyncId,
        Title = row.Title,
        Content = row.Content,
        Type = row.Type,
        Project = project,
        Scope = row.Scope,
        TopicKey = row.TopicKey,
        SessionId = row.SessionId,
        ToolName = row.ToolName,
        RevisionCount = row.RevisionCount,
        DuplicateCount = row.DuplicateCount,
        CreatedAt = Time(row.CreatedAt),
        UpdatedAt = Time(row.UpdatedAt),
        LastSeenAt = Time(row.LastSeenAt),
        DeletedAt = Time(row.DeletedAt),
        IsDeleted = row.DeletedAt is not null,
        Snippet = snippet,
    };

    /// <summary>Changes that can't be sent, and mutations that can't be applied; oldest first.</summary>
    /// <param name="project">Wildcards allowed; null = all.</param>
    public static IEnumerable<QuarantinedMemory> Quarantine(Database db, string? project) => db.Query(
        """
        SELECT 'Outgoing', entity, entity_key, op, project, reason, disposed_at AS at, seq, payload FROM memory_mutations
          WHERE disposition IS NOT NULL
          AND (?1 IS NULL OR project LIKE ?1 ESCAPE '\')
        UNION ALL
        SELECT 'Incoming', entity, entity_key, op, project, reason_code || coalesce(': ' || last_error, ''), first_seen_at, remote_seq,
          payload
        FROM memory_deferred WHERE apply_status = 'dead' AND (?1 IS NULL OR project LIKE ?1 ESCAPE '\')
        ORDER BY at, 8
        """,
        static row => new QuarantinedMemory
        {
            Direction = row.Text(0), Entity = row.Text(1), Key = row.Text(2), Operation = row.Text(3), Project = row.Text(4),
            Reason = row.Text(5), QuarantinedAt = RunTable.Time(row.Int64(6)), Sequence = row.Int64(7), Payload = row.Text(8),
        },
        string.IsNullOrEmpty(project) ? null : SearchPattern.ToLike(project));

    private static DateTimeOffset? Time(string? text) => MemoryTime.Parse(text) is { } time
        ? DateTimeOffset.FromUnixTimeSeconds(time.Seconds).AddTicks(time.Nanoseconds / 100) : null;

    /// <summary>Conditions and their values; ?1 is the limit.</summary>
    private sealed class Filter
    {
        private readonly List<string> _conditions = [];

        public Filter(MemoryQuery query)
        {
            Args.Add(query.First is { } first ? (long)Math.Max(first, 0) : -1L);
            if (query.SyncIds.Count > 0)
            {
                _conditions.Add($"o.sync_id IN (SELECT value FROM json_each({Add(JsonList.Write(query.SyncIds))}))");
            }

            AddPattern(Effective, query.Project);
            AddPattern("o.type", query.Type);
            if (query.Since is { } since)
            {
                var utc = since.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
                _conditions.Add($"julianday(o.updated_at) >= julianday({Add(utc)})");
            }

            if (!query.IncludeDeleted)
            {
                _conditions.Add("o.deleted_at IS NULL");
            }

            // Of several rows with one sync id the highest number counts.
            _conditions.Add("NOT EXISTS(SELECT 1 FROM memory_observations t WHERE t.sync_id = o.sync_id AND t.id > o.id)");
        }

        public List<object?> Args { get; } = [];

        public string Where => "WHERE " + string.Join(" AND ", _conditions);

        public string Last => "?" + Args.Count.ToString(CultureInfo.InvariantCulture);

        public string Add(object value)
        {
            Args.Add(value);
            return Last;
        }

        private void AddPattern(string column, string? pattern)
        {
            if (!string.IsNullOrEmpty(pattern))
            {
                _conditions.Add($"{column} LIKE {Add(SearchPattern.ToLike(pattern))} ESCAPE '\\'");
            }
        }
    }
}
