using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>One artifact known to lie below <c>artifacts/</c>.</summary>
/// <param name="Aid">Grows with every arrival and is never reused.</param>
/// <param name="Size">Of the decoded bytes, whose hash is <paramref name="Sha256"/>.</param>
/// <param name="WireSize">Of the file.</param>
/// <param name="MtimeNs">Of the file, Unix nanoseconds, as it was when verified.</param>
/// <param name="ImportFault">What import will meet; null = importable.</param>
internal sealed record CatalogEntry(
    long Aid, ArtifactRef Artifact, string Sha256, long Size, long WireSize, long MtimeNs, ErrorCode? ImportFault);

/// <summary>The catalog of the local store, with the references of manifests.</summary>
internal static class CatalogTable
{
    private const string Columns = "SELECT aid, origin, kind, name, sha256, size, wire_size, mtime_ns, import_fault FROM artifacts ";

    public static CatalogEntry? Find(Database db, ArtifactRef artifact) => db.First(
        Columns + "WHERE origin = ? AND kind = ? AND name = ?", Read, artifact.Origin, artifact.Kind, artifact.Name);

    public static bool Contains(Database db, ArtifactRef artifact)
    {
        using var statement = db.Prepare("SELECT 1 FROM artifacts WHERE origin = ? AND kind = ? AND name = ?");
        return statement.Bind(1, artifact.Origin).Bind(2, (long)artifact.Kind).Bind(3, artifact.Name).Step();
    }

    /// <summary>All of a kind by name, or those that came after <paramref name="afterAid"/> in order of arrival.</summary>
    public static IEnumerable<CatalogEntry> List(Database db, string origin, ArtifactKind kind, long afterAid = 0) => afterAid == 0
        ? db.Query(Columns + "WHERE origin = ? AND kind = ? ORDER BY name", Read, origin, kind)
        : db.Query(Columns + "WHERE aid > ?3 AND +origin = ?1 AND +kind = ?2 ORDER BY aid", Read, origin, kind, afterAid);

    /// <summary>Names alone, for comparing with a listing of the far side: a quarter of the cost of <see cref="List"/>.</summary>
    public static IEnumerable<(string Name, long Aid)> Names(Database db, string origin, ArtifactKind kind) => db.Query(
        "SELECT name, aid FROM artifacts WHERE origin = ? AND kind = ? ORDER BY name",
        static row => (row.Text(0), row.Int64(1)), origin, kind);

    /// <summary>All kinds and origins, in order of arrival.</summary>
    public static IEnumerable<CatalogEntry> ListAfter(Database db, long afterAid) =>
        db.Query(Columns + "WHERE aid > ? ORDER BY aid", Read, afterAid);

    /// <summary>Names from the last downwards: checkpoints newest first.</summary>
    public static IEnumerable<CatalogEntry> ListDescending(Database db, string origin, ArtifactKind kind) =>
        db.Query(Columns + "WHERE origin = ? AND kind = ? ORDER BY name DESC", Read, origin, kind);

    public static CatalogEntry? Last(Database db, string origin, ArtifactKind kind) =>
        db.First(Columns + "WHERE origin = ? AND kind = ? ORDER BY name DESC LIMIT 1", Read, origin, kind);

    /// <summary>The origins of the store, by skipping through the index: the cost is that of the origins, not of the artifacts.</summary>
    public static IEnumerable<string> Origins(Database db) => db.Query(
        """
        WITH RECURSIVE o(origin) AS (
          SELECT min(origin) FROM artifacts
          UNION ALL SELECT (SELECT min(origin) FROM artifacts WHERE origin > o.origin) FROM o WHERE o.origin IS NOT NULL)
        SELECT origin FROM o WHERE origin IS NOT NULL
        """,
        static row => row.Text(0));

    /// <summary>The aid of the latest arrival; 0 = none.</summary>
    public static long MaxAid(Database db) => db.Scalar<long>("SELECT max(aid) FROM artifacts");

    public static long Count(Database db) => db.Scalar<long>("SELECT count(*) FROM artifacts");

    /// <summary>Adds an artifact, or renews what is known of it (same aid). Returns the aid.</summary>
    public static long Put(
        Database db, ArtifactRef artifact, ArtifactIdentity identity, long mtimeNs, ErrorCode? importFault)
    {
        using var statement = db.Prepare(
            """
            INSERT INTO artifacts(origin, kind, name, sha256, size, wire_size, mtime_ns, import_fault) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT(origin, kind, name) DO UPDATE SET sha256 = excluded.sha256, size = excluded.size,
              wire_size = excluded.wire_size, mtime_ns = excluded.mtime_ns, import_fault = excluded.import_fault
            RETURNING aid
            """);
        statement.Bind(1, artifact.Origin).Bind(2, (long)artifact.Kind).Bind(3, artifact.Name)
            .Bind(4, identity.Sha256).Bind(5, identity.Size).Bind(6, identity.WireSize).Bind(7, mtimeNs).Bind(8, importFault?.ToString());
        statement.Step();
        var aid = statement.Int64(0);
        statement.Run();
        return aid;
    }

    /// <summary>The outcome of an import check that came later than the reception.</summary>
    public static void SetImportFault(Database db, ArtifactRef artifact, ErrorCode? fault) => db.Execute(
        "UPDATE artifacts SET import_fault = ? WHERE origin = ? AND kind = ? AND name = ?",
        fault?.ToString(), artifact.Origin, artifact.Kind, artifact.Name);

    public static bool Remove(Database db, ArtifactRef artifact) => db.Execute(
        "DELETE FROM artifacts WHERE origin = ? AND kind = ? AND name = ?", artifact.Origin, artifact.Kind, artifact.Name) > 0;

    /// <summary>Forgets everything: the store was lost.</summary>
    public static void Clear(Database db)
    {
        db.Execute("DELETE FROM artifact_edges");
        db.Execute("DELETE FROM artifacts");
    }

    public static void AddEdges(Database db, long aid, IEnumerable<(ArtifactKind Kind, string Sha256)> references)
    {
        using var statement = db.Prepare("INSERT OR IGNORE INTO artifact_edges(aid, kind, sha256) VALUES (?, ?, ?)");
        foreach (var (kind, sha256) in references)
        {
            statement.Bind(1, aid).Bind(2, (long)kind).Bind(3, sha256).Run();
        }
    }

    public static IEnumerable<(ArtifactKind Kind, string Sha256)> Edges(Database db, long aid) => db.Query(
        "SELECT kind, sha256 FROM artifact_edges WHERE aid = ?",
        static row => ((ArtifactKind)row.Int64(0), row.Text(1)), aid);

    private static CatalogEntry Read(Statement row) => new(
        row.Int64(0),
        new ArtifactRef(row.Text(1), (ArtifactKind)row.Int64(2), row.Text(3)),
        row.Text(4), row.Int64(5), row.Int64(6), row.Int64(7),
        row.TextOrNull(8) is { } fault ? Enum.Parse<ErrorCode>(fault) : null);
}
