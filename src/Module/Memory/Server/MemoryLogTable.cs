using ArtifactSync.Archive;

namespace ArtifactSync.Memory.Server;

/// <summary>An entry of the served log before it has a number. <paramref name="Payload"/> is the text of a JSON object.</summary>
internal sealed record LogEntry(string Project, string Entity, string EntityKey, string Op, string Payload);

/// <summary>A numbered entry. <paramref name="OccurredAt"/> in Unix ms UTC.</summary>
internal readonly record struct LoggedEntry(
    long Seq, string Project, string Entity, string EntityKey, string Op, long OccurredAt, string Payload);

/// <summary>
/// <c>memory_log</c>: the mutation log that this machine serves. SQLite has one writer, so numbers become visible in their order (6.4).
/// </summary>
internal static class MemoryLogTable
{
    public static long Append(Database db, LogEntry entry, string? createdBy, DateTimeOffset now)
    {
        using var statement = db.Prepare(
            "INSERT INTO memory_log(project, entity, entity_key, op, occurred_at, created_by, payload) VALUES (?, ?, ?, ?, ?, ?, ?)");
        statement.Bind(1, entry.Project).Bind(2, entry.Entity).Bind(3, entry.EntityKey).Bind(4, entry.Op)
            .Bind(5, now.ToUnixTimeMilliseconds()).Bind(6, createdBy).Bind(7, entry.Payload).Run();
        return db.LastInsertRowId;
    }

    /// <summary>Entries above a number, ascending, of the projects given; null = of all.</summary>
    public static IEnumerable<LoggedEntry> Read(Database db, long since, IReadOnlySet<string>? projects) => db.Query(
        $"""
        SELECT seq, project, entity, entity_key, op, occurred_at, payload FROM memory_log
        WHERE seq > ?1 {(projects is null ? "" : "AND project IN (SELECT value FROM json_each(?2))")} ORDER BY seq
        """,
        static row => new LoggedEntry(row.Int64(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Int64(5), row.Text(6)),
        projects is null ? [since] : [since, JsonList.Write(projects)]);

    /// <summary>Whether a session of the project ever came: its rows in a chunk may refer to it (6.5).</summary>
    public static bool HasSession(Database db, string project, string id) => db.Scalar<bool>(
        "SELECT 1 FROM memory_log WHERE project = ? AND entity = 'session' AND op = 'upsert' AND entity_key = ? LIMIT 1", project, id);

    public static bool IsPaused(Database db, string project) =>
        db.Scalar<bool>("SELECT 1 FROM memory_log_projects WHERE project = ? AND paused_at IS NOT NULL", project);

    /// <summary>Pauses pushes to a project, or lets them go on.</summary>
    public static void SetPaused(Database db, string project, DateTimeOffset? at) => db.Execute(
        "INSERT INTO memory_log_projects(project, paused_at) VALUES (?1, ?2) ON CONFLICT(project) DO UPDATE SET paused_at = ?2",
        project, at?.ToUnixTimeMilliseconds());
}
