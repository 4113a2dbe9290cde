using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>What the archive can tell about origins, and pages of names for those who list the local store.</summary>
internal static class PeerTable
{
    /// <summary>Every origin that has artifacts here or was seen once, and the own one, in ordinal order.</summary>
    public static List<string> Origins(Database db, string? own)
    {
        var origins = new SortedSet<string>(CatalogTable.Origins(db), StringComparer.Ordinal);
        origins.UnionWith(IngestTable.Origins(db).Select(state => state.Origin));
        if (own is not null)
        {
            origins.Add(own);
        }
        return [.. origins];
    }

    public static long Sessions(Database db, string origin, bool own) => own
        ? db.Scalar<long>("SELECT count(*) FROM sessions WHERE own = 1 AND deleted_at IS NULL")
        : db.Scalar<long>("SELECT count(*) FROM sessions WHERE origin = ? AND own = 0 AND deleted_at IS NULL", origin);

    /// <summary>Unresolved conflicts of edits of two origins; of one origin when it is given.</summary>
    public static long Conflicts(Database db, string? origin = null) => db.Scalar<long>(
        """
        SELECT count(*) FROM metadata_conflicts WHERE resolved_at IS NULL AND winning_origin <> losing_origin
          AND (?1 IS NULL OR ?1 IN (winning_origin, losing_origin))
        """,
        origin);

    /// <summary>The next names of one kind, ordinal. What waits for repair is left out: whoever has it sends it then.</summary>
    public static List<string> Names(Database db, string origin, ArtifactKind kind, string after, int limit) =>
        [.. db.Query(
            """
            SELECT name FROM artifacts a WHERE origin = ?1 AND kind = ?2 AND name > ?3
              AND NOT EXISTS (SELECT 1 FROM repair_queue r WHERE r.origin = ?1 AND r.kind = ?2 AND r.name = a.name)
            ORDER BY name LIMIT ?4
            """,
            static row => row.Text(0), origin, (long)kind, after, limit)];

    /// <summary>Whether an event of another origin came after this aid.</summary>
    public static bool HasEventsAfter(Database db, string? own, long aid) => db.Scalar<bool>(
        "SELECT EXISTS(SELECT 1 FROM artifacts WHERE aid > ? AND kind = ? AND origin <> ?)", aid, (long)ArtifactKind.Meta, own ?? "");

    public static bool HasSession(Database db, string id) =>
        db.Scalar<bool>("SELECT EXISTS(SELECT 1 FROM sessions WHERE id = ?)", id);

    /// <summary>
    /// Conflicts of a session in the order in which they were logged, with the members of spec 9.9; rows of one origin against
    /// itself are left out.
    /// </summary>
    public static IEnumerable<(string Name, string Value)[]> ConflictRows(Database db, string gid) => db.Query(
        $"""
        SELECT {string.Join(", ", ConflictColumns)}, strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000.0, 'unixepoch')
        FROM metadata_conflicts WHERE session_gid = ? AND winning_origin <> losing_origin ORDER BY conflict_id
        """,
        static row => ConflictColumns.Append("created_at").Select((name, i) => (name, row.Text(i))).ToArray(), gid);

    private static readonly string[] ConflictColumns =
    [
        "session_gid", "field", "winning_order_key", "losing_order_key", "winning_origin", "losing_origin", "winning_op", "losing_op",
        "winning_value", "losing_value",
    ];
}
