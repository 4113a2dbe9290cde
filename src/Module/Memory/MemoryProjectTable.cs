using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary><c>memory_projects</c>: the projects that are enrolled (memory spec 5.2). Names are normalised by the caller.</summary>
internal static class MemoryProjectTable
{
    public static bool IsEnrolled(Database db, string project) =>
        db.Scalar<bool>("SELECT 1 FROM memory_projects WHERE project = ?", project);

    public static IReadOnlyList<EnrolledProject> All(Database db) =>
    [
        .. db.Query(
            """
            SELECT p.project, p.enrolled_at, p.owes_pass, p.backfilled_at,
              (SELECT count(*) FROM memory_mutations m WHERE m.project = p.project AND m.acked_at IS NULL AND m.disposition IS NULL)
            FROM memory_projects p ORDER BY p.project
            """,
            static row => new EnrolledProject(row.Text(0), row.Int64(1), row.Bool(2), row.Int64OrNull(3), row.Int64(4))),
    ];

    /// <summary>False when it was enrolled before. A new one owes a pass from 0, and the backfill at its end.</summary>
    public static bool Enroll(Database db, string project, long now) => db.Execute(
        "INSERT INTO memory_projects(project, enrolled_at) VALUES (?, ?) ON CONFLICT(project) DO NOTHING", project, now) > 0;

    public static bool Remove(Database db, string project) => db.Execute("DELETE FROM memory_projects WHERE project = ?", project) > 0;

    public static IReadOnlyList<string> Enrolled(Database db) =>
        [.. db.Query("SELECT project FROM memory_projects ORDER BY project", static row => row.Text(0))];

    /// <summary>Whether the project may be sent: enrolled, and the pass of its enrollment is done.</summary>
    public static bool IsSendable(Database db, string project) =>
        db.Scalar<bool>("SELECT 1 FROM memory_projects WHERE project = ? AND owes_pass = 0", project);

    public static IReadOnlyList<string> Owing(Database db) =>
        [.. db.Query("SELECT project FROM memory_projects WHERE owes_pass <> 0 ORDER BY project", static row => row.Text(0))];

    /// <summary>The pass and the backfill of this project are done.</summary>
    public static void SetBackfilled(Database db, string project, long now) =>
        db.Execute("UPDATE memory_projects SET owes_pass = 0, backfilled_at = ? WHERE project = ?", now, project);
}

/// <summary>A row of <c>memory_projects</c>; times in Unix ms.</summary>
/// <param name="Pending">Journal rows that were not sent yet.</param>
internal sealed record EnrolledProject(string Project, long EnrolledAt, bool OwesPass, long? BackfilledAt, long Pending);
