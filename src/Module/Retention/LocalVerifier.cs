using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>
/// Compares catalog and disk of the local store in both directions, reads every artifact unless <paramref name="quick"/>,
/// and looks whether the newest checkpoint of each origin is complete. Of an older one parts may have been collected;
/// that is no damage.
/// </summary>
internal sealed class LocalVerifier(ArchiveDatabase archive, FindingSink sink, IRunObserver observer, bool quick)
{
    private const int Page = 2_000;

    private readonly LocalStore _store = new(archive);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await CompareCatalogAsync(cancellationToken);
        await new LocalFolderVerifier(archive, _store, sink).RunAsync(cancellationToken);
        foreach (var origin in CatalogTable.Origins(archive.Reader).ToList())
        {
            cancellationToken.ThrowIfCancellationRequested();
            await CheckNewestAsync(origin, cancellationToken);
        }
    }

    private async Task CompareCatalogAsync(CancellationToken cancellationToken)
    {
        var (done, total) = (0L, CatalogTable.Count(archive.Reader));
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = archive.Options.ThrottleLimit, CancellationToken = cancellationToken };
        for (var last = 0L; ;)
        {
            var page = CatalogTable.ListAfter(archive.Reader, last).Take(Page).ToList();
            if (page.Count == 0)
            {
                return;
            }
            await Parallel.ForEachAsync(page, parallel, async (entry, token) =>
            {
                await CheckAsync(entry, token);
                observer.Progress(new ProgressSnapshot("Verifying", entry.Artifact.Path, Interlocked.Increment(ref done), total, 0));
            });
            sink.Counters.Verified += page.Count;
            last = page[^1].Aid;
        }
    }

    private async ValueTask CheckAsync(CatalogEntry entry, CancellationToken cancellationToken)
    {
        if (Fault(entry, cancellationToken) is var (problem, code, message) && problem != ArtifactProblem.None)
        {
            await sink.FoundAsync(entry.Artifact, null, problem, code, message);
        }
    }

    private (ArtifactProblem, ErrorCode, string) Fault(CatalogEntry entry, CancellationToken cancellationToken)
    {
        var path = _store.PathOf(entry.Artifact);
        try
        {
            var stat = FileStat.Of(path);
            if (stat is not { } found)
            {
                return (ArtifactProblem.Missing, ErrorCode.ArtifactMissing, $"'{path}' is missing.");
            }
            if (found.Type != EntryType.File)
            {
                return (ArtifactProblem.Damaged, ErrorCode.TargetEntryInvalid, $"'{path}' is a link or a folder, not a file.");
            }
            if (StoreMode.Fault(path, FolderUse.Private) is { } mode)
            {
                return (ArtifactProblem.Permissions, ErrorCode.ArtifactPermissions, mode);
            }
            if (found.Size != entry.WireSize)
            {
                return (ArtifactProblem.Damaged, ErrorCode.ArtifactCorrupt, $"'{path}' has {found.Size} bytes instead of {entry.WireSize}.");
            }
            return quick ? default : Content(entry, path, cancellationToken);
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            return (ArtifactProblem.Permissions, ErrorCode.AccessDenied, $"'{path}' can't be looked at: {error.Message}");
        }
    }

    private (ArtifactProblem, ErrorCode, string) Content(CatalogEntry entry, string path, CancellationToken cancellationToken)
    {
        try
        {
            if (!ArtifactReader.IsIntact(_store, entry, cancellationToken))
            {
                return (ArtifactProblem.Damaged, ErrorCode.HashMismatch, $"'{path}' is not what was verified when it came.");
            }
            ContentCheck.Require(entry, _store, cancellationToken);
            return default;
        }
        catch (ArtifactSyncException fault) when (Faults.IsInvalid(fault.Code))
        {
            return (ArtifactProblem.Invalid, fault.Code, fault.Message);
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            return (fault.Code == ErrorCode.AccessDenied ? ArtifactProblem.Permissions : ArtifactProblem.Damaged, fault.Code, fault.Message);
        }
    }

    /// <summary>Parts that the catalog lacks; what it names and the disk lacks was told before.</summary>
    private async Task CheckNewestAsync(string origin, CancellationToken cancellationToken)
    {
        var db = archive.Reader;
        if (CatalogTable.Last(db, origin, ArtifactKind.Checkpoints) is not { } newest || ReadCheckpoint(newest) is not { } checkpoint)
        {
            return;
        }
        foreach (var (_, sha256) in checkpoint.Sessions ?? [])
        {
            cancellationToken.ThrowIfCancellationRequested();
            var manifest = ArtifactName.Manifest(origin, sha256);
            if (RetentionTable.Find(db, origin, ArtifactKind.Manifests, manifest.Name) is not { } row)
            {
                await LacksAsync(newest.Artifact, manifest);
                continue;
            }
            foreach (var (kind, hash) in CatalogTable.Edges(db, row.Aid).ToList())
            {
                var part = ArtifactName.ByHash(origin, kind, hash);
                if (!CatalogTable.Contains(db, part))
                {
                    await LacksAsync(newest.Artifact, part);
                }
            }
        }
    }

    private Checkpoint? ReadCheckpoint(CatalogEntry entry)
    {
        try
        {
            var verdict = ImportCheck.Checkpoint(entry.Artifact, ArtifactReader.ReadDocument(_store, entry), out var checkpoint);
            return verdict == ImportVerdict.Ok ? checkpoint : null;
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            return null; // told with the artifact itself
        }
    }

    private readonly HashSet<ArtifactRef> _lacking = [];

    // One that lies there all the same was told as not catalogued.
    private ValueTask LacksAsync(ArtifactRef checkpoint, ArtifactRef part) => _lacking.Add(part) && LocalFiles.Stat(_store.PathOf(part)) is null
        ? sink.FoundAsync(part, null, ArtifactProblem.Missing, ErrorCode.ArtifactMissing, $"'{checkpoint}' needs '{part}', which is not in the local store.")
        : ValueTask.CompletedTask;
}
