using ArtifactSync.Errors;

namespace ArtifactSync.Archive;

/// <summary>Closes runs whose owner is gone, at the start of every run that may write (surgical spec 8).</summary>
internal static class RunReaper
{
    /// <summary>
    /// Closes as aborted (RunCrashed) every running run whose process is dead on this host, or that was silent for two minutes
    /// and holds no live lease. A lease of such a run is released. Returns the ids.
    /// </summary>
    public static IReadOnlyList<string> Reap(Database db, ProcessIdentity self, DateTimeOffset now)
    {
        var milliseconds = now.ToUnixTimeMilliseconds();
        var holder = LeaseHolder.Find(db);
        var live = holder is not null && holder.IsAlive(self, milliseconds) ? holder.RunId : null;
        List<string> dead = [];
        foreach (var run in Running(db))
        {
            if (run.Owner.IsDead(self) || (!run.IsAlive(self, milliseconds) && run.RunId != live))
            {
                Close(db, run, milliseconds);
                dead.Add(run.RunId);
            }
        }

        return dead;
    }

    private static List<LeaseHolder> Running(Database db) => [.. db.Query(
        "SELECT run_id, host, pid, process_started_at, heartbeat_at FROM sync_runs WHERE status = 'running' ORDER BY run_id",
        LeaseHolder.Read)];

    private static void Close(Database db, LeaseHolder run, long now)
    {
        db.Execute(
            """
            UPDATE sync_runs SET status = 'aborted', error_code = ?1, error_message = ?2, finished_at = ?3
            WHERE run_id = ?4 AND status = 'running'
            """,
            ErrorCode.RunCrashed.ToString(),
            $"The run ended without closing itself (host {run.Owner.Host}, process {run.Owner.ProcessId}).", now, run.RunId);
        db.Execute("UPDATE app_locks SET released = 1 WHERE name = ? AND run_id = ? AND released = 0", Lease.LockName, run.RunId);
    }
}
