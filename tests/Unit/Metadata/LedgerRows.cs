using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>Writes sessions for ledger tests and reads what the ledger and curation hold, as short comparable lines.</summary>
internal static class LedgerRows
{
    public static void AddSession(Database db, string id, IEnumerable<(long Ordinal, string SourceUuid)> messages)
    {
        db.Execute("INSERT INTO sessions(id, own) VALUES (?, ?)", id, !id.Contains('~', StringComparison.Ordinal));
        AddMessages(db, id, messages);
    }

    /// <summary>What an import of newer content does: all messages anew.</summary>
    public static void ReplaceMessages(Database db, string id, IEnumerable<(long Ordinal, string SourceUuid)> messages)
    {
        db.Execute("DELETE FROM messages WHERE sid = (SELECT sid FROM sessions WHERE id = ?)", id);
        AddMessages(db, id, messages);
    }

    /// <summary><c>gid field order-key op value</c>, in that order.</summary>
    public static List<string> Registers(Database db) => Lines(
        db, "SELECT session_gid || ' ' || field || ' ' || order_key || ' ' || origin || ' ' || op || ' ' || value || ' ' || hlc || ' ' || artifact_sha256 "
        + "FROM metadata_registers ORDER BY session_gid, field");

    /// <summary><c>gid field winner loser</c> with ops, origins and values, in insertion order.</summary>
    public static List<string> Conflicts(Database db) => Lines(
        db, "SELECT session_gid || ' ' || field || ' ' || winning_order_key || ' ' || losing_order_key || ' ' || winning_origin || ' ' || losing_origin "
        + "|| ' ' || winning_op || ' ' || losing_op || ' ' || winning_value || ' ' || losing_value FROM metadata_conflicts ORDER BY conflict_id");

    public static List<string> Applied(Database db) =>
        Lines(db, "SELECT origin || ' ' || order_key FROM metadata_applied ORDER BY origin, order_key");

    public static List<string> Stars(Database db) => Lines(db, "SELECT session_id FROM starred_sessions ORDER BY session_id");

    public static List<string> Excluded(Database db) => Lines(db, "SELECT id FROM excluded_sessions ORDER BY id");

    /// <summary><c>ordinal note</c>; the note as SQL literal: <c>NULL</c>, <c>''</c>.</summary>
    public static List<string> Pins(Database db, string id) => Lines(
        db, "SELECT p.ordinal || ' ' || quote(p.note) FROM pinned_messages p JOIN sessions s ON s.sid = p.sid WHERE s.id = ? ORDER BY 1",
            id);

    public static CuratedSession? Session(Database db, string id) => CurationTable.Find(db, id);

    private static List<string> Lines(Database db, string sql, params object?[] args) =>
        [.. db.Query(sql, static row => row.Text(0), args)];

    private static void AddMessages(Database db, string id, IEnumerable<(long Ordinal, string SourceUuid)> messages)
    {
        long sid = CurationTable.Find(db, id)!.Sid;
        using var writer = new MessageWriter(db, sid);
        foreach ((long ordinal, string uuid) in messages)
        {
            writer.Write(new MessageRecord { Ordinal = ordinal, Role = "user", Content = "x", SourceUuid = uuid });
        }
    }
}
