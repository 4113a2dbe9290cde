using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>
/// What is known of one origin and kind at a target: while its listing token is unchanged, the far side has everything
/// with aid up to <paramref name="HighAid"/> and nothing that we lack.
/// </summary>
internal sealed record TargetCursor(string Origin, ArtifactKind Kind, string? Token, long HighAid);

/// <summary>Targets and how far the exchange with each has come.</summary>
internal static class TargetTable
{
    public static long? Find(Database db, string uri) => db.Scalar<long?>("SELECT tid FROM targets WHERE uri = ?", uri);

    /// <summary>The id of the target, made when new.</summary>
    public static long Ensure(Database db, string uri)
    {
        db.Execute("INSERT INTO targets(uri) VALUES (?) ON CONFLICT(uri) DO NOTHING", uri);
        return Find(db, uri)!.Value;
    }

    public static void Exchanged(Database db, long tid, DateTimeOffset now) =>
        db.Execute("UPDATE targets SET last_exchange_at = ? WHERE tid = ?", now.ToUnixTimeMilliseconds(), tid);

    public static DateTimeOffset? LastExchange(Database db, long tid) =>
        db.Scalar<long?>("SELECT last_exchange_at FROM targets WHERE tid = ?", tid) is { } at
            ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;

    /// <summary>Everything at the target was listed; see <see cref="LastListing"/>.</summary>
    public static void Listed(Database db, long tid, DateTimeOffset now) =>
        db.Execute("UPDATE targets SET listed_at = ? WHERE tid = ?", now.ToUnixTimeMilliseconds(), tid);

    /// <summary>Something was removed there: what an incremental listing takes for sent may be needed again.</summary>
    public static void ForgetListed(Database db, string uri) => db.Execute("UPDATE targets SET listed_at = NULL WHERE uri = ?", uri);

    /// <summary>When everything was listed last, at a target that is listed incrementally; null = never.</summary>
    public static DateTimeOffset? LastListing(Database db, long tid) =>
        db.Scalar<long?>("SELECT listed_at FROM targets WHERE tid = ?", tid) is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;

    public static IEnumerable<TargetCursor> Cursors(Database db, long tid) => db.Query(
        "SELECT origin, kind, token, high_aid FROM target_cursors WHERE tid = ? ORDER BY origin, kind",
        static row => new TargetCursor(row.Text(0), (ArtifactKind)row.Int64(1), row.TextOrNull(2), row.Int64(3)), tid);

    public static void SetCursor(Database db, long tid, TargetCursor cursor) => db.Execute(
        """
        INSERT INTO target_cursors(tid, origin, kind, token, high_aid) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT(tid, origin, kind) DO UPDATE SET token = excluded.token, high_aid = excluded.high_aid
        """,
        tid, cursor.Origin, cursor.Kind, cursor.Token, cursor.HighAid);

    /// <summary>Forgets the cursors: the next exchange lists everything.</summary>
    public static void ClearCursors(Database db, long tid) => db.Execute("DELETE FROM target_cursors WHERE tid = ?", tid);

    /// <summary>What was taken there for known is wanted again: each target lists it next time.</summary>
    public static void ForgetListing(Database db, string origin, ArtifactKind kind) =>
        db.Execute("UPDATE target_cursors SET token = NULL WHERE origin = ? AND kind = ?", origin, kind);

    /// <summary>Forgets the cursors of all targets: the local store changed behind them.</summary>
    public static void ClearAllCursors(Database db) => db.Execute("DELETE FROM target_cursors");
}
