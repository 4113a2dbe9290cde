using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Sync;

/// <summary>
/// Pulling from a target whose listings cost requests (decisions: listing metadata on S3). Once a day, with -Full and at the
/// first contact everything is listed. In between checkpoints and events are listed from the last known name on, and the
/// rest is fetched because a checkpoint refers to it.
/// </summary>
internal sealed partial class StoreExchange
{
    private static readonly TimeSpan s_listingInterval = TimeSpan.FromDays(1);

    /// <summary>Writers send events in order, but relays may add older ones, and clocks differ.</summary>
    private const long LookBackSeconds = 24 * 60 * 60;

    private static readonly ArtifactKind[] s_bulk = [ArtifactKind.Segments, ArtifactKind.Raw, ArtifactKind.Manifests];

    private readonly HashSet<ArtifactRef> _tried = [];

    private bool IsListingDue(long? tid)
    {
        var now = context.Archive.Clock.GetUtcNow();
        return tid is null || TargetTable.LastListing(context.Archive.Reader, tid.Value) is not { } last
            || now - last >= s_listingInterval || now < last;
    }

    private async Task PullNewAsync(string origin, CancellationToken cancellationToken)
    {
        var checkpoints = await LookFromMarkAsync(origin, ArtifactKind.Checkpoints, cancellationToken);
        if (checkpoints is null)
        {
            context.Observer.Verbose($"What '{transport.Name}' had of '{origin}' is not there any more: all of it is listed.");
            await PullListedAsync(origin, cancellationToken);
            return;
        }
        foreach (var kind in s_bulk)
        {
            var far = Unlisted(origin, kind);
            _far[(origin, kind)] = far;
            await PullMissingAsync(origin, kind, far, cancellationToken); // what waits for repair
        }
        _far[(origin, ArtifactKind.Checkpoints)] = checkpoints;
        await CloseAsync(origin, checkpoints, cancellationToken);
        var events = await LookFromMarkAsync(origin, ArtifactKind.Meta, cancellationToken)
            ?? await LookAsync(origin, ArtifactKind.Meta, cancellationToken);
        _far[(origin, ArtifactKind.Meta)] = events;
        await PullMissingAsync(origin, ArtifactKind.Meta, events, cancellationToken);
        await PullMissingAsync(origin, ArtifactKind.Checkpoints, checkpoints, cancellationToken);
    }

