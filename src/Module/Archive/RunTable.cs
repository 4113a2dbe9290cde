using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Archive;

/// <summary>What a run begins with. Texts are JSON objects; they hold no secret.</summary>
internal sealed record RunStart(string RunId, RunKind Kind)
{
    public string? ParentRunId { get; init; }
    public string? Target { get; init; }
    public string? InstanceUrl { get; init; }
    public string? Project { get; init; }
    public string Phase { get; init; } = "start";
    public string RequestedJson { get; init; } = "{}";
    public string OptionsJson { get; init; } = "{}";
}

/// <summary>What is needed to do the work of an earlier run again.</summary>
internal sealed record RunRequest(
    string RunId, RunKind Kind, RunStatus Status, string? Target, string? InstanceUrl, string? Project, string RequestedJson,
    string OptionsJson);

/// <summary>
/// The ledger of runs: <c>sync_runs</c> and <c>sync_run_entities</c>. Control plane: written in any transaction, in one of
/// <see cref="ArchiveDatabase.BeginLedger"/> when there is no lease.
/// </summary>
internal static class RunTable
{
    public static void Insert(Database db, RunStart run, ProcessIdentity owner, DateTimeOffset now) => db.Execute(
        """
        INSERT INTO sync_runs(run_id, parent_run_id, kind, target, instance_url, project, status, phase, requested_json, options_json,
          pid, process_started_at, host, started_at, heartbeat_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'running', ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13)
        """,
        run.RunId, run.ParentRunId, RunText.Of(run.Kind), run.Target, run.InstanceUrl, run.Project, run.Phase, run.RequestedJson,
        run.OptionsJson, owner.ProcessId, owner.StartedAt, owner.Host, Milliseconds(now));

    /// <summary>Says "alive"; false when the run is not running any more (it was taken for dead).</summary>
    public static bool Heartbeat(Database db, string runId, DateTimeOffset now) => db.Execute(
        "UPDATE sync_runs SET heartbeat_at = ? WHERE run_id = ? AND status = 'running'", Milliseconds(now), runId) > 0;

    /// <summary>Phase and counters so far; says "alive" as well.</summary>
    public static bool SetPhase(Database db, string runId, string phase, RunCounters counters, DateTimeOffset now) => db.Execute(
        "UPDATE sync_runs SET phase = ?, counters_json = ?, heartbeat_at = ? WHERE run_id = ? AND status = 'running'",
        phase, RunText.WriteCounters(counters), Milliseconds(now), runId) > 0;

    /// <summary>What a run found out about its work, for those that repeat it.</summary>
    public static void SetOptions(Database db, string runId, string optionsJson) =>
        db.Execute("UPDATE sync_runs SET options_json = ? WHERE run_id = ?", optionsJson, runId);

    /// <summary>Inserts or replaces the row of (entity type, key, stage); an entity met again counts its attempts.</summary>
    public static void UpsertEntity(Database db, string runId, SyncRunEntity entity) => db.Execute(
        """
        INSERT INTO sync_run_entities(run_id, entity_type, key, iid, stage, status, error_code, error_message, http_status, attempts,
          updated_at, retry_after_s)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(run_id, entity_type, key, stage) DO UPDATE SET iid = excluded.iid, status = excluded.status,
          error_code = excluded.error_code, error_message = excluded.error_message, http_status = excluded.http_status,
          retry_after_s = excluded.retry_after_s, attempts = max(excluded.attempts, sync_run_entities.attempts + 1), updated_at = excluded.updated_at
        """,
        runId, entity.EntityType, entity.Key, entity.Iid, entity.Stage, RunText.Of(entity.Status), entity.ErrorCode, entity.ErrorMessage,
        entity.HttpStatus, entity.Attempts, Milliseconds(entity.UpdatedAt), entity.RetryAfterSeconds);

    /// <summary>Closes a run; false when it was closed before (taken for dead).</summary>
    public static bool Finish(
        Database db, string runId, RunStatus status, string phase, RunCounters counters, ErrorCode? code, string? message,
        DateTimeOffset now) =>
        db.Execute(
            """
            UPDATE sync_runs SET status = ?1, phase = ?2, counters_json = ?3, error_code = ?4, error_message = ?5,
              finished_at = ?6, heartbeat_at = ?6
            WHERE run_id = ?7 AND status = 'running'
            """,
            RunText.Of(status), phase, RunText.WriteCounters(counters), code?.ToString(), message, Milliseconds(now), runId) > 0;

    public static string Phase(Database db, string runId) => db.Scalar<string>("SELECT phase FROM sync_runs WHERE run_id = ?", runId) ?? "";

    /// <summary>Of a run that was closed as crashed, though everything it was asked for was done.</summary>
    public static void Succeed(Database db, string runId) => db.Execute(
        """
        UPDATE sync_runs SET status = 'succeeded', phase = 'done', error_code = NULL, error_message = NULL
        WHERE run_id = ? AND status = 'aborted'
        """,
        runId);

    public static RunRequest? FindRequest(Database db, string runId) => db.First(
        "SELECT run_id, kind, status, target, instance_url, project, requested_json, options_json FROM sync_runs WHERE run_id = ?",
        static row => new RunRequest(
            row.Text(0), RunText.Kind(row.Text(1)), RunText.Status(row.Text(2)), row.TextOrNull(3), row.TextOrNull(4), row.TextOrNull(5),
            row.Text(6), row.Text(7)),
        runId);

    public static IEnumerable<SyncRunEntity> Entities(Database db, string runId) => db.Query(
        """
        SELECT run_id, entity_type, key, iid, stage, status, error_code, error_message, attempts, updated_at, http_status, retry_after_s
        FROM sync_run_entities WHERE run_id = ? ORDER BY id
        """,
        static row => new SyncRunEntity
        {
            RunId = row.Text(0),
            EntityType = row.Text(1),
            Key = row.Text(2),
            Iid = row.Int64OrNull(3),
            Stage = row.Text(4),
            Status = RunText.EntityStatus(row.Text(5)),
            ErrorCode = row.TextOrNull(6),
            ErrorMessage = row.TextOrNull(7),
            RecommendedAction = ErrorCatalog.Action(row.TextOrNull(6)),
            Attempts = (int)row.Int64(8),
            UpdatedAt = Time(row.Int64(9)),
            HttpStatus = (int?)row.Int64OrNull(10),
            RetryAfterSeconds = row.Int64OrNull(11),
        },
        runId);

    public static bool Remove(Database db, string runId) =>
        db.Execute("DELETE FROM sync_runs WHERE run_id = ? AND status <> 'running'", runId) > 0;

    internal static long Milliseconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    internal static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
