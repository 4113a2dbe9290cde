using ArtifactSync.Archive;
using ArtifactSync.Memory.Cloud;

namespace ArtifactSync.Memory;

/// <summary>The calls of push and pull (memory spec 5.5, 7.1, 7.3, 7.4).</summary>
internal static partial class MemoryTargetTable
{
    private const string ClearFailure = "consecutive_failures = 0, backoff_until = NULL, reason_code = NULL, reason_message = NULL, last_error = NULL";

    private const string Columns =
        """
        target_key, lifecycle, last_enqueued_seq, last_acked_seq, last_pulled_seq, cursor_entity, cursor_key, cursor_op, cursor_occurred_at,
        server_url, memory_order, owes_pass, mapped_max, pull_count, page_limit, consecutive_failures, backoff_until, lease_owner,
        lease_until, reason_code, reason_message, last_sync_at
        """;

    /// <summary>The row, or what a new one would be.</summary>
    public static TargetState Read(Database db, string target = Cloud) =>
        db.First($"SELECT {Columns} FROM memory_targets WHERE target_key = ?", Row, MemoryText.TargetKey(target))
        ?? new TargetState { TargetKey = MemoryText.TargetKey(target) };

    public static IReadOnlyList<TargetState> All(Database db) =>
        [.. db.Query($"SELECT {Columns} FROM memory_targets ORDER BY target_key", Row)];

    /// <summary>The cursor moves to a mutation that was consumed in this transaction; never backwards.</summary>
    public static void Advance(Database db, long seq, CursorMark mark, long now)
    {
        Ensure(db, Cloud, now);
        db.Execute(
            """
            UPDATE memory_targets SET last_pulled_seq = ?1, cursor_entity = ?2, cursor_key = ?3, cursor_op = ?4, cursor_occurred_at = ?5,
              updated_at = ?6 WHERE target_key = ?7 AND last_pulled_seq < ?1
            """,
            seq, mark.Entity, mark.EntityKey, mark.Op, mark.OccurredAt, now, Cloud);
    }

    /// <summary>The log is another one (7.3): cursor and mapping belong to the old one, and so do all numbers of versions.</summary>
    public static void Reset(Database db, string serverUrl, long now)
    {
        Ensure(db, Cloud, now);
        db.Execute(
            """
            UPDATE memory_targets SET last_pulled_seq = 0, cursor_entity = NULL, cursor_key = NULL, cursor_op = NULL, cursor_occurred_at = NULL,
              mapped_max = 0, page_limit = NULL, server_url = ?, owes_pass = ?, updated_at = ? WHERE target_key = ?
            """,
            serverUrl, (long)OwedPass.PassAfterReset, now, Cloud);
        MappingTable.Clear(db);
        ChunkTable.ForgetServer(db);
        db.Execute("UPDATE memory_versions SET cloud_seq = 0 WHERE cloud_seq > 0");
        db.Execute("UPDATE memory_deferred SET remote_seq = 0 WHERE remote_seq > 0");
    }

    public static void SetServer(Database db, string serverUrl, MemoryOrder order, long now)
    {
        Ensure(db, Cloud, now);
        db.Execute("UPDATE memory_targets SET server_url = ?, memory_order = ? WHERE target_key = ?", serverUrl, order.ToString(), Cloud);
    }

    /// <summary>A pass from 0 is owed from now on; a greater debt stays.</summary>
    public static void Owe(Database db, OwedPass pass, long now)
    {
        Ensure(db, Cloud, now);
        db.Execute("UPDATE memory_targets SET owes_pass = max(owes_pass, ?) WHERE target_key = ?", (long)pass, Cloud);
    }

    public static void SettlePass(Database db) => db.Execute("UPDATE memory_targets SET owes_pass = 0 WHERE target_key = ?", Cloud);

    public static void RaiseMappedMax(Database db, long seq, long now)
    {
        Ensure(db, Cloud, now);
        db.Execute("UPDATE memory_targets SET mapped_max = max(mapped_max, ?) WHERE target_key = ?", seq, Cloud);
    }

    public static void SetPageLimit(Database db, int limit) =>
        db.Execute("UPDATE memory_targets SET page_limit = ? WHERE target_key = ?", limit, Cloud);

    public static void CountPull(Database db, long now)
    {
        Ensure(db, Cloud, now);
        db.Execute("UPDATE memory_targets SET pull_count = pull_count + 1 WHERE target_key = ?", Cloud);
    }

