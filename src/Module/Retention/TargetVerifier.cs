using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>
/// As <see cref="LocalVerifier"/>, of a target: names and whatever has the name of something else, every artifact read unless
/// quick, the newest checkpoint of each origin complete. Checkpoints must be those that this archive holds. Findings bear the
/// target as the user named it, so that a repair can open it again.
/// </summary>
internal sealed class TargetVerifier(ArchiveDatabase archive, string target, ITransport transport, FindingSink sink, IRunObserver observer, bool quick)
{
    private readonly Database _db = archive.Reader;
    private readonly Dictionary<ArtifactKind, HashSet<string>> _there = [];
    private long _done;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var faults = new List<(string Origin, ArtifactSyncException Fault)>();
        foreach (var origin in await transport.ListOriginsAsync((origin, fault) => faults.Add((origin, fault)), cancellationToken))
        {
            try
            {
                await OriginAsync(origin, cancellationToken);
            }
            catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
            {
                faults.Add((origin, fault));
            }
        }
        foreach (var (origin, fault) in faults)
        {
            await sink.TellAsync(new ArtifactFinding
            {
                Target = target, Origin = origin, Problem = ArtifactProblem.Stray, ErrorCode = fault.Code.ToString(), ErrorMessage = fault.Message,
            });
        }
    }

    private async Task OriginAsync(string origin, CancellationToken cancellationToken)
    {
        _there.Clear();
        foreach (var kind in Enum.GetValues<ArtifactKind>())
        {
            var strays = transport.Ignored.Stray;
            var faults = new List<(ArtifactRef Artifact, ArtifactSyncException Fault)>();
            var listed = new List<ArtifactRef>();
            await foreach (var entry in transport.ListAsync(origin, kind, startAfter: null, (artifact, fault) => faults.Add((artifact, fault)), cancellationToken))
            {
                listed.Add(entry.Artifact);
            }
            _there[kind] = listed.Select(static artifact => artifact.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var (artifact, fault) in faults)
            {
                await sink.FoundAsync(artifact, target, ArtifactProblem.Damaged, fault.Code, fault.Message);
            }
            if (transport.Ignored.Stray - strays is var count and > 0)
            {
                await sink.StrayAsync($"{origin}/{ArtifactName.KindDirectory(kind)}", target, $"{count} names there are none of artifacts.");
            }
            await CheckAllAsync(listed, cancellationToken);
        }
        await CheckNewestAsync(origin, cancellationToken);
    }

    private async Task CheckAllAsync(List<ArtifactRef> artifacts, CancellationToken cancellationToken)
    {
        sink.Counters.Verified += artifacts.Count;
        if (quick)
        {
            return;
        }
        var known = artifacts.Where(static artifact => artifact.Kind == ArtifactKind.Checkpoints)
            .ToDictionary(artifact => artifact, artifact => CatalogTable.Find(_db, artifact)?.Sha256);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = archive.Options.ThrottleLimit, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(artifacts, parallel, async (artifact, token) =>
        {
            await CheckAsync(artifact, known.GetValueOrDefault(artifact), token);
            observer.Progress(new ProgressSnapshot("Verifying", artifact.Path, Interlocked.Increment(ref _done), 0, 0));
        });
    }

    private async Task CheckAsync(ArtifactRef artifact, string? expected, CancellationToken cancellationToken)
    {
        try
        {
            if (Mode(artifact) is { } mode)
            {
                await sink.FoundAsync(artifact, target, ArtifactProblem.Permissions, ErrorCode.ArtifactPermissions, mode);
                return;
            }
            var info = await TargetReader.VerifyAsync(transport, artifact, cancellationToken);
            if (expected is not null && info.Identity.Sha256 != expected)
            {
                await sink.FoundAsync(artifact, target, ArtifactProblem.Conflict, ErrorCode.CheckpointConflict,
                    $"The checkpoint '{artifact}' at '{transport.Name}' is not the one that this archive holds.");
            }
            else if (info.ImportFault is { } code and not ErrorCode.FutureVersion)
            {
                await sink.FoundAsync(artifact, target, ArtifactProblem.Invalid, code, $"'{artifact}' can't be imported ({code}).");
            }
            else if (!info.IsFuture && artifact.Kind is ArtifactKind.Checkpoints or ArtifactKind.Manifests or ArtifactKind.Meta)
            {
                ContentCheck.Require(artifact, await TargetReader.ReadAsync(transport, artifact, cancellationToken));
            }
        }
        catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.ArtifactNotFound)
        {
            // Removed since it was listed.
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            var problem = fault.Code switch
            {
                ErrorCode.AccessDenied => ArtifactProblem.Permissions,
                var code when Faults.IsInvalid(code) && ArtifactName.Sha256(artifact) is not null => ArtifactProblem.Invalid,
                _ => ArtifactProblem.Damaged,
            };
            await sink.FoundAsync(artifact, target, problem, fault.Code, fault.Message);
        }
    }

    private string? Mode(ArtifactRef artifact)
    {
        var path = Path.Combine(transport.Name, artifact.Path);
        try
        {
            return TargetPath.IsFolder(transport.Name) ? StoreMode.Fault(path, FolderUse.Shared) : null;
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw error is FileNotFoundException
                ? new ArtifactSyncException(ErrorCode.ArtifactNotFound, $"'{path}' is gone.", artifact.Path, error)
                : FolderErrors.Reading(error, path, FolderUse.Shared);
        }
    }

    private async Task CheckNewestAsync(string origin, CancellationToken cancellationToken)
    {
        if (_there[ArtifactKind.Checkpoints].Max(StringComparer.Ordinal) is not { } name)
        {
            return;
        }
        var newest = ArtifactName.Parse(origin, ArtifactKind.Checkpoints, name);
        if (await SessionsAsync(newest, cancellationToken) is not { } sessions)
        {
            return;
        }
        foreach (var (_, sha256) in sessions)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var manifest = ArtifactName.Manifest(origin, sha256);
            if (!_there[ArtifactKind.Manifests].Contains(manifest.Name))
            {
                await LacksAsync(newest, manifest);
                continue;
            }
            foreach (var (kind, hash) in await PartsAsync(manifest, cancellationToken))
            {
                var part = ArtifactName.ByHash(origin, kind, hash);
                if (!_there[kind].Contains(part.Name))
                {
                    await LacksAsync(newest, part);
                }
            }
        }
    }

    private async Task<IReadOnlyList<KeyValuePair<string, string>>?> SessionsAsync(ArtifactRef newest, CancellationToken cancellationToken)
    {
        try
        {
            var verdict = ImportCheck.Checkpoint(newest, await TargetReader.ReadAsync(transport, newest, cancellationToken), out var checkpoint);
            return verdict == ImportVerdict.Ok ? [.. checkpoint!.Sessions ?? []] : null;
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            if (quick)
            {
                await sink.FoundAsync(newest, target, ArtifactProblem.Damaged, fault.Code, fault.Message); // else told before
            }
            return null;
        }
    }

    private async Task<IReadOnlyList<(ArtifactKind Kind, string Sha256)>> PartsAsync(ArtifactRef manifest, CancellationToken cancellationToken)
    {
        if (RetentionTable.Find(_db, manifest.Origin, manifest.Kind, manifest.Name) is { } row)
        {
            return [.. CatalogTable.Edges(_db, row.Aid)];
        }
        try
        {
            return (await TargetReader.VerifyAsync(transport, manifest, cancellationToken)).References;
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            return []; // told with the manifest itself
        }
    }

    private readonly HashSet<ArtifactRef> _lacking = [];

    private ValueTask LacksAsync(ArtifactRef checkpoint, ArtifactRef part) => _lacking.Add(part)
        ? sink.FoundAsync(part, target, ArtifactProblem.Missing, ErrorCode.ArtifactMissing,
            $"'{checkpoint}' needs '{part}', which is not at '{transport.Name}'.")
        : ValueTask.CompletedTask;
}
