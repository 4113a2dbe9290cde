using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Archive;

/// <summary>Runs as users see them (Get-SyncRun), newest first.</summary>
internal static class RunReader
{
    // Something to retry: the run was cut off, or its own code or that of an entity can pass by itself, or it left items
    // deferred. A success anywhere below it in the tree of its retries settles it.
    private const string RetryableSql =
        """
        (r.kind IN ('exchange', 'surgical', 'memory-import', 'memory-sync') AND r.status IN ('failed', 'partial', 'aborted')
         AND (r.status = 'aborted' OR r.error_code IN (SELECT value FROM json_each(?1))
           OR EXISTS (SELECT 1 FROM sync_run_entities e WHERE e.run_id = r.run_id
             AND (e.status = 'deferred' OR (e.status <> 'ok' AND e.error_code IN (SELECT value FROM json_each(?1))))))
         AND NOT EXISTS (
           WITH RECURSIVE child(id, status) AS (
             SELECT c.run_id, c.status FROM sync_runs c WHERE c.parent_run_id = r.run_id
             UNION SELECT c.run_id, c.status FROM sync_runs c JOIN child ON c.parent_run_id = child.id)
           SELECT 1 FROM child WHERE status = 'succeeded'))
        """;

    private static readonly string Select =
        $"""
        SELECT r.run_id, r.parent_run_id, r.kind, r.status, r.target, r.phase, r.counters_json, r.error_code, r.error_message,
          r.started_at, r.finished_at, r.host, r.pid, {RetryableSql} AS retryable
        FROM sync_runs r
        """;

    private static readonly string RetryableCodes = JsonList.Write(ErrorCatalog.RetryableCodes.Select(c => c.ToString()));

    /// <summary>Runs in question, newest first (ids sort by time); with <see cref="RunQuery.RunIds"/> only those that exist.</summary>
    public static IEnumerable<SyncRun> Read(Database db, RunQuery query, string archivePath)
    {
        var (where, args) = Where(query);
        var sql = $"{Select} {where} ORDER BY r.started_at DESC, r.run_id DESC LIMIT ?2";
        var runs = db.Query(sql, row => ReadRun(row, archivePath), args);
        return query.IncludeEntities ? runs.Select(r => WithEntities(db, r)) : runs;
    }

    public static SyncRun? Find(Database db, string runId, string archivePath, bool includeEntities) =>
        Read(db, new RunQuery { RunIds = [runId], IncludeEntities = includeEntities }, archivePath).FirstOrDefault();

    private static SyncRun WithEntities(Database db, SyncRun run) => run with { Entities = [.. RunTable.Entities(db, run.RunId!)] };

    private static (string Where, object?[] Args) Where(RunQuery query)
    {
        List<object?> args = [RetryableCodes, query.Last ?? -1L];
        List<string> conditions = [];
        void Add(string condition, object value)
        {
            args.Add(value);
            conditions.Add(string.Format(System.Globalization.CultureInfo.InvariantCulture, condition, "?" + args.Count));
        }

        if (query.RunIds.Count > 0)
        {
            Add("r.run_id IN (SELECT value FROM json_each({0}))", JsonList.Write(query.RunIds));
        }

        if (query.Statuses.Count > 0)
        {
            Add("r.status IN (SELECT value FROM json_each({0}))", JsonList.Write(query.Statuses.Select(RunText.Of)));
        }

        if (query.Kinds.Count > 0)
        {
            Add("r.kind IN (SELECT value FROM json_each({0}))", JsonList.Write(query.Kinds.Select(RunText.Of)));
        }

        if (query.Since is { } since)
        {
            Add("r.started_at >= {0}", since.ToUnixTimeMilliseconds());
        }

        if (query.Until is { } until)
        {
            Add("r.started_at <= {0}", until.ToUnixTimeMilliseconds());
        }

        if (query.Retryable)
        {
            conditions.Add(RetryableSql);
        }

        return (conditions.Count > 0 ? "WHERE " + string.Join(" AND ", conditions) : "", [.. args]);
    }

    private static SyncRun ReadRun(Statement row, string archivePath) => new()
    {
        RunId = row.Text(0),
        ParentRunId = row.TextOrNull(1),
        Kind = RunText.Kind(row.Text(2)),
        Status = RunText.Status(row.Text(3)),
        Target = row.TextOrNull(4),
        Phase = row.Text(5),
        Counters = RunText.ReadCounters(row.Bytes(6)),
        ErrorCode = row.TextOrNull(7),
        ErrorMessage = row.TextOrNull(8),
        RecommendedAction = ErrorCatalog.Action(row.TextOrNull(7)),
        StartedAt = RunTable.Time(row.Int64(9)),
        FinishedAt = row.Int64OrNull(10) is { } finished ? RunTable.Time(finished) : null,
        Host = row.Text(11),
        ProcessId = (int)row.Int64(12),
        Retryable = row.Bool(13),
        ArchivePath = archivePath,
    };
}
