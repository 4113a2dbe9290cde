using System.Collections.Concurrent;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Sync;

internal sealed partial class StoreExchange
{
    private const int PullBatch = 2_000;

    /// <summary>Fetches, verifies and stores everything that the target has and we lack, of all origins, the own one included.</summary>
    public async Task PullAsync(CancellationToken cancellationToken)
    {
        if (!_originsListed)
        {
            await ListOriginsAsync(cancellationToken);
        }
        foreach (var origin in _remoteOrigins.Order(StringComparer.Ordinal))
        {
            if (_leftOut.Contains(origin) || RefusesPair(origin))
            {
                continue;
            }
            await ConfinedAsync(origin, "pull", () => _listsAll || !_cursors.ContainsKey((origin, ArtifactKind.Checkpoints))
                ? PullListedAsync(origin, cancellationToken)
                : PullNewAsync(origin, cancellationToken));
            context.Run.Flush();
        }
    }

    /// <summary>Pulls what complete listings show.</summary>
    private async Task PullListedAsync(string origin, CancellationToken cancellationToken)
    {
        foreach (var kind in s_order)
        {
            await PullKindAsync(origin, kind, cancellationToken);
        }
        if (transport.Traits.IsIncremental)
        {
            MarkClosed(origin);
        }
    }

    private async Task PullKindAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken)
    {
        var far = await LookAsync(origin, kind, cancellationToken);
        _far[(origin, kind)] = far;
        await PullMissingAsync(origin, kind, far, cancellationToken);
    }

    private async Task PullMissingAsync(string origin, ArtifactKind kind, FarSide far, CancellationToken cancellationToken)
    {
        var wanted = far.Names is null ? [] : Missing(origin, kind, far.Names);
        // What waits for repair is catalogued, so it is not among them. An unchanged target may have it, a listed one says so.
        wanted.AddRange(context.Store.Repairs().Select(repair => repair.Artifact).Where(artifact => artifact.Origin == origin
            && artifact.Kind == kind && (far.Partial || far.Names?.Contains(artifact.Name) != false)));
        if (kind == ArtifactKind.Checkpoints && far.Names is not null)
        {
            NoteOwnSequences(origin, far.Names, cancellationToken);
            await CompareCheckpointsAsync(origin, far, cancellationToken);
        }
        foreach (var chunk in wanted.Chunk(PullBatch))
        {
            await FetchAsync(chunk, far, cancellationToken);
        }
    }

    /// <summary>Lists (origin, kind), unless the token says that the listing is what it was.</summary>
    private async Task<FarSide> LookAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken)
    {
        var cursor = context.Full ? null : _cursors.GetValueOrDefault((origin, kind));
        var high = cursor?.HighAid ?? 0;
        var before = CatalogTable.MaxAid(context.Archive.Reader);
        var token = await transport.GetListingTokenAsync(origin, kind, cancellationToken);
        if (token is not null && token == cursor?.Token)
        {
            return new FarSide(null, high) { Token = token, AidBeforePull = before };
        }
        var far = new FarSide(new HashSet<string>(StringComparer.Ordinal), high) { Token = token, AidBeforePull = before };
        var last = await ListIntoAsync(far, origin, kind, startAfter: null, cancellationToken);
        if (transport.Traits.IsIncremental)
        {
            far.Token = last?.ToString();
        }
        return far;
    }

    /// <summary>Adds the names of a listing. Returns the last one where the order means something.</summary>
    private async Task<ListingMark?> ListIntoAsync(
        FarSide far, string origin, ArtifactKind kind, string? startAfter, CancellationToken cancellationToken)
    {
        void Fault(ArtifactRef artifact, ArtifactSyncException fault)
        {
            far.Incomplete = true;
            context.Run.Failed("artifact", artifact.Path, "pull", fault);
        }
        RemoteEntry? last = null;
        await foreach (var entry in transport.ListAsync(origin, kind, startAfter, Fault, cancellationToken))
        {
            if (!far.Names!.Add(entry.Artifact.Name))
            {
                throw new ArtifactSyncException(ErrorCode.TargetListingInvalid,
                    $"The listing of {ArtifactName.KindDirectory(kind)} of '{origin}' at '{transport.Name}' names '{entry.Artifact.Name}' twice.", origin);
            }
            last = entry;
        }
        return last is { } found ? ListingMark.Of(found) : null;
    }

    private List<ArtifactRef> Missing(string origin, ArtifactKind kind, HashSet<string> names)
    {
        var reader = context.Archive.Reader;
        var local = CatalogTable.Names(reader, origin, kind).Select(entry => entry.Name).ToHashSet(StringComparer.Ordinal);
        // What import refused by its content would be refused again: it is not fetched a second time (appendix A, 12).
        var refused = QuarantineTable.List(reader, origin, kind)
            .Where(entry => ArtifactName.Sha256(entry.Artifact) == entry.Sha256)
            .Select(entry => entry.Artifact.Name).ToHashSet(StringComparer.Ordinal);
        return [.. names.Where(name => !local.Contains(name) && !refused.Contains(name)).Order(StringComparer.Ordinal)
            .Select(name => ArtifactName.Parse(origin, kind, name))];
    }

    /// <param name="artifacts">At most <see cref="PullBatch"/>.</param>
    /// <param name="far">Of their kind.</param>
    /// <param name="before">Called with what arrived, before it is kept: what it refers to comes first.</param>
    /// <returns>Whether all arrived.</returns>
    private async Task<bool> FetchAsync(
        ArtifactRef[] artifacts, FarSide far, CancellationToken cancellationToken, Func<IEnumerable<ArtifactInfo>, Task>? before = null)
    {
        var arrived = new ConcurrentBag<(ArtifactRef Artifact, ArtifactInfo Info)>();
        using var batch = context.Store.BeginBatch();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = context.Options.ThrottleLimit, CancellationToken = cancellationToken };
        var done = 0L;
        await Parallel.ForEachAsync(artifacts, parallel, async (artifact, token) =>
        {
            try
            {
                var wire = await transport.OpenReadAsync(artifact, token);
                await using (wire)
                {
                    var info = batch.Receive(artifact, wire, token);
                    arrived.Add((artifact, info));
                    context.Run.Count(counters => counters.BytesReceived += info.Identity.WireSize);
                }
            }
            catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
            {
                // Not there is no reason to look again before something changes there: its listing tells.
                far.Incomplete |= fault.Code != ErrorCode.ArtifactNotFound;
                await RefuseAsync(artifact, fault, token);
            }
            context.Observer.Progress(new ProgressSnapshot("Pulling", artifact.Path, Interlocked.Increment(ref done), artifacts.Length, batch.WireBytes));
        });
        if (before is not null)
        {
            await before(arrived.Select(item => item.Info));
        }
        Keep(batch, cancellationToken);
        if (far.Partial)
        {
            far.Names!.UnionWith(arrived.Select(item => item.Artifact.Name)); // not to be sent back
        }
        return arrived.Count == artifacts.Length;
    }

    private async Task RefuseAsync(ArtifactRef artifact, ArtifactSyncException fault, CancellationToken cancellationToken)
    {
        if (Faults.IsDamage(fault.Code) && transport.Traits.IsIncremental)
        {
            await RemoveDamagedAsync(artifact, cancellationToken);
        }
        switch (fault.Code)
        {
            case ErrorCode.ArtifactNotFound: // removed since it was listed
                context.Run.Deferred("artifact", artifact.Path, "pull", fault.Code, fault.Message);
                break;
            case ErrorCode.AccessDenied or ErrorCode.TransferIncomplete:
                context.Run.Failed("artifact", artifact.Path, "pull", fault);
                break;
            default:
                context.Run.Rejected("artifact", artifact.Path, "pull", fault.Code, fault.Message);
                break;
        }
    }

    /// <summary>
    /// A damaged object would keep its name from the good copy for ever (spec 10.4). Only over a way on which nobody can have
    /// changed it is it known to be damaged there, not underway.
    /// </summary>
    private async Task RemoveDamagedAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        try
        {
            if (transport.Traits.IsSecure && await transport.SetAsideDamagedAsync(artifact, cancellationToken))
            {
                context.Observer.Verbose($"'{artifact}' at '{transport.Name}' was damaged and is removed there; whoever has it sends it again.");
            }
        }
        catch (ArtifactSyncException fault)
        {
            context.Observer.Verbose($"'{artifact}' at '{transport.Name}' is damaged and can't be removed there: {fault.Message}");
        }
    }

    /// <summary>Makes a batch live: files first, then catalog and the origin's mark in one transaction.</summary>
    private void Keep(StoreBatch batch, CancellationToken cancellationToken)
    {
        if (batch.Count == 0)
        {
            return;
        }
        var outcomes = batch.Publish(cancellationToken);
        context.Options.Checkpoint("pull:published");
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        batch.Catalog(transaction.Db);
        foreach (var group in outcomes.Where(outcome => outcome.Result != StoreResult.Refused).GroupBy(outcome => outcome.Artifact.Origin))
        {
            if (group.Key != context.OwnOrigin)
            {
                var metadata = group.Any(outcome => outcome.Artifact.Kind == ArtifactKind.Meta);
                var content = group.Any(outcome => outcome.Artifact.Kind != ArtifactKind.Meta);
                IngestTable.MarkPending(transaction.Db, group.Key, content, metadata, context.Archive.Clock.GetUtcNow());
            }
        }
        transaction.Commit();
        context.Options.Checkpoint("pull:catalogued");
        foreach (var outcome in outcomes)
        {
            if (outcome.Error is { } error)
            {
                throw error;
            }
            context.Run.Count(counters =>
            {
                counters.Received++;
                counters.Healed += outcome.Result == StoreResult.Repaired ? 1 : 0;
            });
        }
    }

    /// <summary>No number that the target shows as ours may be used again (spec 6.5), readable or not.</summary>
    private void NoteOwnSequences(string origin, HashSet<string> names, CancellationToken cancellationToken)
    {
        if (origin != context.OwnOrigin || names.Count == 0)
        {
            return;
        }
        var largest = names.Max(name => ArtifactName.Sequence(ArtifactName.Parse(origin, ArtifactKind.Checkpoints, name)));
        if (largest <= PublicationTable.Floor(context.Archive.Reader, origin))
        {
            return;
        }
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin(durable: true);
        PublicationTable.RaiseFloor(transaction.Db, origin, largest);
        transaction.Commit();
    }

    /// <summary>
    /// A checkpoint name with two contents means that two machines publish as one, or damage; either way the origin stays out
    /// (spec 10.1). Compared are those new to this target, the newest, and all with -Full.
    /// </summary>
    private async Task CompareCheckpointsAsync(string origin, FarSide far, CancellationToken cancellationToken)
    {
        var common = CatalogTable.List(context.Archive.Reader, origin, ArtifactKind.Checkpoints)
            .Where(entry => far.Names!.Contains(entry.Artifact.Name)).ToList();
        var unchanged = !context.Full && transport.Traits.IsIncremental && far.Token is not null
            && far.Token == _cursors.GetValueOrDefault((origin, ArtifactKind.Checkpoints))?.Token;
        foreach (var entry in common.Where(entry => context.Full || entry.Aid > far.HighAid || (entry == common[^1] && !unchanged)))
        {
            try
            {
                await RequireSameAsync(entry, cancellationToken);
            }
            catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.ArtifactNotFound)
            {
                far.Incomplete = true; // collected there since it was listed; the next exchange shows
            }
        }
    }

    private async Task RequireSameAsync(CatalogEntry entry, CancellationToken cancellationToken)
    {
        if (await ExamineAsync(entry.Artifact, cancellationToken) is not { } there
            || there.Sha256 != entry.Sha256 || there.Size != entry.Size)
        {
            throw new ArtifactSyncException(ErrorCode.CheckpointConflict,
                $"The checkpoint '{entry.Artifact}' at '{transport.Name}' is not the one that this archive holds. Two machines publish as "
                + "one origin, or the file is damaged: remove or repair it there.", entry.Artifact.Path);
        }
    }

    /// <summary>What the target's copy is; null when it is damaged.</summary>
    private async Task<ArtifactIdentity?> ExamineAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        try
        {
            var wire = await transport.OpenReadAsync(artifact, cancellationToken);
            await using (wire)
            {
                return ReceptionCheck.Verify(artifact, wire, cancellationToken).Identity;
            }
        }
        catch (ArtifactSyncException fault) when (Faults.IsDamage(fault.Code) || Faults.IsInvalid(fault.Code))
        {
            return null;
        }
    }
}
