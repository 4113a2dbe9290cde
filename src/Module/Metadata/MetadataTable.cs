using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>An event in the catalog; <see cref="Deferred"/> tells why it waits, null = it is new.</summary>
internal sealed record StoredEvent(CatalogEntry Entry, string? Deferred);

/// <summary>SQL of the metadata ledger: clock, registers, applied markers, provenance, conflicts, deferred events.</summary>
internal static class MetadataTable
{
    private const string CursorKey = "metadata_cursor";
    private const string BaselineKey = "baseline_pending";
    private const string RegisterColumns = "session_gid, field, order_key, hlc, artifact_sha256, origin, op, value";

    public static string? LoadClock(Database db) => StateTable.Get(db, StateTable.MetadataClock);

    public static void StoreClock(Database db, string text) => StateTable.Set(db, StateTable.MetadataClock, text);

    /// <summary>Every foreign event of the local store up to this aid is applied, quarantined or among the deferred.</summary>
    public static long Cursor(Database db) => long.TryParse(
        StateTable.Get(db, CursorKey), NumberStyles.None, CultureInfo.InvariantCulture, out long aid) ? aid : 0;

    public static void SetCursor(Database db, long aid) => StateTable.Set(db, CursorKey, aid.ToString(CultureInfo.InvariantCulture));

    public static bool BaselinePending(Database db) => StateTable.Get(db, BaselineKey) is not null;

    public static void SetBaselinePending(Database db, bool pending)
    {
        if (pending)
        {
            StateTable.Set(db, BaselineKey, "1");
        }
        else
        {
            StateTable.Remove(db, BaselineKey);
        }
    }

    public static RegisterEntry? Find(Database db, string gid, string field) =>
        db.First($"SELECT {RegisterColumns} FROM metadata_registers WHERE session_gid = ? AND field = ?", ReadRegister, gid, field);

    public static bool HasRegister(Database db, string gid, string field) =>
        db.Scalar<long>("SELECT count(*) FROM metadata_registers WHERE session_gid = ? AND field = ?", gid, field) > 0;

    /// <summary>The sessions that have registers.</summary>
    public static List<string> Sessions(Database db) =>
        [.. db.Query("SELECT DISTINCT session_gid FROM metadata_registers", static row => row.Text(0))];

    /// <summary>All registers of a session, by field name.</summary>
    public static List<RegisterEntry> Registers(Database db, string gid) =>
        [.. db.Query($"SELECT {RegisterColumns} FROM metadata_registers WHERE session_gid = ? ORDER BY field", ReadRegister, gid)];

    /// <summary>The pin registers of a session in the order in which their edits were made.</summary>
    public static List<RegisterEntry> PinRegisters(Database db, string gid) =>
        [.. db.Query(
            $"""
            SELECT {RegisterColumns} FROM metadata_registers
            WHERE session_gid = ? AND field >= 'pin:' AND field < 'pin;' ORDER BY order_key
            """,
            ReadRegister, gid)];

    public static void Upsert(Database db, RegisterEntry entry, long now) => db.Execute(
        $"""
        INSERT INTO metadata_registers({RegisterColumns}, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(session_gid, field) DO UPDATE SET order_key = excluded.order_key, hlc = excluded.hlc,
          artifact_sha256 = excluded.artifact_sha256, origin = excluded.origin, op = excluded.op, value = excluded.value,
          updated_at = excluded.updated_at
        """,
        entry.Gid, entry.Field, entry.OrderKey, entry.Hlc, entry.Sha256, entry.Origin, entry.Op, entry.Value, now);

    public static bool IsApplied(Database db, string origin, string orderKey) =>
        db.Scalar<long>("SELECT count(*) FROM metadata_applied WHERE origin = ? AND order_key = ?", origin, orderKey) > 0;

    public static void MarkApplied(Database db, string origin, string orderKey, string sha256, long now) => db.Execute(
        "INSERT OR IGNORE INTO metadata_applied(origin, order_key, artifact_sha256, applied_at) VALUES (?, ?, ?, ?)",
        origin, orderKey, sha256, now);

