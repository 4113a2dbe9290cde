using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>One pinned message. <see cref="Field"/> names the register it comes from; null = pinned here and never published.</summary>
internal readonly record struct PinRow(long Ordinal, string SourceUuid, string? Note, string CreatedAt, string? Field);

/// <summary>A session as curation sees it.</summary>
internal sealed record CuratedSession(long Sid, string Id, bool Own, string? DisplayName, string? DeletedAt);

/// <summary>SQL of curation: titles, trash, stars, pins, exclusions. Sessions go by their archive id (spec 9.3).</summary>
internal static class CurationTable
{
    public static CuratedSession? Find(Database db, string id) => db.First(
        "SELECT sid, id, own, display_name, deleted_at FROM sessions WHERE id = ?",
        static row => new CuratedSession(row.Int64(0), row.Text(1), row.Bool(2), row.TextOrNull(3), row.TextOrNull(4)), id);

    public static void SetDisplayName(Database db, long sid, string? value) =>
        db.Execute("UPDATE sessions SET display_name = ?1 WHERE sid = ?2 AND display_name IS NOT ?1", value, sid);

    /// <summary>Trash or restore. While it was trashed a foreign session was not imported, so a restored one is looked at again (spec 7.5).</summary>
    public static void SetDeletedAt(Database db, long sid, string? value)
    {
        if (db.Execute("UPDATE sessions SET deleted_at = ?1 WHERE sid = ?2 AND deleted_at IS NOT ?1", value, sid) > 0 && value is null)
        {
            IngestTable.MarkContent(db, sid);
        }
    }

    public static bool IsStarred(Database db, string id) =>
        db.Scalar<long>("SELECT count(*) FROM starred_sessions WHERE session_id = ?", id) > 0;

    public static void Star(Database db, string id, string now) =>
        db.Execute("INSERT OR IGNORE INTO starred_sessions(session_id, created_at) VALUES (?, ?)", id, now);

    public static void Unstar(Database db, string id) => db.Execute("DELETE FROM starred_sessions WHERE session_id = ?", id);

    public static bool IsExcluded(Database db, string id) =>
        db.Scalar<long>("SELECT count(*) FROM excluded_sessions WHERE id = ?", id) > 0;

    public static void Exclude(Database db, string id, string now) =>
        db.Execute("INSERT OR IGNORE INTO excluded_sessions(id, created_at) VALUES (?, ?)", id, now);

    /// <summary>Other ids under which the archive holds the same transcript of the same source file.</summary>
    public static List<string> Aliases(Database db, string id) =>
        [.. db.Query(
            """
            SELECT b.id FROM sessions a JOIN sessions b ON b.file_path = a.file_path AND b.source_session_id = a.source_session_id
            WHERE a.id = ? AND a.own = 1 AND b.own = 1 AND b.sid <> a.sid AND a.file_path <> '' AND a.source_session_id <> ''
            """,
            static row => row.Text(0), id)];

    /// <summary>Removes a session with its messages and pins; its star goes too.</summary>
    public static void Delete(Database db, string id)
    {
        db.Execute("DELETE FROM starred_sessions WHERE session_id = ?", id);
        SessionTable.Delete(db, id);
    }

    public static MessageAnchors Anchors(Database db, long sid) => new(db.Query(
        "SELECT ordinal, source_uuid FROM messages WHERE sid = ? ORDER BY ordinal", static row => (row.Int64(0), row.Text(1)), sid));

    public static List<PinRow> Pins(Database db, long sid) =>
        [.. db.Query(
            "SELECT ordinal, source_uuid, note, created_at, field FROM pinned_messages WHERE sid = ? ORDER BY ordinal, pid",
            static row => new PinRow(row.Int64(0), row.Text(1), row.TextOrNull(2), row.Text(3), row.TextOrNull(4)), sid)];

    public static void PutPin(Database db, long sid, PinRow pin) => db.Execute(
        """
        INSERT INTO pinned_messages(sid, ordinal, source_uuid, note, created_at, field) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT(sid, ordinal) DO UPDATE SET source_uuid = excluded.source_uuid, note = excluded.note,
          created_at = excluded.created_at, field = excluded.field
        """,
        sid, pin.Ordinal, pin.SourceUuid, pin.Note, pin.CreatedAt, pin.Field);

    public static void RemovePin(Database db, long sid, long ordinal) =>
        db.Execute("DELETE FROM pinned_messages WHERE sid = ? AND ordinal = ?", sid, ordinal);

    /// <summary>Curation that no register knows, as events without stamp: titles, stars, trash, pins, each by session (spec 9.6).</summary>
    public static IEnumerable<MetadataEvent> Unregistered(Database db, string origin)
    {
        IEnumerable<MetadataEvent> renames = Sessions(
            db, "SELECT id, display_name FROM sessions WHERE display_name IS NOT NULL ORDER BY id")
            .Select(row => Event(origin, row.Id, EventOp.Rename, EditPlanner.RenameValue(row.Text)));
        IEnumerable<MetadataEvent> stars = Sessions(
            db, "SELECT id, NULL FROM starred_sessions t JOIN sessions s ON s.id = t.session_id ORDER BY id")
            .Select(row => Event(origin, row.Id, EventOp.Star));
        IEnumerable<MetadataEvent> trash = Sessions(db, "SELECT id, NULL FROM sessions WHERE deleted_at IS NOT NULL ORDER BY id")
            .Select(row => Event(origin, row.Id, EventOp.SoftDelete));
        IEnumerable<MetadataEvent> pins = db.Query(
            """
            SELECT s.id, p.source_uuid, p.ordinal, p.note FROM pinned_messages p JOIN sessions s ON s.sid = p.sid
            WHERE p.field IS NULL ORDER BY s.id, p.ordinal, p.pid
            """,
            row => Event(origin, row.Text(0), EventOp.Pin, pin: new Pin
            {
                SourceUuid = row.Text(1), Ordinal = row.Int64(2), Note = row.TextOrNull(3),
            }));
        return renames.Concat(stars).Concat(trash).Concat(pins)
            .Where(document => !MetadataTable.HasRegister(db, document.SessionGid, EventProjection.Of(document).Field));
    }

    private static IEnumerable<(string Id, string? Text)> Sessions(Database db, string sql) =>
        db.Query(sql, static row => (row.Text(0), row.TextOrNull(1)));

    private static MetadataEvent Event(string origin, string id, string op, string value = "", Pin? pin = null) => new()
    {
        SessionGid = Gid.ForLocal(origin, id),
        Op = op,
        Value = value,
        Pin = pin,
    };
}
