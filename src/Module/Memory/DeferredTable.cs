using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary>A row of <c>memory_deferred</c>.</summary>
internal sealed record DeferredRow(
    string Id, Mutation Mutation, string? WaitsFor, bool IsDead, string ReasonCode, long RetryCount, string? LastError);

/// <summary><c>memory_deferred</c>: mutations that wait for something, or that never apply (memory spec 8.5).</summary>
internal static class DeferredTable
{
    private const string Columns =
        "id, entity, entity_key, op, project, payload, remote_seq, occurred_at, waits_for, apply_status, reason_code, retry_count, " +
        "last_error";

    public static DeferredRow? Find(Database db, string id) => db.First($"SELECT {Columns} FROM memory_deferred WHERE id = ?", Read, id);

    /// <summary>Inserts or replaces; count and first sight of a row that was there stay.</summary>
    public static void Put(Database db, DeferredRow row, long now) => db.Execute(
        """
        INSERT INTO memory_deferred(id, entity, entity_key, op, project, payload, remote_seq, occurred_at, waits_for, apply_status,
          reason_code, last_error, retry_count, first_seen_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(id) DO UPDATE SET op = excluded.op, project = excluded.project, payload = excluded.payload,
          remote_seq = excluded.remote_seq, occurred_at = excluded.occurred_at, waits_for = excluded.waits_for,
          apply_status = excluded.apply_status, reason_code = excluded.reason_code, last_error = excluded.last_error
        """,
        row.Id, row.Mutation.Entity, row.Mutation.EntityKey, row.Mutation.Op, row.Mutation.Project, row.Mutation.Payload,
        row.Mutation.Seq, row.Mutation.OccurredAt, row.WaitsFor, row.IsDead ? "dead" : "deferred", row.ReasonCode, row.LastError,
        row.RetryCount, now);

    /// <summary>Waiting rows, oldest first.</summary>
    public static IReadOnlyList<DeferredRow> Waiting(Database db, int limit) =>
    [
        .. db.Query(
            $"""
            SELECT {Columns} FROM memory_deferred WHERE apply_status = 'deferred'
            ORDER BY coalesce(last_attempted_at, 0), first_seen_at, id LIMIT ?
            """,
            Read, limit),
    ];

    public static IReadOnlyList<DeferredRow> All(Database db) =>
        [.. db.Query($"SELECT {Columns} FROM memory_deferred ORDER BY first_seen_at, id", Read)];

    public static void Remove(Database db, string id) => db.Execute("DELETE FROM memory_deferred WHERE id = ?", id);

    /// <summary>One more try that failed.</summary>
    public static void SetAttempt(Database db, string id, long retries, bool dead, string error, long now) => db.Execute(
        "UPDATE memory_deferred SET retry_count = ?, apply_status = ?, last_error = ?, last_attempted_at = ? WHERE id = ?",
        retries, dead ? "dead" : "deferred", error, now, id);

    /// <summary>A session was inserted: what waits for it is tried again, dead rows too (8.5).</summary>
    public static void Wake(Database db, string sessionId) => db.Execute(
        "UPDATE memory_deferred SET apply_status = 'deferred', retry_count = 0 WHERE waits_for = ?", sessionId);

    public static (long Deferred, long Dead) Count(Database db) => db.First(
        "SELECT coalesce(sum(apply_status = 'deferred'), 0), coalesce(sum(apply_status = 'dead'), 0) FROM memory_deferred",
        static row => (row.Int64(0), row.Int64(1)));

    public static IReadOnlyDictionary<string, (long Deferred, long Dead)> CountByProject(Database db) =>
        db.Query(
            "SELECT project, sum(apply_status = 'deferred'), sum(apply_status = 'dead') FROM memory_deferred GROUP BY project",
            static row => (Project: row.Text(0), Counts: (row.Int64(1), row.Int64(2))))
            .ToDictionary(row => row.Project, row => row.Counts, StringComparer.Ordinal);

    private static DeferredRow Read(Statement row) => new(
        row.Text(0),
        new Mutation(row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5), row.Int64(6), row.TextOrNull(7)),
        row.TextOrNull(8), row.Text(9) == "dead", row.Text(10), row.Int64(11), row.TextOrNull(12));
}
