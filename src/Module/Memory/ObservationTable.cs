using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary><c>memory_observations</c> (memory spec 1.3). Of several rows with one sync id the highest number counts (1.6).</summary>
internal static class ObservationTable
{
    public const string Columns =
        "o.id, o.sync_id, o.session_id, o.type, o.project, o.scope, o.topic_key, o.revision_count, o.duplicate_count, o.last_seen_at, " +
        "o.created_at, o.updated_at, o.deleted_at, o.tool_name, o.title, o.content";

    // The project that a row belongs to: its own, else that of its session.
    private const string InProject =
        """
        (o.project = ?1 OR (trim(coalesce(o.project, '')) = ''
          AND EXISTS(SELECT 1 FROM memory_sessions s WHERE s.id = o.session_id AND s.project = ?1)))
        """;

    public static Observation? Find(Database db, string syncId) => db.First(
        $"SELECT {Columns} FROM memory_observations o WHERE o.sync_id = ? ORDER BY o.id DESC LIMIT 1", Read, syncId);

    /// <summary>What deciding about a row takes, without its text.</summary>
    public static ObservationHead? FindHead(Database db, string syncId)
    {
        using var statement = db.Prepare(
            "SELECT id, updated_at, created_at, deleted_at FROM memory_observations WHERE sync_id = ? ORDER BY id DESC LIMIT 1");
        statement.Bind(1, syncId);
        return statement.Step()
            ? new ObservationHead(statement.Int64(0), statement.Text(1), statement.Text(2), IsDeleted: !statement.IsNull(3))
            : null;
    }

    public static bool Exists(Database db, string syncId) =>
        db.Scalar<bool>("SELECT 1 FROM memory_observations WHERE sync_id = ? LIMIT 1", syncId);

    public static void Insert(Database db, Observation row)
    {
        using var statement = db.Prepare(
            """
            INSERT INTO memory_observations(session_id, type, project, scope, topic_key, revision_count, duplicate_count, last_seen_at,
              created_at, updated_at, deleted_at, normalized_hash, tool_name, title, content, sync_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """);
        Bind(statement, row).Bind(16, row.SyncId).Run();
        using var text = db.Prepare("INSERT INTO memory_text(rowid, title, content, topic_key) VALUES (?, ?, ?, ?)");
        text.Bind(1, db.LastInsertRowId).Bind(2, row.Title).Bind(3, row.Content).Bind(4, row.TopicKey).Run();
    }

    /// <summary>Overwrites the row with that <see cref="Observation.Id"/>; its sync id stays.</summary>
    public static void Update(Database db, Observation row)
    {
        using var statement = db.Prepare(
            """
            UPDATE memory_observations SET session_id = ?, type = ?, project = ?, scope = ?, topic_key = ?, revision_count = ?,
              duplicate_count = ?, last_seen_at = ?, created_at = ?, updated_at = ?, deleted_at = ?, normalized_hash = ?,
              tool_name = ?, title = ?, content = ?
            WHERE id = ?
            """);
        Bind(statement, row).Bind(16, row.Id).Run();
    }

    public static void Delete(Database db, string syncId) => db.Execute("DELETE FROM memory_observations WHERE sync_id = ?", syncId);

    /// <summary>Removes older rows of the same sync id (old damage, 3.4): what they say must not outlive a delete.</summary>
    public static void DeleteTwins(Database db, string syncId, long keep) =>
        db.Execute("DELETE FROM memory_observations WHERE sync_id = ? AND id <> ?", syncId, keep);

    public static IEnumerable<Observation> All(Database db) =>
        db.Query($"SELECT {Columns} FROM memory_observations o ORDER BY o.id", Read);

    public static IEnumerable<Observation> OfProject(Database db, string project) =>
        db.Query($"SELECT {Columns} FROM memory_observations o WHERE {InProject} ORDER BY o.id", Read, project);

    /// <summary>The live row of a topic, the newest of several.</summary>
    public static Observation? FindTopic(Database db, string topicKey, string? project, string scope) => db.First(
        $"""
        SELECT {Columns} FROM memory_observations o
        WHERE o.topic_key = ? AND coalesce(o.project, '') = coalesce(?, '') AND o.scope = ? AND o.deleted_at IS NULL
        ORDER BY o.updated_at DESC, o.id DESC LIMIT 1
        """,
        Read, topicKey, project, scope);

    /// <summary>A live row of the same text that was saved at or after <paramref name="since"/> (stored text form).</summary>
    public static Observation? FindSame(Database db, Observation row, string since) => db.First(
        $"""
        SELECT {Columns} FROM memory_observations o
        WHERE o.session_id IN (SELECT id FROM memory_sessions) AND o.normalized_hash = ? AND coalesce(o.project, '') = coalesce(?, '')
          AND o.scope = ? AND o.type = ? AND o.title = ? AND o.deleted_at IS NULL AND o.created_at >= ?
        ORDER BY o.id DESC LIMIT 1
        """,
        Read, MemoryText.ContentHash(row.Content), row.Project, row.Scope, row.Type, row.Title, since);

    public static Observation Read(Statement row) => new()
    {
        Id = row.Int64(0),
        SyncId = row.Text(1),
        SessionId = row.Text(2),
        Type = row.Text(3),
        Project = row.TextOrNull(4),
        Scope = row.Text(5),
        TopicKey = row.TextOrNull(6),
        RevisionCount = row.Int64(7),
        DuplicateCount = row.Int64(8),
        LastSeenAt = row.TextOrNull(9),
        CreatedAt = row.Text(10),
        UpdatedAt = row.Text(11),
        DeletedAt = row.TextOrNull(12),
        ToolName = row.TextOrNull(13),
        Title = row.Text(14),
        Content = row.Text(15),
    };

    private static Statement Bind(Statement statement, Observation row) => statement
        .Bind(1, row.SessionId).Bind(2, row.Type).Bind(3, row.Project).Bind(4, row.Scope).Bind(5, row.TopicKey)
        .Bind(6, row.RevisionCount).Bind(7, row.DuplicateCount).Bind(8, row.LastSeenAt).Bind(9, row.CreatedAt).Bind(10, row.UpdatedAt)
        .Bind(11, row.DeletedAt).Bind(12, MemoryText.ContentHash(row.Content)).Bind(13, row.ToolName).Bind(14, row.Title)
        .Bind(15, row.Content);
}

/// <summary>Number, version and state of an observation.</summary>
internal readonly record struct ObservationHead(long Id, string UpdatedAt, string CreatedAt, bool IsDeleted);
