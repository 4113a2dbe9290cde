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
    /// made it: the open conflicts with that loser are settled. True when there is such a loser, open or not.
    /// </summary>
    public static bool Settle(Database db, RegisterEntry winner, long now)
    {
        if (db.Scalar<long>(
            "SELECT count(*) FROM metadata_conflicts WHERE session_gid = ? AND field = ? AND losing_op = ? AND losing_value = ?",
            winner.Gid, winner.Field, winner.Op, winner.Value) == 0)
        {
            return false;
        }

        db.Execute(
            """
            UPDATE metadata_conflicts SET resolved_at = ?, resolution = ?, resolved_by = ?
            WHERE session_gid = ? AND field = ? AND losing_op = ? AND losing_value = ? AND resolved_at IS NULL
            """,
            now, nameof(ConflictChoice.Loser), winner.Origin, winner.Gid, winner.Field, winner.Op, winner.Value);
        return true;
    }

    public static LoggedConflict? Find(Database db, long id) => db.First(
        $"SELECT {Columns}, resolution FROM metadata_conflicts WHERE conflict_id = ?",
        row => new LoggedConflict(
            id,
            new ConflictRow(
                row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5), row.Text(6), row.Text(7), row.Text(8), row.Text(9)),
            Choice(row.TextOrNull(10))),
        id);

    /// <summary>Notes the decision of a user of this archive.</summary>
    public static void Resolve(Database db, long id, ConflictChoice choice, string by, string? note, long now) => db.Execute(
        "UPDATE metadata_conflicts SET resolved_at = ?, resolution = ?, resolved_by = ?, note = ? WHERE conflict_id = ?",
        now, choice.ToString(), by, note, id);

    public static ConflictChoice? Choice(string? text) => Enum.TryParse(text, out ConflictChoice choice) ? choice : null;
}
