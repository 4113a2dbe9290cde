using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>A row of the catalog as retention looks at it.</summary>
internal readonly record struct CatalogRow(long Aid, ArtifactKind Kind, string Name, long WireSize, long MtimeNs, bool HasFault)
{
    /// <summary>Of manifests, segments and raw artifacts, which are named by it.</summary>
    public ReadOnlySpan<char> Hash => Name.AsSpan(0, ArtifactName.HashLength);
}

/// <summary>Artifacts that left the catalog in one step; their files follow.</summary>
internal sealed record SweepEntry(long Jid, string Origin, ArtifactKind Kind, IReadOnlyList<(string Name, long MtimeNs)> Files);

/// <summary>What a collection found and when the next one is due, of one origin at one place.</summary>
/// <param name="Location">Empty = the local store, else the name of a target.</param>
/// <param name="GraceMs">The grace period it kept.</param>
/// <param name="CheckpointAid">The newest checkpoint at that time; 0 = none.</param>
/// <param name="DueAtMs">When the first artifact that grace kept is too old; null = it kept none.</param>
/// <param name="Probe">Name of that artifact below the location; null = none.</param>
/// <param name="ProbeMtimeNs">Its time.</param>
internal sealed record CollectionMark(
    string Location, string Origin, long GraceMs, long CheckpointAid, long? DueAtMs, string? Probe, long ProbeMtimeNs);

/// <summary>What garbage collection asks of the catalog and remembers (spec 11).</summary>
internal static class RetentionTable
{
    private const string RowColumns = "SELECT aid, kind, name, wire_size, mtime_ns, import_fault IS NOT NULL FROM artifacts ";

    /// <summary>The next rows of (origin, kind) in the order of names.</summary>
    public static List<CatalogRow> PageByName(Database db, string origin, ArtifactKind kind, string afterName, int count)
    {
        using var statement = db.Prepare(RowColumns + "WHERE origin = ? AND kind = ? AND name > ? ORDER BY name LIMIT ?");
        return ReadRows(statement.Bind(1, origin).Bind(2, (long)kind).Bind(3, afterName).Bind(4, (long)count), count);
    }

    /// <summary>The next rows of (origin, kind) in the order of arrival. All rows of the catalog are passed on the way.</summary>
    public static List<CatalogRow> PageByArrival(Database db, string origin, ArtifactKind kind, long afterAid, int count)
    {
        using var statement = db.Prepare(RowColumns + "WHERE aid > ? AND +origin = ? AND +kind = ? ORDER BY aid LIMIT ?");
        return ReadRows(statement.Bind(1, afterAid).Bind(2, origin).Bind(3, (long)kind).Bind(4, (long)count), count);
    }

    public static long Count(Database db, string origin, ArtifactKind kind) =>
        db.Scalar<long>("SELECT count(*) FROM artifacts WHERE origin = ? AND kind = ?", origin, kind);

    public static CatalogRow? Find(Database db, string origin, ArtifactKind kind, string name)
    {
        using var statement = db.Prepare(RowColumns + "WHERE origin = ? AND kind = ? AND name = ?");
        return statement.Bind(1, origin).Bind(2, (long)kind).Bind(3, name).Step() ? ReadRow(statement) : null;
    }

    /// <summary>Takes a row out, unless the artifact came again since it was planned. Its repair is not wanted any more.</summary>
    public static bool Remove(Database db, string origin, CatalogRow row)
    {
        using var statement = db.Prepare("DELETE FROM artifacts WHERE aid = ? AND wire_size = ? AND mtime_ns = ?");
        if (statement.Bind(1, row.Aid).Bind(2, row.WireSize).Bind(3, row.MtimeNs).Run() == 0)
        {
            return false;
        }
        using var repair = db.Prepare("DELETE FROM repair_queue WHERE origin = ? AND kind = ? AND name = ?");
        repair.Bind(1, origin).Bind(2, (long)row.Kind).Bind(3, row.Name).Run();
        return true;
    }

    /// <summary>The file was touched and is what it was: it need not be read again.</summary>
    public static void SetModified(Database db, long aid, long mtimeNs) =>
        db.Execute("UPDATE artifacts SET mtime_ns = ? WHERE aid = ?", mtimeNs, aid);

    /// <summary>How often the local store was collected; part of each such transaction.</summary>
    public static long Collections(Database db) => db.Scalar<long>("SELECT value FROM counters WHERE name = 'collections'");

    public static void CountCollection(Database db) => db.Execute("UPDATE counters SET value = value + 1 WHERE name = 'collections'");

    public static long AddJournal(Database db, string origin, ArtifactKind kind, IEnumerable<(string Name, long MtimeNs)> files)
    {
        db.Execute(
            "INSERT INTO collect_journal(origin, kind, files) VALUES (?, ?, ?)", origin, kind,
            string.Join('\n', files.Select(static file => $"{file.Name}\t{file.MtimeNs}")));
        return db.LastInsertRowId;
    }