    public static void SetHealthy(Database db, string target, long now)
    {
        Ensure(db, target, now);
        db.Execute(
            $"UPDATE memory_targets SET lifecycle = 'healthy', {ClearFailure}, last_sync_at = ?1, updated_at = ?1 WHERE target_key = ?2",
            now, MemoryText.TargetKey(target));
    }

    /// <summary>What this blocked a target is gone.</summary>
    public static void Unblock(Database db, string target, string reason, long now) => db.Execute(
        $"UPDATE memory_targets SET lifecycle = 'idle', {ClearFailure}, updated_at = ? WHERE target_key = ? AND reason_code = ?",
        now, MemoryText.TargetKey(target), reason);

    public static void SetFailure(Database db, string target, string reason, string message, long? backoffUntil, long now)
    {
        Ensure(db, target, now);
        db.Execute(
            """
            UPDATE memory_targets SET lifecycle = 'degraded', consecutive_failures = consecutive_failures + 1, backoff_until = ?1,
              reason_code = ?2, reason_message = ?3, last_error = ?3, updated_at = ?4 WHERE target_key = ?5
            """,
            backoffUntil, reason, message, now, MemoryText.TargetKey(target));
    }

    public static void SetBlocked(Database db, string target, string reason, string message, long now)
    {
        Ensure(db, target, now);
        db.Execute(
            """
            UPDATE memory_targets SET lifecycle = 'degraded', consecutive_failures = 0, backoff_until = NULL,
              reason_code = ?1, reason_message = ?2, last_error = ?2, updated_at = ?3 WHERE target_key = ?4
            """,
            reason, message, now, MemoryText.TargetKey(target));
    }

    /// <summary>
    /// After rows were acked: a high-water mark, and the lifecycle by what is still pending, unless the target is actively
    /// degraded (5.5 "ack").
    /// </summary>
    public static void SetAcked(Database db, string target, long seq, bool hasPending, long now)
    {
        Ensure(db, target, now);
        var key = MemoryText.TargetKey(target);
        db.Execute("UPDATE memory_targets SET last_acked_seq = max(last_acked_seq, ?), updated_at = ? WHERE target_key = ?", seq, now, key);
        db.Execute(
            $"""
            UPDATE memory_targets SET lifecycle = ?1, {ClearFailure} WHERE target_key = ?2 AND NOT (lifecycle = 'degraded' AND
              (reason_code IN ('blocked_unenrolled', 'paused', 'auth_required', 'policy_forbidden', 'cloud_config_error') OR coalesce(backoff_until, 0) > ?3))
            """,
            hasPending ? "pending" : "healthy", key, now);
    }

    /// <summary>
    /// Takes or renews the right to run cycles (7.1): free, ours, or run out. In an immediate transaction.
    /// </summary>
    public static bool TryLease(Database db, string owner, long until, long now)
    {
        Ensure(db, Cloud, now);
        return db.Execute(
            """
            UPDATE memory_targets SET lease_owner = ?1, lease_until = ?2 WHERE target_key = ?3
              AND (lease_owner IS NULL OR trim(lease_owner) = '' OR lease_owner = ?1 OR lease_until IS NULL OR lease_until <= ?4)
            """,
            owner, until, Cloud, now) > 0;
    }

    public static void ReleaseLease(Database db, string owner) => db.Execute(
        "UPDATE memory_targets SET lease_owner = NULL, lease_until = NULL WHERE target_key = ? AND (lease_owner = ? OR trim(coalesce(lease_owner, '')) = '')",
        Cloud, owner);

    private static TargetState Row(Statement row) => new()
    {
        TargetKey = row.Text(0), Lifecycle = row.Text(1), LastEnqueuedSeq = row.Int64(2), LastAckedSeq = row.Int64(3), Cursor = row.Int64(4),
        Mark = row.IsNull(6) ? null : new CursorMark(row.Text(5), row.Text(6), row.Text(7), row.Text(8)),
        ServerUrl = row.TextOrNull(9), Order = row.Text(10) == nameof(MemoryOrder.Lww) ? MemoryOrder.Lww : MemoryOrder.LogOrder,
        Owes = (OwedPass)row.Int64(11), MappedMax = row.Int64(12), PullCount = row.Int64(13), PageLimit = (int?)row.Int64OrNull(14),
        ConsecutiveFailures = (int)row.Int64(15), BackoffUntil = row.Int64OrNull(16), LeaseOwner = row.TextOrNull(17),
        LeaseUntil = row.Int64OrNull(18), ReasonCode = row.TextOrNull(19), ReasonMessage = row.TextOrNull(20), LastSyncAt = row.Int64OrNull(21),
    };
}
