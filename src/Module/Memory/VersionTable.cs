using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

internal enum VersionState { Live, Deleted, Gone }

/// <summary>What is known of the version of an entity or session register (memory spec 8.2, 8.3).</summary>
/// <param name="Time">Only observations have one; of <c>session.deleted</c> the deletion time.</param>
/// <param name="Seq">Null = journalled and not acked; &gt; 0 = the server's number; 0 = from the server, number unknown; -1 = never
/// sent.</param>
internal readonly record struct EntityVersion(string Time, long? Seq, VersionState State, string Project)
{
    /// <summary>Never sent and not journalled.</summary>
    public const long Unsent = -1;

    /// <summary>Came from the server, number unknown.</summary>
    public const long Unnumbered = 0;

    public bool IsKnownToServer => Seq >= 0;
}

/// <summary>
/// <c>memory_versions</c>. No row beside a data row means <see cref="EntityVersion.Unsent"/>: what is written in projects that are not
/// enrolled
/// leaves no row (unless it is gone). Registers of sessions are entities <c>session.project</c>, <c>session.directory</c>, ...
/// </summary>
internal static class VersionTable
{
    /// <summary>The latest deletion time of a session; no part of any decision by number (8.3).</summary>
    public const string SessionDeleted = "session.deleted";

    public static EntityVersion? Find(Database db, string entity, string key)
    {
        using var statement = db.Prepare(
            "SELECT version_time, cloud_seq, state, project FROM memory_versions WHERE entity = ? AND entity_key = ?");
        statement.Bind(1, entity).Bind(2, key);
        return statement.Step() ? Read(statement, 0) : null;
    }

    public static void Put(Database db, string entity, string key, EntityVersion version)
    {
        using var statement = db.Prepare(
            """
            INSERT INTO memory_versions(entity, entity_key, version_time, cloud_seq, state, project) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT(entity, entity_key) DO UPDATE SET version_time = excluded.version_time, cloud_seq = excluded.cloud_seq,
              state = excluded.state, project = excluded.project
            """);
        statement.Bind(1, entity).Bind(2, key).Bind(3, version.Time).Bind(4, version.Seq).Bind(5, Text(version.State))
            .Bind(6, version.Project).Run();
    }

    public static void Remove(Database db, string entity, string key) =>
        db.Execute("DELETE FROM memory_versions WHERE entity = ? AND entity_key = ?", entity, key);

    /// <summary>The time after which a session is deleted (8.3); null when it never was.</summary>
    public static string? DeletionTime(Database db, string sessionId) =>
        db.Scalar<string>("SELECT version_time FROM memory_versions WHERE entity = ? AND entity_key = ?", SessionDeleted, sessionId);

    /// <summary>Raises the deletion time of a session; it is never lowered.</summary>
    public static void RaiseDeletionTime(Database db, string sessionId, string time, string project)
    {
        if (DeletionTime(db, sessionId) is not { } kept || MemoryTime.IsLaterOrOnly(time, kept))
        {
            Put(db, SessionDeleted, sessionId, new EntityVersion(time, EntityVersion.Unsent, VersionState.Gone, project));
        }
    }

    /// <summary>Entities that are gone. Of sessions the state row only.</summary>
    /// <param name="project">Normalised; null = all.</param>
    public static IEnumerable<(string Entity, string Key, EntityVersion Version)> Gone(Database db, string? project) => db.Query(
        """
        SELECT entity, entity_key, version_time, cloud_seq, state, project FROM memory_versions
        WHERE state = 'gone' AND entity IN ('session', 'observation', 'prompt') AND (?1 IS NULL OR project = ?1) ORDER BY entity, entity_key
        """,
        static row => (row.Text(0), row.Text(1), Read(row, 2)), project);

    /// <summary>Whether any entity of the project has a version row.</summary>
    public static bool KnowsProject(Database db, string project) =>
        db.Scalar<bool>("SELECT 1 FROM memory_versions WHERE project = ? LIMIT 1", project);

    /// <summary>A journalled change was confirmed under this number; of sessions with all registers that it named (8.2, 8.3).</summary>
    public static void SetAcked(Database db, string entity, string key, long seq)
    {
        Acked(db, entity, key, seq);
        if (entity == Entity.Session)
        {
            foreach (var register in s_registers)
            {
                Acked(db, register, key, seq);
            }
        }
    }

    /// <summary>Enrolled projects with entities whose number is unknown.</summary>
    public static IReadOnlyList<string> UnnumberedProjects(Database db) =>
        [.. db.Query("SELECT DISTINCT project FROM memory_versions WHERE cloud_seq = 0 AND project IN (SELECT project FROM memory_projects) ORDER BY project", static row => row.Text(0))];

    /// <summary>
    /// Entities of enrolled projects whose number is unknown, sessions first: of a session also those with a register that says
    /// something and has no number.
    /// </summary>
    public static IEnumerable<(string Entity, string Key, string Project)> Unnumbered(Database db) => db.Query(
        """
        SELECT CASE WHEN v.entity LIKE 'session.%' THEN 'session' ELSE v.entity END, v.entity_key, v.project FROM memory_versions v
        WHERE v.cloud_seq = 0 AND v.project IN (SELECT project FROM memory_projects) AND v.entity <> 'session.deleted'
          AND (v.entity NOT LIKE 'session.%' OR EXISTS(SELECT 1 FROM memory_sessions s WHERE s.id = v.entity_key AND trim(coalesce(CASE v.entity
            WHEN 'session.project' THEN s.project WHEN 'session.directory' THEN s.directory WHEN 'session.started_at' THEN s.started_at
            WHEN 'session.ended_at' THEN s.ended_at ELSE s.summary END, '')) <> ''))
        ORDER BY v.entity NOT LIKE 'session%', v.entity, v.entity_key
        """,
        static row => (row.Text(0), row.Text(1), row.Text(2)));

    private static readonly string[] s_registers =
        ["session.project", "session.directory", "session.started_at", "session.ended_at", "session.summary"];

    private static void Acked(Database db, string entity, string key, long seq)
    {
        using var statement = db.Prepare("UPDATE memory_versions SET cloud_seq = ? WHERE entity = ? AND entity_key = ? AND cloud_seq IS NULL");
        statement.Bind(1, seq).Bind(2, entity).Bind(3, key).Run();
    }

    internal static string Text(VersionState state) => state switch
    {
        VersionState.Live => "live",
        VersionState.Deleted => "deleted",
        _ => "gone",
    };

    private static EntityVersion Read(Statement row, int first) => new(
        row.Text(first), row.Int64OrNull(first + 1), row.Text(first + 2) switch
        {
            "live" => VersionState.Live,
            "deleted" => VersionState.Deleted,
            _ => VersionState.Gone,
        }, row.Text(first + 3));
}
