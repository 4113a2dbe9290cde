namespace ArtifactSync.Archive;

/// <summary>
/// An origin with something to look at. The marks are counters: what arrives while an origin is being ingested raises
/// them, so that clearing what was seen does not lose it.
/// </summary>
internal sealed record PendingOrigin(string Origin, long Content, long Metadata);

/// <summary>The checkpoint that was imported last, completely (spec 7.6).</summary>
internal sealed record Landing(string Origin, long Sequence, string CheckpointSha256, DateTimeOffset LandedAt);

/// <summary>What import has done and has to do, per origin and session.</summary>
internal static class IngestTable
{
    /// <summary>Notes that something arrived for the origin.</summary>
    public static void MarkPending(Database db, string origin, bool content, bool metadata, DateTimeOffset now) => db.Execute(
        """
        INSERT INTO origin_state(origin, content_pending, metadata_pending, first_seen_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT(origin) DO UPDATE SET content_pending = content_pending + ?2, metadata_pending = metadata_pending + ?3
        """,
        origin, content, metadata, now.ToUnixTimeMilliseconds());

    /// <summary>The origin of a foreign session has something to import; nothing happens for an own one.</summary>
    public static void MarkContent(Database db, long sid) => db.Execute(
        """
        UPDATE origin_state SET content_pending = content_pending + 1
        WHERE origin = (SELECT origin FROM sessions WHERE sid = ? AND own = 0)
        """,
        sid);

    /// <summary>Marks every known origin: for a full run, or when what was skipped may now be wanted.</summary>
    public static void MarkAllPending(Database db) =>
        db.Execute("UPDATE origin_state SET content_pending = content_pending + 1, metadata_pending = metadata_pending + 1");

    /// <summary>Origins with pending content or metadata, in their order.</summary>
    public static List<PendingOrigin> Pending(Database db) => [.. db.Query(
        """
        SELECT origin, content_pending, metadata_pending FROM origin_state
        WHERE content_pending > 0 OR metadata_pending > 0 ORDER BY origin
        """,
        ReadOrigin)];

    public static IEnumerable<PendingOrigin> Origins(Database db) =>
        db.Query("SELECT origin, content_pending, metadata_pending FROM origin_state ORDER BY origin", ReadOrigin);

    /// <summary>Clears the content mark unless it was raised since it was read.</summary>
    public static bool ClearContent(Database db, PendingOrigin seen) => db.Execute(
        "UPDATE origin_state SET content_pending = 0 WHERE origin = ? AND content_pending = ?", seen.Origin, seen.Content) > 0;

    /// <summary>Clears the metadata mark unless it was raised since it was read.</summary>
    public static bool ClearMetadata(Database db, PendingOrigin seen) => db.Execute(
        "UPDATE origin_state SET metadata_pending = 0 WHERE origin = ? AND metadata_pending = ?", seen.Origin, seen.Metadata) > 0;

    /// <summary>The manifest that the session's rows were imported from; null = never.</summary>
    public static string? Watermark(Database db, string gid) =>
        db.Scalar<string>("SELECT manifest_sha256 FROM watermarks WHERE gid = ?", gid);

    /// <summary>All watermarks of an origin in UTF-8 byte order of the gid: the order of a checkpoint's map.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Watermarks(Database db, string origin) => db.Query(
        // '~' is 0x7e: what begins with "origin~" ends before "origin" + 0x7f.
        "SELECT gid, manifest_sha256 FROM watermarks WHERE gid >= ? AND gid < ? ORDER BY gid",
        static row => KeyValuePair.Create(row.Text(0), row.Text(1)), origin + "~", origin + "\u007f");

    /// <summary>In the transaction that wrote the session's rows.</summary>
    public static void SetWatermark(Database db, string gid, string manifestSha256) => db.Execute(
        """
        INSERT INTO watermarks(gid, manifest_sha256) VALUES (?, ?)
        ON CONFLICT(gid) DO UPDATE SET manifest_sha256 = excluded.manifest_sha256
        """,
        gid, manifestSha256);

    public static bool RemoveWatermark(Database db, string gid) => db.Execute("DELETE FROM watermarks WHERE gid = ?", gid) > 0;

    public static Landing? FindLanding(Database db, string origin) => db.First(
        "SELECT origin, sequence, checkpoint_sha256, landed_at FROM landings WHERE origin = ?",
        static row => new Landing(row.Text(0), row.Int64(1), row.Text(2), DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(3))), origin);

    /// <summary>Records a landing; false, and nothing changes, when a higher one is recorded: landings never go back.</summary>
    public static bool SetLanding(Database db, Landing landing) => db.Execute(
        """
        INSERT INTO landings(origin, sequence, checkpoint_sha256, landed_at) VALUES (?, ?, ?, ?)
        ON CONFLICT(origin) DO UPDATE SET sequence = excluded.sequence, checkpoint_sha256 = excluded.checkpoint_sha256,
          landed_at = excluded.landed_at WHERE excluded.sequence >= sequence
        """,
        landing.Origin, landing.Sequence, landing.CheckpointSha256, landing.LandedAt.ToUnixTimeMilliseconds()) > 0;

    /// <summary>
    /// The highest checkpoint that content was taken from, complete or not. It can be above the landing: excluded sessions
    /// keep a landing open.
    /// </summary>
    public static long ImportedSequence(Database db, string origin) =>
        db.Scalar<long>("SELECT imported_sequence FROM origin_state WHERE origin = ?", origin);

    /// <summary>Notes, in the transaction of the first content, where it comes from.</summary>
    public static void RaiseImportedSequence(Database db, string origin, long sequence) => db.Execute(
        "UPDATE origin_state SET imported_sequence = ?2 WHERE origin = ?1 AND imported_sequence < ?2", origin, sequence);

    private static PendingOrigin ReadOrigin(Statement row) => new(row.Text(0), row.Int64(1), row.Int64(2));
}
