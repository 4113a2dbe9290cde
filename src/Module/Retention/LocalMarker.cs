using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>What must stay of one origin in the local store.</summary>
/// <param name="Checkpoint">The newest one; null = there is none.</param>
/// <param name="Revision">Of the own publications, which protect as well; 0 for foreign origins.</param>
/// <param name="Live">Marks of the artifacts that stay.</param>
/// <param name="Fault">Why nothing of this origin may go; null = the marks are complete.</param>
internal sealed record OriginMarks(string Origin, CatalogEntry? Checkpoint, long Revision, LiveSet Live, ArtifactSyncException? Fault)
{
    /// <summary>Files that were touched and are what they were: aid and their new time.</summary>
    public IReadOnlyList<(long Aid, long MtimeNs)> Touched { get; init; } = [];
}

/// <summary>
/// Marks what the newest checkpoint of an origin needs (spec 11, steps 1 to 3) and, of the own origin, what the next one
/// will need. Whatever is missing, future, damaged or inconsistent makes the whole origin unsafe to collect.
/// </summary>
internal sealed class LocalMarker(CollectContext context, CancellationToken cancellationToken)
{
    private readonly Database _db = context.Archive.Reader;
    private readonly List<(long Aid, long MtimeNs)> _touched = [];

    public OriginMarks Mark(string origin)
    {
        using var snapshot = _db.Snapshot();
        var live = new LiveSet(CatalogTable.MaxAid(_db));
        var revision = Revision(_db, origin, context.OwnOrigin);
        var newest = CatalogTable.Last(_db, origin, ArtifactKind.Checkpoints);
        if (newest is null)
        {
            return new OriginMarks(origin, null, revision, live, Unsafe(origin, "has no checkpoint here"));
        }
        try
        {
            live.Add(newest.Aid);
            MarkClosure(newest, live);
            return new OriginMarks(origin, newest, revision, live, null) { Touched = _touched };
        }
        catch (ArtifactSyncException fault) when (!Sync.Faults.EndsRun(fault.Code))
        {
            return new OriginMarks(origin, newest, revision, live, fault.Code == ErrorCode.CheckpointIncomplete ? fault : Unsafe(origin, $"is damaged here: {fault.Message}"));
        }
    }

    /// <summary>The state on which marks rest; when it changed, they are to be set again.</summary>
    public static (long Checkpoint, long Revision) Stamp(Database db, string origin, string? ownOrigin) =>
        (CatalogTable.Last(db, origin, ArtifactKind.Checkpoints)?.Aid ?? 0, Revision(db, origin, ownOrigin));

    private static long Revision(Database db, string origin, string? ownOrigin) =>
        origin == ownOrigin ? PublicationTable.Head(db)?.Revision ?? 0 : 0;

    private void MarkClosure(CatalogEntry newest, LiveSet live)
    {
        var origin = newest.Artifact.Origin;
        if (ImportCheck.Checkpoint(newest.Artifact, ArtifactReader.ReadDocument(context.Store, newest), out var checkpoint) == ImportVerdict.Future)
        {
            throw Unsafe(origin, $"has a newest checkpoint '{newest.Artifact.Name}' of a later version");
        }
        var (manifests, segments, raw) = (new WantedHashes(), new WantedHashes(), new WantedHashes());
        var sessions = checkpoint!.Sessions ?? [];
        foreach (var (_, sha256) in sessions)
        {
            if (!manifests.Need(sha256))
            {
                throw Unsafe(origin, $"names the manifest '{sha256}' for two sessions");
            }
        }
        if (origin == context.OwnOrigin)
        {
            // Sessions that are encoded wait for the next checkpoint. What of them is gone will be encoded again.
            foreach (var (_, sha256) in PublicationTable.Map(_db))
            {
                manifests.Keep(sha256);
            }
        }
        var catalog = new CatalogPages(_db, origin);
        Mark(catalog, ArtifactKind.Manifests, manifests, live, (row, want) => WantParts(origin, row, want, segments, raw));
        Mark(catalog, ArtifactKind.Segments, segments, live, static (_, _) => { });
        Mark(catalog, ArtifactKind.Raw, raw, live, static (_, _) => { });
        if (context.Full)
        {
            var audit = new SessionAudit(context.Store, _db, cancellationToken);
            foreach (var (gid, sha256) in sessions)
            {
                audit.Require(gid, ArtifactName.Manifest(origin, sha256));
            }
        }
    }

    private void WantParts(string origin, CatalogRow manifest, Want want, WantedHashes segments, WantedHashes raw)
    {
        var count = 0;
        foreach (var (kind, sha256) in CatalogTable.Edges(_db, manifest.Aid))
        {
            count++;
            var parts = kind == ArtifactKind.Raw ? raw : segments;
            if (want == Want.Needed)
            {
                parts.Need(sha256);
            }
            else
            {
                parts.Keep(sha256);
            }
        }
        if (count == 0 && want == Want.Needed)
        {
            throw Unsafe(origin, $"refers to '{manifest.Name}', which names no segment");
        }
    }

    /// <summary>Marks what is wanted of a kind, and sees to it that what is needed is here and sound.</summary>
    private void Mark(CatalogPages catalog, ArtifactKind kind, WantedHashes wanted, LiveSet live, Action<CatalogRow, Want> found)
    {
        if (wanted.IsEmpty)
        {
            return;
        }
        foreach (var page in catalog.Of(kind))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var needed = new List<CatalogRow>();
            foreach (var row in page)
            {
                var want = wanted.Find(row);
                if (want == Want.Nothing)
                {
                    continue;
                }
                live.Add(row.Aid);
                found(row, want);
                if (want == Want.Needed)
                {
                    needed.Add(row);
                }
            }
            RequireSound(catalog.Origin, kind, needed);
        }
        if (wanted.Missing is { } sha256)
        {
            throw Unsafe(catalog.Origin, $"needs '{ArtifactName.ByHash(catalog.Origin, kind, sha256).Path}', which is not here");
        }
    }

    /// <summary>"Verified" = recorded as verified, with unchanged size and time (decisions: storage).</summary>
    private void RequireSound(string origin, ArtifactKind kind, List<CatalogRow> rows)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = context.Archive.Options.ThrottleLimit, CancellationToken = cancellationToken };
        var stats = LocalFiles.Stat(context.Store.DirectoryOf(origin, kind), rows.ConvertAll(static row => row.Name), parallel);
        for (var i = 0; i < stats.Length; i++)
        {
            var row = rows[i];
            if (row.HasFault)
            {
                throw Unsafe(origin, $"needs '{PathOf(row)}', which can't be imported");
            }
            if (stats[i] is not { Type: EntryType.File } stat || stat.Size != row.WireSize)
            {
                throw Unsafe(origin, $"needs '{PathOf(row)}', whose file is missing or has another size");
            }
            if (stat.Modified != row.MtimeNs)
            {
                if (!ArtifactReader.IsIntact(context.Store, CatalogTable.Find(_db, ArtifactName.Parse(origin, kind, row.Name))!, cancellationToken))
                {
                    throw Unsafe(origin, $"needs '{PathOf(row)}', whose content is damaged");
                }
                _touched.Add((row.Aid, stat.Modified));
            }
        }

        string PathOf(CatalogRow row) => ArtifactName.Parse(origin, kind, row.Name).Path;
    }

    private static ArtifactSyncException Unsafe(string origin, string why) => new(
        ErrorCode.CheckpointIncomplete, $"The origin '{origin}' {why}; nothing of it is removed.", origin);
}
