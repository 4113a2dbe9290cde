using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary><c>memory_prompts</c> and <c>memory_tombstones</c> (memory spec 1.4).</summary>
internal static class PromptTable
{
    private const string Columns = "p.id, p.sync_id, p.session_id, p.project, p.created_at, p.content";

    public static Prompt? Find(Database db, string syncId) => db.First(
        $"SELECT {Columns} FROM memory_prompts p WHERE p.sync_id = ? ORDER BY p.id DESC LIMIT 1", Read, syncId);

    public static bool Exists(Database db, string syncId) =>
        db.Scalar<bool>("SELECT 1 FROM memory_prompts WHERE sync_id = ? LIMIT 1", syncId);

    public static void Insert(Database db, Prompt row) => db.Execute(
        "INSERT INTO memory_prompts(sync_id, session_id, content, project, created_at) VALUES (?, ?, ?, ?, ?)",
        row.SyncId, row.SessionId, row.Content, row.Project, row.CreatedAt);

    /// <summary>Overwrites the row with that number; its sync id stays.</summary>
    public static void Update(Database db, Prompt row) => db.Execute(
        "UPDATE memory_prompts SET session_id = ?, content = ?, project = ?, created_at = ? WHERE id = ?",
        row.SessionId, row.Content, row.Project, row.CreatedAt, row.Id);

    public static void Delete(Database db, string syncId) => db.Execute("DELETE FROM memory_prompts WHERE sync_id = ?", syncId);

    public static void DeleteTwins(Database db, string syncId, long keep) =>
        db.Execute("DELETE FROM memory_prompts WHERE sync_id = ? AND id <> ?", syncId, keep);

    public static IReadOnlyList<Prompt> OfSession(Database db, string sessionId) =>
        [.. db.Query($"SELECT {Columns} FROM memory_prompts p WHERE p.session_id = ? ORDER BY p.id", Read, sessionId)];

    public static IEnumerable<Prompt> All(Database db) => db.Query($"SELECT {Columns} FROM memory_prompts p ORDER BY p.id", Read);

    public static IEnumerable<Prompt> OfProject(Database db, string project) => db.Query(
        $"""
        SELECT {Columns} FROM memory_prompts p WHERE p.project = ?1 OR (trim(p.project) = ''
          AND EXISTS(SELECT 1 FROM memory_sessions s WHERE s.id = p.session_id AND s.project = ?1))
        ORDER BY p.id
        """,
        Read, project);

    public static Tombstone? FindTombstone(Database db, string syncId) => db.First(
        "SELECT sync_id, session_id, project, deleted_at FROM memory_tombstones WHERE sync_id = ?", ReadTombstone, syncId);

    public static void PutTombstone(Database db, Tombstone row) => db.Execute(
        """
        INSERT INTO memory_tombstones(sync_id, session_id, project, deleted_at) VALUES (?, ?, ?, ?)
        ON CONFLICT(sync_id) DO UPDATE SET session_id = coalesce(excluded.session_id, session_id),
          project = coalesce(nullif(excluded.project, ''), project), deleted_at = excluded.deleted_at
        """,
        row.SyncId, row.SessionId, row.Project, row.DeletedAt);

    public static void DeleteTombstone(Database db, string syncId) =>
        db.Execute("DELETE FROM memory_tombstones WHERE sync_id = ?", syncId);

    /// <param name="project">Normalised; null = all.</param>
    public static IEnumerable<Tombstone> Tombstones(Database db, string? project) => db.Query(
        """
        SELECT t.sync_id, t.session_id, t.project, t.deleted_at FROM memory_tombstones t WHERE ?1 IS NULL OR t.project = ?1
          OR (trim(t.project) = '' AND EXISTS(SELECT 1 FROM memory_sessions s WHERE s.id = t.session_id AND s.project = ?1))
        ORDER BY t.sync_id
        """,
        ReadTombstone, project);

    private static Prompt Read(Statement row) => new()
    {
        Id = row.Int64(0), SyncId = row.Text(1), SessionId = row.Text(2), Project = row.Text(3), CreatedAt = row.Text(4),
        Content = row.Text(5),
    };

    private static Tombstone ReadTombstone(Statement row) => new(row.Text(0), row.TextOrNull(1), row.Text(2), row.Text(3));
}
