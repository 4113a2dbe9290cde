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
    private const int Batch = 8_192;

    private readonly Database _db = context.Archive.Reader;
    private readonly List<(ArtifactRef Artifact, CatalogRow Row)> _unchecked = [];
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
        // By hash, as the catalog is ordered: neighbours are found on the same pages.
        foreach (var (gid, sha256) in (checkpoint!.Sessions ?? []).OrderBy(static session => session.Value, StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!MarkManifest(origin, gid, sha256, live))
            {
                throw Unsafe(origin, $"names the manifest '{sha256}' for two sessions");
            }
        }
        if (origin == context.OwnOrigin)
        {
            MarkPublications(origin, live);
        }
        CheckFiles();
    }

    /// <summary>Sessions that are encoded wait for the next checkpoint. What of them is gone will be encoded again.</summary>
    private void MarkPublications(string origin, LiveSet live)
    {
        foreach (var (_, sha256) in PublicationTable.Map(_db))
        {
            if (RetentionTable.Find(_db, origin, ArtifactKind.Manifests, ArtifactName.Manifest(origin, sha256).Name) is { } row && live.Add(row.Aid))
            {
                foreach (var (kind, hash) in CatalogTable.Edges(_db, row.Aid))
                {
                    if (RetentionTable.Find(_db, origin, kind, ArtifactName.ByHash(origin, kind, hash).Name) is { } part)
                    {
                        live.Add(part.Aid);
                    }
                }
            }
        }
    }

    /// <summary>False when it is marked already.</summary>
    private bool MarkManifest(string origin, string gid, string sha256, LiveSet live)
    {
        var manifest = ArtifactName.Manifest(origin, sha256);
        var row = Require(manifest);
        if (!live.Add(row.Aid))
        {
            return false;
        }
        var parts = CatalogTable.Edges(_db, row.Aid).ToList();
        if (parts.Count == 0)
        {
            throw Unsafe(origin, $"refers to '{manifest.Name}', which names no segment");
        }
        var entries = new List<CatalogRow>(parts.Count);
        foreach (var (kind, hash) in parts)
        {
            var part = ArtifactName.ByHash(origin, kind, hash);
            var found = Require(part);
            live.Add(found.Aid);
            entries.Add(found);
        }
        if (context.Full)
        {
            new SessionAudit(context.Store, _db, cancellationToken).Require(gid, manifest);
        }
        return true;
    }

    private CatalogRow Require(ArtifactRef artifact)
    {
        var row = RetentionTable.Find(_db, artifact.Origin, artifact.Kind, artifact.Name)
            ?? throw Unsafe(artifact.Origin, $"needs '{artifact.Path}', which is not here");
        if (row.HasFault)
        {
            throw Unsafe(artifact.Origin, $"needs '{artifact.Path}', which can't be imported");
        }
        _unchecked.Add((artifact, row));
        if (_unchecked.Count >= Batch)
        {
            CheckFiles();
        }
        return row;
    }

    /// <summary>"Verified" = recorded as verified, with unchanged size and time (decisions: storage).</summary>
    private void CheckFiles()
    {
        foreach (var group in _unchecked.GroupBy(static item => item.Artifact.Kind))
        {
            CheckFiles([.. group]);
        }
        _unchecked.Clear();
    }

    private void CheckFiles(List<(ArtifactRef Artifact, CatalogRow Row)> files)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = context.Archive.Options.ThrottleLimit, CancellationToken = cancellationToken };
        var directory = context.Store.DirectoryOf(files[0].Artifact.Origin, files[0].Artifact.Kind);
        var stats = LocalFiles.Stat(directory, files.ConvertAll(static item => item.Artifact.Name), parallel);
        for (var i = 0; i < stats.Length; i++)
        {
            var (artifact, row) = files[i];
            if (stats[i] is not { Type: EntryType.File } stat || stat.Size != row.WireSize)
            {
                throw Unsafe(artifact.Origin, $"needs '{artifact.Path}', whose file is missing or has another size");
            }
            if (stat.Modified != row.MtimeNs)
            {
                RequireIntact(artifact, row, stat);
            }
        }
    }

    private void RequireIntact(ArtifactRef artifact, CatalogRow row, FileStat stat)
    {
        if (!ArtifactReader.IsIntact(context.Store, CatalogTable.Find(_db, artifact)!, cancellationToken))
        {
            throw Unsafe(artifact.Origin, $"needs '{artifact.Path}', whose content is damaged");
        }
        _touched.Add((row.Aid, stat.Modified));
    }

    private static ArtifactSyncException Unsafe(string origin, string why) => new(
        ErrorCode.CheckpointIncomplete, $"The origin '{origin}' {why}; nothing of it is removed.", origin);
}