    /// <summary>Writes where an event came from; the row never changes.</summary>
    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.ArchiveCorrupt"/>: another row is there.</exception>
    public static void AddProvenance(Database db, RegisterEntry entry)
    {
        if (db.Execute(
            "INSERT OR IGNORE INTO metadata_provenance(origin, order_key, artifact_sha256, session_gid, op) VALUES (?, ?, ?, ?, ?)",
            entry.Origin, entry.OrderKey, entry.Sha256, entry.Gid, entry.Op) > 0)
        {
            return;
        }

        if (db.Scalar<long>(
            """
            SELECT count(*) FROM metadata_provenance
            WHERE origin = ? AND order_key = ? AND artifact_sha256 = ? AND session_gid = ? AND op = ?
            """,
            entry.Origin, entry.OrderKey, entry.Sha256, entry.Gid, entry.Op) == 0)
        {
            throw new ArtifactSyncException(
                ErrorCode.ArchiveCorrupt,
                $"The archive knows event {entry.OrderKey} of {entry.Origin} with other content.",
                entry.OrderKey);
        }
    }

    /// <summary>The highest aid of the catalog; nothing below it is added later.</summary>
    public static long HighestArtifact(Database db) => db.Scalar<long>("SELECT coalesce(max(aid), 0) FROM artifacts");

    /// <summary>Foreign events that came after the cursor, and the deferred ones, by origin and name.</summary>
    public static List<long> Candidates(Database db, string ownOrigin, long cursor) =>
        [.. db.Query(
            """
            SELECT aid FROM (
              SELECT aid, origin, name FROM artifacts a WHERE aid > ? AND kind = ? AND origin <> ?
                AND NOT EXISTS(SELECT 1 FROM metadata_applied m
                  WHERE m.origin = a.origin AND m.order_key = substr(a.name, 1, length(a.name) - 5))
              UNION
              SELECT a.aid, a.origin, a.name FROM metadata_deferred d
              JOIN artifacts a ON a.origin = d.origin AND a.kind = ? AND a.name = d.name
            ) ORDER BY origin, name
            """,
            static row => row.Int64(0), cursor, (long)ArtifactKind.Meta, ownOrigin, (long)ArtifactKind.Meta)];

    /// <summary>An event by its place in the catalog; null when it is gone.</summary>
    public static StoredEvent? Artifact(Database db, long aid) => db.First(
        """
        SELECT a.origin, a.name, a.sha256, a.size, a.wire_size, a.mtime_ns, d.error_code FROM artifacts a
        LEFT JOIN metadata_deferred d ON d.origin = a.origin AND d.name = a.name WHERE a.aid = ?
        """,
        row => new StoredEvent(
            new CatalogEntry(
                aid, ArtifactName.Parse(row.Text(0), ArtifactKind.Meta, row.Text(1)), row.Text(2), row.Int64(3), row.Int64(4), row.Int64(5), null),
            row.TextOrNull(6)),
        aid);

    public static void Defer(Database db, string origin, string name, ErrorCode code, long now) => db.Execute(
        """
        INSERT INTO metadata_deferred(origin, name, error_code, deferred_at) VALUES (?, ?, ?, ?)
        ON CONFLICT(origin, name) DO UPDATE SET error_code = excluded.error_code
        """,
        origin, name, code.ToString(), now);

    /// <summary>How many events wait.</summary>
    public static long Waiting(Database db) => db.Scalar<long>("SELECT count(*) FROM metadata_deferred");

    public static void Undefer(Database db, string origin, string name) =>
        db.Execute("DELETE FROM metadata_deferred WHERE origin = ? AND name = ?", origin, name);

    /// <summary>The pins of this session are to be derived anew before the run ends.</summary>
    public static void OwePins(Database db, string gid) => db.Execute("INSERT OR IGNORE INTO metadata_pins_owed(session_gid) VALUES (?)", gid);

    public static List<string> PinsOwed(Database db, int limit) =>
        [.. db.Query("SELECT session_gid FROM metadata_pins_owed LIMIT ?", static row => row.Text(0), limit)];

    public static void PaidPins(Database db, string gid) => db.Execute("DELETE FROM metadata_pins_owed WHERE session_gid = ?", gid);

    private static RegisterEntry ReadRegister(Statement row) => new(
        row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5), row.Text(6), row.Text(7));
}
