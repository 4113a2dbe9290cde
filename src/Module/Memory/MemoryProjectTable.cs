using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary><c>memory_projects</c>: the projects that are enrolled (memory spec 5.2). Names are normalised by the caller.</summary>
internal static class MemoryProjectTable
{
    public static bool IsEnrolled(Database db, string project) => db.Scalar<bool>("SELECT 1 FROM memory_projects WHERE project = ?", project);

    /// <summary>False when it was enrolled before. A new one owes a pass from 0, and the backfill at its end.</summary>
    public static bool Enroll(Database db, string project, long now) => db.Execute(
        "INSERT INTO memory_projects(project, enrolled_at) VALUES (?, ?) ON CONFLICT(project) DO NOTHING", project, now) > 0;

    public static bool Remove(Database db, string project) => db.Execute("DELETE FROM memory_projects WHERE project = ?", project) > 0;

    public static IReadOnlyList<string> Enrolled(Database db) =>
        [.. db.Query("SELECT project FROM memory_projects ORDER BY project", static row => row.Text(0))];

    public static IReadOnlyList<string> Owing(Database db) =>
        [.. db.Query("SELECT project FROM memory_projects WHERE owes_pass <> 0 ORDER BY project", static row => row.Text(0))];

    /// <summary>The pass and the backfill of this project are done.</summary>
    public static void SetBackfilled(Database db, string project, long now) =>
        db.Execute("UPDATE memory_projects SET owes_pass = 0, backfilled_at = ? WHERE project = ?", now, project);
}
