using ArtifactSync.Archive;
using ArtifactSync.Model;

namespace ArtifactSync.Metadata;

/// <summary>A conflict of the archive and how it was settled; null = open.</summary>
internal sealed record LoggedConflict(long Id, ConflictRow Row, ConflictChoice? Resolution);

/// <summary>SQL of the conflict log: losing edits and what became of them (spec 9.9; decisions: settled conflicts).</summary>
internal static class ConflictTable
{
    private const string Columns =
        "session_gid, field, winning_order_key, losing_order_key, winning_origin, losing_origin, winning_op, losing_op, winning_value, losing_value";

    // Both run for every winning edit, whatever a peer sends: they must find their rows by index (a test looks).
    internal const string SettleSql =
        """
        UPDATE metadata_conflicts SET resolved_at = ?1, resolution = ?2, resolved_by = ?3
        WHERE session_gid = ?4 AND field = ?5 AND losing_op = ?6 AND substr(losing_value, 1, 64) = substr(?7, 1, 64) AND losing_value = ?7
          AND resolved_at IS NULL
        """;

    internal const string DecisionSql =
        """
        SELECT EXISTS(SELECT 1 FROM metadata_conflicts
          WHERE session_gid = ? AND field = ? AND winning_order_key = ? AND losing_op = ? AND losing_value = ?)
        """;

    /// <summary>False when the same pair of edits is logged already.</summary>
    /// <param name="db">The caller's transaction.</param>
    /// <param name="row">The two edits.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="settledBy">The origin whose winning edit settles it at once; null = it is open.</param>
    public static bool Add(Database db, ConflictRow row, long now, string? settledBy = null) => db.Execute(
        $"""
        INSERT OR IGNORE INTO metadata_conflicts({Columns}, created_at, resolved_at, resolution, resolved_by)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, CASE WHEN ?12 IS NOT NULL THEN ?11 END, CASE WHEN ?12 IS NOT NULL THEN ?13 END, ?12)
        """,
        row.Gid, row.Field, row.WinningOrderKey, row.LosingOrderKey, row.WinningOrigin, row.LosingOrigin,
        row.WinningOp, row.LosingOp, row.WinningValue, row.LosingValue, now, settledBy, nameof(ConflictChoice.Winner)) > 0;

    /// <summary>
    /// A winning edit that says again what an earlier one of its register lost with is the decision for that loser, whoever
    /// made it: the open conflicts with that loser are settled.
    /// </summary>
    public static void Settle(Database db, RegisterEntry winner, long now) => db.Execute(
        SettleSql, now, nameof(ConflictChoice.Loser), winner.Origin, winner.Gid, winner.Field, winner.Op, winner.Value);

    /// <summary>
    /// Whether an edit takes back what another one overruled: what it says lost against just the edit that it wins against.
    /// The conflict between these two is then no new question.
    /// </summary>
    public static bool IsDecision(Database db, RegisterEntry winner, RegisterEntry overruled) => db.Scalar<long>(
        DecisionSql, winner.Gid, winner.Field, overruled.OrderKey, winner.Op, winner.Value) > 0;

    public static LoggedConflict? Find(Database db, long id) => db.First(
        $"SELECT {Columns}, resolution FROM metadata_conflicts WHERE conflict_id = ?",
        row => new LoggedConflict(
            id,
            new ConflictRow(
                row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5), row.Text(6), row.Text(7), row.Text(8), row.Text(9)),
            Choice(row.TextOrNull(10))),
        id);

    /// <summary>Notes the decision of a user of this archive. Of one that was made before, only the note changes.</summary>
    public static void Resolve(Database db, LoggedConflict conflict, ConflictChoice choice, string by, string? note, long now)
    {
        if (conflict.Resolution == choice)
        {
            db.Execute("UPDATE metadata_conflicts SET note = coalesce(?, note) WHERE conflict_id = ?", note, conflict.Id);
            return;
        }

        db.Execute(
            "UPDATE metadata_conflicts SET resolved_at = ?, resolution = ?, resolved_by = ?, note = ? WHERE conflict_id = ?",
            now, choice.ToString(), by, note, conflict.Id);
    }

    /// <summary>What a deciding edit of this archive overrules is decided, too.</summary>
    public static void ResolveOverruled(Database db, RegisterEntry decision, string by, long now) => db.Execute(
        """
        UPDATE metadata_conflicts SET resolved_at = ?, resolution = ?, resolved_by = ?
        WHERE session_gid = ? AND field = ? AND winning_order_key = ? AND resolved_at IS NULL
        """,
        now, nameof(ConflictChoice.Winner), by, decision.Gid, decision.Field, decision.OrderKey);

    public static ConflictChoice? Choice(string? text) => Enum.TryParse(text, out ConflictChoice choice) ? choice : null;
}
