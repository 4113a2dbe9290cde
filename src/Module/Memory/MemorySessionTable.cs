using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary><c>memory_sessions</c> (memory spec 1.2).</summary>
internal static class MemorySessionTable
{
    private const string Columns = "id, project, directory, started_at, ended_at, summary";

    public static MemorySession? Find(Database db, string id) =>
        db.First($"SELECT {Columns} FROM memory_sessions WHERE id = ?", Read, id);

    public static bool Exists(Database db, string id) => db.Scalar<bool>("SELECT 1 FROM memory_sessions WHERE id = ?", id);

    /// <summary>The project of a session; empty when there is no such session.</summary>
    public static string ProjectOf(Database db, string id) =>
        db.Scalar<string>("SELECT project FROM memory_sessions WHERE id = ?", id) ?? "";

    public static void Put(Database db, MemorySession row) => db.Execute(
        """
        INSERT INTO memory_sessions(id, project, directory, started_at, ended_at, summary) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT(id) DO UPDATE SET project = excluded.project, directory = excluded.directory,
          started_at = excluded.started_at, ended_at = excluded.ended_at, summary = excluded.summary
        """,
        row.Id, row.Project, row.Directory, row.StartedAt, row.EndedAt, row.Summary);

    public static void Delete(Database db, string id) => db.Execute("DELETE FROM memory_sessions WHERE id = ?", id);

    /// <summary>Whether an observation, soft-deleted ones too, refers to it.</summary>
    public static bool HasObservations(Database db, string id) =>
        db.Scalar<bool>("SELECT 1 FROM memory_observations WHERE session_id = ? LIMIT 1", id);

    /// <summary>All, in the order of export: by start, ties as inserted.</summary>
    public static IEnumerable<MemorySession> All(Database db) =>
        db.Query($"SELECT {Columns} FROM memory_sessions ORDER BY started_at, rid", Read);

    /// <summary>Those of a project and those that its observations and prompts refer to (2: referential closure).</summary>
    public static IEnumerable<MemorySession> OfProject(Database db, string project) => db.Query(
        $"""
        SELECT {Columns} FROM memory_sessions WHERE project = ?1
          OR id IN (SELECT session_id FROM memory_observations WHERE project = ?1)
          OR id IN (SELECT session_id FROM memory_prompts WHERE project = ?1)
        ORDER BY started_at, rid
        """,
        Read, project);

    private static MemorySession Read(Statement row) => new(
        row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.TextOrNull(4), row.TextOrNull(5));
}
