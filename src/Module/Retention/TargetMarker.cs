using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Sync;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>What a target has of one origin, and what of it nothing needs.</summary>
/// <param name="Newest">Its newest checkpoint.</param>
/// <param name="Loose">What that does not refer to, what refers first.</param>
internal sealed record TargetMarks(string Origin, ArtifactRef Newest, IReadOnlyList<RemoteEntry> Loose);

/// <summary>
/// Marks what the newest checkpoint at a target needs (spec 11). Checkpoint and whatever this archive does not hold itself
/// are read and verified there; of the rest the catalog knows the references. What the local store still needs stays, too:
/// it may know a newer checkpoint that is on its way.
/// </summary>
internal sealed class TargetMarker(CollectContext context, ITransport transport, CancellationToken cancellationToken)
{
    private static readonly ArtifactKind[] s_candidates = [ArtifactKind.Checkpoints, ArtifactKind.Manifests, ArtifactKind.Raw, ArtifactKind.Segments];

    private readonly Database _db = context.Archive.Reader;
    private readonly Dictionary<ArtifactKind, Dictionary<string, RemoteEntry>> _there = [];

    /// <summary>Null: the target has nothing of this origin.</summary>
    /// <exception cref="ArtifactSyncException">CheckpointIncomplete and others: nothing of this origin may go there.</exception>
    public async Task<TargetMarks?> MarkAsync(string origin, OriginMarks? local)
    {
        foreach (var kind in s_candidates)
        {
            var entries = _there[kind] = new(StringComparer.Ordinal);
            await foreach (var entry in transport.ListAsync(origin, kind, startAfter: null, Refuse, cancellationToken))
            {
                entries[entry.Artifact.Name] = entry;
            }
            context.Counters.Scanned += entries.Count;
        }
        var checkpoints = _there[ArtifactKind.Checkpoints];
        if (checkpoints.Count == 0)
        {
            return _there.Values.All(static entries => entries.Count == 0) ? null : throw Unsafe(origin, "has no checkpoint there");
        }
        var newest = checkpoints[checkpoints.Keys.Max(StringComparer.Ordinal)!].Artifact;
        checkpoints.Remove(newest.Name);
        await MarkClosureAsync(newest);
        return new TargetMarks(origin, newest, [.. s_candidates.SelectMany(kind => _there[kind].Values.Where(entry => !IsNeededHere(entry.Artifact, local))
            .OrderBy(static entry => entry.Artifact.Name, StringComparer.Ordinal))]);
    }

    private async Task MarkClosureAsync(ArtifactRef newest)
    {
        if (ImportCheck.Checkpoint(newest, await TargetReader.ReadAsync(transport, newest, cancellationToken), out var checkpoint) == ImportVerdict.Future)
        {
            throw Unsafe(newest.Origin, $"has a newest checkpoint '{newest.Name}' of a later version there");
        }
        foreach (var (gid, sha256) in checkpoint!.Sessions ?? [])
        {
            cancellationToken.ThrowIfCancellationRequested();
            var manifest = ArtifactName.Manifest(newest.Origin, sha256);
            Mark(manifest); // a second session that names it misses it
            foreach (var (kind, hash) in await PartsAsync(manifest, gid))
            {
                await MarkPartAsync(ArtifactName.ByHash(newest.Origin, kind, hash));
            }
        }
    }

    private readonly HashSet<ArtifactRef> _parts = [];

    private async Task MarkPartAsync(ArtifactRef part)
    {
        if (!_parts.Add(part))
        {
            return;
        }
        Mark(part);
        var row = RetentionTable.Find(_db, part.Origin, part.Kind, part.Name);
        if (context.Full || row is null)
        {
            await TargetReader.VerifyAsync(transport, part, cancellationToken);
        }
        else if (row.Value.HasFault)
        {
            throw Unsafe(part.Origin, $"needs '{part.Path}', which can't be imported");
        }
    }

    /// <summary>References of a manifest: from the catalog, where this archive holds the very same, else read there.</summary>
    private async Task<IReadOnlyList<(ArtifactKind Kind, string Sha256)>> PartsAsync(ArtifactRef manifest, string gid)
    {
        if (!context.Full && RetentionTable.Find(_db, manifest.Origin, manifest.Kind, manifest.Name) is { HasFault: false } row
            && CatalogTable.Edges(_db, row.Aid).ToList() is { Count: > 0 } known)
        {
            return known;
        }
        var decoded = await TargetReader.ReadAsync(transport, manifest, cancellationToken);
        if (ImportCheck.Manifest(manifest, decoded, gid, out var read) == ImportVerdict.Future)
        {
            throw Unsafe(manifest.Origin, $"refers to '{manifest.Path}' of a later version there");
        }
        List<(ArtifactKind, string)> parts = [.. read!.Segments.Select(static hash => (ArtifactKind.Segments, hash))];
        if (read.RawSource is { Hash.Length: > 0 } raw)
        {
            parts.Add((ArtifactKind.Raw, raw.Hash));
        }
        return parts;
    }

    private void Mark(ArtifactRef artifact)
    {
        if (!_there[artifact.Kind].Remove(artifact.Name))
        {
            throw Unsafe(artifact.Origin, $"needs '{artifact.Path}', which is not there or is named twice");
        }
    }

    private bool IsNeededHere(ArtifactRef artifact, OriginMarks? local) =>
        local is not null && RetentionTable.Find(_db, artifact.Origin, artifact.Kind, artifact.Name) is { } row && local.Live.Contains(row.Aid);

    private void Refuse(ArtifactRef artifact, ArtifactSyncException fault) => context.Observer.Verbose(fault.Message);

    private ArtifactSyncException Unsafe(string origin, string why) => new(
        ErrorCode.CheckpointIncomplete, $"The origin '{origin}' {why} ('{transport.Name}'); nothing of it is removed there.", origin);
}