    /// <summary>Lists from the last known name on. Null = that name is gone and none came after it.</summary>
    private async Task<FarSide?> LookFromMarkAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken)
    {
        var far = Unlisted(origin, kind);
        var mark = ListingMark.Parse(far.Token);
        var last = await ListIntoAsync(far, origin, kind, StartAfter(origin, kind, mark?.Name), cancellationToken);
        far.Token = last?.ToString();
        return last is null && (mark is not null || WasSent(origin, kind, far)) ? null : far;
    }

    /// <summary>The newest checkpoint is never collected, so one that was sent is there, or the target lost what it had.</summary>
    private bool WasSent(string origin, ArtifactKind kind, FarSide far) => kind == ArtifactKind.Checkpoints
        && CatalogTable.Last(context.Archive.Reader, origin, kind) is { } newest && newest.Aid <= far.HighAid && MayRelay(newest.Artifact);

    private FarSide Unlisted(string origin, ArtifactKind kind)
    {
        var cursor = _cursors.GetValueOrDefault((origin, kind));
        return new FarSide(new HashSet<string>(StringComparer.Ordinal), cursor?.HighAid ?? 0)
        {
            Token = cursor?.Token,
            Partial = true,
            AidBeforePull = CatalogTable.MaxAid(context.Archive.Reader),
        };
    }

    /// <summary>So that the last known checkpoint is shown once more, and events of the day before the last one.</summary>
    private string? StartAfter(string origin, ArtifactKind kind, string? lastName)
    {
        if (!ArtifactName.TryParse(origin, kind, lastName, out var last))
        {
            return null;
        }
        if (kind == ArtifactKind.Checkpoints)
        {
            var sequence = ArtifactName.Sequence(last);
            return sequence > 1 ? ArtifactName.Checkpoint(origin, sequence - 1).Name : null;
        }
        if (!Hlc.TryParse(ArtifactName.HlcText(last), out var time))
        {
            return null;
        }
        // A name from the future must not hide what is published today.
        var now = Hlc.FromTime(context.Archive.Clock.GetUtcNow());
        var from = Math.Min(time.Seconds, now.Seconds) - LookBackSeconds;
        return from < 0 ? null : new Hlc(from, 0, 0).ToString();
    }

    /// <summary>
    /// Fetches what the newest checkpoint refers to, and when that is not complete, what older ones do: import uses the
    /// newest complete one (spec 7.2). What an earlier exchange found complete is not looked at again. After complete
    /// listings nothing is left to fetch, but what did not come is noted.
    /// </summary>
    private async Task CloseAsync(string origin, FarSide checkpoints, CancellationToken cancellationToken)
    {
        var reader = context.Archive.Reader;
        var tokens = s_bulk.Select(kind => _far[(origin, kind)].Token).Distinct(StringComparer.Ordinal).ToList();
        var closed = tokens.Count == 1 ? tokens[0] : null; // they differ when one was forgotten
        var candidates = checkpoints.Names!.Union(CatalogTable.Names(reader, origin, ArtifactKind.Checkpoints).Select(entry => entry.Name))
            .Where(name => string.CompareOrdinal(name, closed) > 0).OrderDescending(StringComparer.Ordinal).ToList();
        if (candidates.Count == 0)
        {
            return;
        }
        var known = closed is null
            ? []
            : await ManifestsOfAsync(ArtifactName.Parse(origin, ArtifactKind.Checkpoints, closed), local: true, cancellationToken) ?? [];
        var lowest = IngestTable.ImportedSequence(reader, origin);
        foreach (var candidate in candidates.Select(name => ArtifactName.Parse(origin, ArtifactKind.Checkpoints, name)))
        {
            if (ArtifactName.Sequence(candidate) < lowest)
            {
                break; // never imported again
            }
            if (await ManifestsOfAsync(candidate, local: false, cancellationToken) is { } manifests
                && await FetchClosureAsync(origin, manifests.Where(manifest => !known.Contains(manifest)), cancellationToken))
            {
                closed = candidate.Name;
                break;
            }
        }
        foreach (var kind in s_bulk)
        {
            _far[(origin, kind)].Token = closed;
        }
    }

    /// <summary>The manifests that a checkpoint names, from our copy, else from theirs; null when there is none to read.</summary>
    private async Task<HashSet<ArtifactRef>?> ManifestsOfAsync(ArtifactRef checkpoint, bool local, CancellationToken cancellationToken)
    {
        try
        {
            byte[] bytes;
            if (CatalogTable.Find(context.Archive.Reader, checkpoint) is { } entry)
            {
                bytes = ArtifactReader.ReadDocument(context.Store, entry);
            }
            else if (local)
            {
                return null;
            }
            else
            {
                await using var wire = await transport.OpenReadAsync(checkpoint, cancellationToken);
                await using var decoded = ArtifactCodec.OpenDecoded(checkpoint.Kind, wire);
                using var buffer = new MemoryStream();
                await decoded.CopyToAsync(buffer, cancellationToken);
                bytes = buffer.ToArray();
            }
            return [.. (CheckpointDocument.Read(bytes).Sessions ?? []).Where(session => ArtifactName.IsHash(session.Value))
                .Select(session => ArtifactName.Manifest(checkpoint.Origin, session.Value))];
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            context.Observer.Verbose($"'{checkpoint}' can't be read: {fault.Message}");
            return null; // it is fetched, or found damaged, in its turn
        }
    }

    /// <summary>Fetches manifests and what they refer to, the latter first. True = all of it is here now, or was refused for its content.</summary>
    private async Task<bool> FetchClosureAsync(string origin, IEnumerable<ArtifactRef> manifests, CancellationToken cancellationToken)
    {
        var reader = context.Archive.Reader;
        var (missing, references) = (new List<ArtifactRef>(), new HashSet<ArtifactRef>());
        foreach (var manifest in manifests)
        {
            if (CatalogTable.Find(reader, manifest) is { } entry)
            {
                references.UnionWith(CatalogTable.Edges(reader, entry.Aid).Select(edge => ArtifactName.ByHash(origin, edge.Kind, edge.Sha256)));
            }
            else
            {
                missing.Add(manifest);
            }
        }
        var (complete, closed) = (await FetchReferencesAsync(references, cancellationToken), true);
        complete &= Untried(ref missing);
        foreach (var chunk in missing.Chunk(PullBatch))
        {
            var arrived = await FetchAsync(chunk, _far[(origin, ArtifactKind.Manifests)], cancellationToken, async manifests =>
            {
                var next = manifests.SelectMany(info => info.References)
                    .Select(reference => ArtifactName.ByHash(origin, reference.Kind, reference.Sha256));
                var all = await FetchReferencesAsync(next.ToHashSet(), cancellationToken);
                closed &= all;
            });
            complete &= arrived;
        }
        return complete && closed;
    }

    private async Task<bool> FetchReferencesAsync(IEnumerable<ArtifactRef> references, CancellationToken cancellationToken)
    {
        var missing = references.Where(artifact => !CatalogTable.Contains(context.Archive.Reader, artifact)).ToList();
        var complete = Untried(ref missing);
        foreach (var group in missing.GroupBy(artifact => artifact.Kind).OrderBy(group => group.Key))
        {
            foreach (var chunk in group.Chunk(PullBatch))
            {
                var arrived = await FetchAsync(chunk, _far[(chunk[0].Origin, group.Key)], cancellationToken);
                complete &= arrived;
            }
        }
        return complete;
    }

    /// <summary>
    /// Leaves out what import refused by its content, which every copy would be, and what is not to be had: not listed, or
    /// tried by this exchange already. The latter makes the closure incomplete (false).
    /// </summary>
    private bool Untried(ref List<ArtifactRef> missing)
    {
        var wanted = missing.Where(artifact => !context.Store.IsQuarantined(artifact)).ToList();
        missing = [.. wanted.Where(artifact => _far[(artifact.Origin, artifact.Kind)].Partial && _tried.Add(artifact))];
        return missing.Count == wanted.Count;
    }
}
