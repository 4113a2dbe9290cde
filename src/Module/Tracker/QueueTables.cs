using ArtifactSync.Archive;

namespace ArtifactSync.Tracker;

/// <summary>
/// <c>dirty_sources</c>: items whose document is behind. A run rebuilds what its own rows name and deletes exactly those: rows
/// of an item that were there before stay for the drain (surgical spec 5).
/// </summary>
internal static class DirtyTable
{
    public static long Add(Database db, string sourceType, long sourceId, long now) => db.Scalar<long>(
        "INSERT INTO dirty_sources(source_type, source_id, queued_at) VALUES (?, ?, ?) RETURNING id", sourceType, sourceId, now);

    /// <summary>Whether the row was still there; if not, another process has drained it.</summary>
    public static bool Remove(Database db, long id) => db.Execute("DELETE FROM dirty_sources WHERE id = ?", id) > 0;

    /// <summary>What is behind, oldest first, with the newest row of each.</summary>
    public static IReadOnlyList<(string SourceType, long SourceId, long UpTo)> All(Database db) =>
    [
        .. db.Query(
            "SELECT source_type, source_id, max(id) FROM dirty_sources GROUP BY source_type, source_id ORDER BY min(id)",
            static row => (row.Text(0), row.Int64(1), row.Int64(2))),
    ];

    public static void RemoveUpTo(Database db, string sourceType, long sourceId, long id) => db.Execute(
        "DELETE FROM dirty_sources WHERE source_type = ? AND source_id = ? AND id <= ?", sourceType, sourceId, id);
}

/// <summary>
/// <c>dependent_queue</c>: the local application of what a run has fetched, job by job. A row of a finished run is never
/// pending or claimed.
/// </summary>
internal static class DependentQueue
{
    public const string Discussions = "discussions";
    public const string LabelEvents = "label_events";
    public const string StateEvents = "state_events";
    public const string MilestoneEvents = "milestone_events";
    public static readonly string[] Jobs = [Discussions, LabelEvents, StateEvents, MilestoneEvents];
    private static readonly TimeSpan s_kept = TimeSpan.FromDays(30);

    public static void Enqueue(Database db, string runId, long projectId, string entityType, long entityId, long now)
    {
        foreach (var job in Jobs)
        {
            db.Execute(
                "INSERT INTO dependent_queue(project_id, entity_type, entity_id, job, scope_run_id, enqueued_at) VALUES (?, ?, ?, ?, ?, ?)",
                projectId, entityType, entityId, job, runId, now);
        }
    }

    /// <summary>Takes the jobs of one item of this run: nobody else's, whatever lies in the queue.</summary>
    public static IReadOnlyList<(long Id, string Job)> Claim(Database db, string runId, string entityType, long entityId, long now) =>
    [
        .. db.Query(
            """
            UPDATE dependent_queue SET status = 'claimed', claimed_at = ?, attempts = attempts + 1
            WHERE scope_run_id = ? AND entity_type = ? AND entity_id = ? AND status = 'pending' RETURNING id, job
            """,
            static row => (row.Int64(0), row.Text(1)), now, runId, entityType, entityId),
    ];

    public static void Done(Database db, long id, long now) => db.Execute(
        "UPDATE dependent_queue SET status = 'done', finished_at = ? WHERE id = ?", now, id);

    public static void Failed(Database db, long id, string error, long now) => db.Execute(
        "UPDATE dependent_queue SET status = 'failed', last_error = ?, finished_at = ? WHERE id = ?", error, now, id);

    /// <summary>Hygiene (surgical spec 7): what a run leaves open when it ends. Returns the number of jobs.</summary>
    public static int Abort(Database db, string runId, string reason, long now) => db.Execute(
        """
        UPDATE dependent_queue SET status = 'aborted', aborted_reason = ?, finished_at = ?
        WHERE scope_run_id = ? AND status IN ('pending', 'claimed')
        """,
        reason, now, runId);

    /// <summary>Forgets what ended 30 days ago.</summary>
    public static void Prune(Database db, long now) => db.Execute(
        "DELETE FROM dependent_queue WHERE finished_at < ?", now - (long)s_kept.TotalMilliseconds);
}