    /// <summary>The store is another one: what was remembered of the old one means nothing.</summary>
    public static void Forget(Database db)
    {
        db.Execute("DELETE FROM collect_journal");
        db.Execute("DELETE FROM collections");
        db.Execute("DELETE FROM repair_queue");
    }

    public static void RemoveJournal(Database db, long jid) => db.Execute("DELETE FROM collect_journal WHERE jid = ?", jid);

    public static bool HasJournal(Database db) => db.Scalar<bool>("SELECT EXISTS(SELECT 1 FROM collect_journal)");

    public static List<SweepEntry> Journal(Database db) => [.. db.Query(
        "SELECT jid, origin, kind, files FROM collect_journal ORDER BY jid",
        static row => new SweepEntry(row.Int64(0), row.Text(1), (ArtifactKind)row.Int64(2), ReadFiles(row.Text(3))))];

    public static Dictionary<string, CollectionMark> Marks(Database db, string location) => db.Query(
        """
        SELECT location, origin, grace, checkpoint_aid, due_at, probe, coalesce(probe_mtime_ns, 0) FROM collections WHERE location = ?
        """,
        static row => new CollectionMark(
            row.Text(0), row.Text(1), row.Int64(2), row.Int64(3), row.Int64OrNull(4), row.TextOrNull(5), row.Int64(6)), location)
        .ToDictionary(static mark => mark.Origin, StringComparer.Ordinal);

    public static void SetMark(Database db, CollectionMark mark) => db.Execute(
        """
        INSERT INTO collections(location, origin, grace, checkpoint_aid, due_at, probe, probe_mtime_ns) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(location, origin) DO UPDATE SET grace = excluded.grace, checkpoint_aid = excluded.checkpoint_aid,
          due_at = excluded.due_at, probe = excluded.probe, probe_mtime_ns = excluded.probe_mtime_ns
        """,
        mark.Location, mark.Origin, mark.GraceMs, mark.CheckpointAid, mark.DueAtMs, mark.Probe, mark.ProbeMtimeNs);

    /// <summary>When the earliest other run began that is not closed (it may be dead: then only caution was wasted); Unix ms.</summary>
    public static long? OtherRunSince(Database db, string runId) =>
        db.Scalar<long?>("SELECT min(started_at) FROM sync_runs WHERE status = 'running' AND run_id <> ?", runId);

    /// <summary>Own sessions whose published manifest is one of these, or refers to one of these segments; one pass over both tables.</summary>
    public static List<string> SessionsOf(Database db, string origin, HashSet<string> manifests, HashSet<string> segments)
    {
        var wanted = new HashSet<string>(manifests, StringComparer.Ordinal);
        if (segments.Count > 0)
        {
            wanted.UnionWith(db.Query(
                "SELECT a.sha256, e.sha256 FROM artifacts a JOIN artifact_edges e ON e.aid = a.aid WHERE a.origin = ? AND a.kind = ?",
                static row => (Manifest: row.Text(0), Part: row.Text(1)), origin, ArtifactKind.Manifests)
                .Where(edge => segments.Contains(edge.Part)).Select(static edge => edge.Manifest));
        }
        return [.. PublicationTable.Map(db).Where(session => wanted.Contains(session.Value)).Select(static session => session.Key)];
    }

    /// <summary>Own events that are known to the ledger: order key and hash.</summary>
    public static IEnumerable<(string OrderKey, string Sha256)> OwnEvents(Database db, string origin) => db.Query(
        "SELECT order_key, artifact_sha256 FROM metadata_provenance WHERE origin = ? ORDER BY order_key",
        static row => (row.Text(0), row.Text(1)), origin);

    /// <summary>Where the events of an origin are current: order key to session and field.</summary>
    public static Dictionary<string, (string Gid, string Field)> Registers(Database db, string origin) => db.Query(
        "SELECT order_key, session_gid, field FROM metadata_registers WHERE origin = ?",
        static row => (row.Text(0), row.Text(1), row.Text(2)), origin)
        .ToDictionary(static row => row.Item1, static row => (row.Item2, row.Item3), StringComparer.Ordinal);

    private static List<CatalogRow> ReadRows(Statement statement, int count)
    {
        var rows = new List<CatalogRow>(count);
        while (statement.Step())
        {
            rows.Add(ReadRow(statement));
        }
        return rows;
    }

    private static CatalogRow ReadRow(Statement row) => new(
        row.Int64(0), (ArtifactKind)row.Int64(1), row.Text(2), row.Int64(3), row.Int64(4), row.Bool(5));

    private static List<(string, long)> ReadFiles(string text) => [.. text.Split('\n').Select(static line =>
    {
        var tab = line.LastIndexOf('\t');
        return (line[..tab], long.Parse(line.AsSpan(tab + 1), System.Globalization.CultureInfo.InvariantCulture));
    })];
}
