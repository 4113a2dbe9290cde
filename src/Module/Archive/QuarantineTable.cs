using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>An artifact that was refused.</summary>
/// <param name="Sha256">Of the decoded bytes when they could be decoded, else of the wire bytes.</param>
/// <param name="File">Path below the quarantine folder; empty when the bytes were not kept.</param>
internal sealed record QuarantineEntry(
    long Qid, ArtifactRef Artifact, string Sha256, long WireSize, ErrorCode Code, string Reason, string File, DateTimeOffset At);

/// <summary>An artifact of the local store whose bytes rotted: to be fetched again from anybody who has it.</summary>
internal sealed record RepairEntry(ArtifactRef Artifact, string Sha256, long Size, DateTimeOffset DetectedAt);

/// <summary>What was refused, and what has to be repaired.</summary>
internal static class QuarantineTable
{
    public static long Add(
        Database db, ArtifactRef artifact, string sha256, long wireSize, ErrorCode code, string reason, string file, DateTimeOffset now)
    {
        db.Execute(
            """
            INSERT INTO quarantined_artifacts(origin, kind, name, sha256, wire_size, error_code, reason, file, quarantined_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            artifact.Origin, artifact.Kind, artifact.Name, sha256, wireSize, code.ToString(), reason, file, now.ToUnixTimeMilliseconds());
        return db.LastInsertRowId;
    }

    /// <summary>Everything refused under this name: the same bytes need not be fetched again.</summary>
    public static IEnumerable<QuarantineEntry> Find(Database db, ArtifactRef artifact) => db.Query(
        Columns + "WHERE origin = ? AND kind = ? AND name = ? ORDER BY qid", Read, artifact.Origin, artifact.Kind, artifact.Name);

    public static QuarantineEntry? Get(Database db, long qid) => db.First(Columns + "WHERE qid = ?", Read, qid);

    public static IEnumerable<QuarantineEntry> List(Database db) => db.Query(Columns + "ORDER BY qid", Read);

    /// <summary>Names refused for one origin and kind, with the size of the file that was refused.</summary>
    public static IEnumerable<QuarantineEntry> List(Database db, string origin, ArtifactKind kind) =>
        db.Query(Columns + "WHERE origin = ? AND kind = ? ORDER BY name, qid", Read, origin, kind);

    /// <summary>The bytes are gone, the verdict stays.</summary>
    public static void ForgetFile(Database db, long qid) => db.Execute("UPDATE quarantined_artifacts SET file = '' WHERE qid = ?", qid);

    public static bool Remove(Database db, long qid) => db.Execute("DELETE FROM quarantined_artifacts WHERE qid = ?", qid) > 0;

    public static void RequestRepair(Database db, ArtifactRef artifact, string sha256, long size, DateTimeOffset now) => db.Execute(
        """
        INSERT INTO repair_queue(origin, kind, name, sha256, size, detected_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT(origin, kind, name) DO UPDATE SET sha256 = excluded.sha256, size = excluded.size
        """,
        artifact.Origin, artifact.Kind, artifact.Name, sha256, size, now.ToUnixTimeMilliseconds());

    public static IEnumerable<RepairEntry> Repairs(Database db) => db.Query(
        "SELECT origin, kind, name, sha256, size, detected_at FROM repair_queue ORDER BY origin, kind, name",
        static row => new RepairEntry(
            new ArtifactRef(row.Text(0), (ArtifactKind)row.Int64(1), row.Text(2)), row.Text(3), row.Int64(4), Time(row.Int64(5))));

    public static bool Repaired(Database db, ArtifactRef artifact) => db.Execute(
        "DELETE FROM repair_queue WHERE origin = ? AND kind = ? AND name = ?", artifact.Origin, artifact.Kind, artifact.Name) > 0;

    private const string Columns =
        "SELECT qid, origin, kind, name, sha256, wire_size, error_code, reason, file, quarantined_at FROM quarantined_artifacts ";

    private static QuarantineEntry Read(Statement row) => new(
        row.Int64(0),
        new ArtifactRef(row.Text(1), (ArtifactKind)row.Int64(2), row.Text(3)),
        row.Text(4), row.Int64(5), Enum.Parse<ErrorCode>(row.Text(6)), row.Text(7), row.Text(8), Time(row.Int64(9)));

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
