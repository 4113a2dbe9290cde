using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Sync;

internal sealed partial class StoreExchange
{
    private const int PullBatch = 2_000;

    /// <summary>Fetches, verifies and stores everything that the target has and we lack, of all origins, the own one included.</summary>
    public async Task PullAsync(CancellationToken cancellationToken)
    {
        if (_remoteOrigins.Count == 0)
        {
            await ListOriginsAsync(cancellationToken);
        }
        foreach (var origin in _remoteOrigins.Order(StringComparer.Ordinal))
        {
            if (_leftOut.Contains(origin) || RefusesPair(origin))
            {
                continue;
            }
            foreach (var kind in s_order)
            {
                if (!await ConfinedAsync(origin, "pull", () => PullKindAsync(origin, kind, cancellationToken)))
                {
                    break;
                }
            }
            context.Run.Flush();
        }
    }

    private async Task PullKindAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken)
    {
        var far = await LookAsync(origin, kind, cancellationToken);
        _far[(origin, kind)] = far;
        var wanted = far.Names is null ? [] : Missing(origin, kind, far.Names);
        // What waits for repair is catalogued, so it is not among them. An unchanged target may have it, a listed one says so.
        wanted.AddRange(context.Store.Repairs().Select(repair => repair.Artifact)
            .Where(artifact => artifact.Origin == origin && artifact.Kind == kind && far.Names?.Contains(artifact.Name) != false));
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
            return new FarSide(null, token, high) { AidBeforePull = before };
        }
        var names = new HashSet<string>(StringComparer.Ordinal);
        var incomplete = false;
        void Fault(ArtifactRef artifact, ArtifactSyncException fault)
        {
            incomplete = true;
            context.Run.Failed("artifact", artifact.Path, "pull", fault);
        }
        await foreach (var entry in transport.ListAsync(origin, kind, startAfter: null, Fault, cancellationToken))
        {
            names.Add(entry.Artifact.Name);
        }
        return new FarSide(names, token, high) { AidBeforePull = before, Incomplete = incomplete };
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

    private async Task FetchAsync(ArtifactRef[] artifacts, FarSide far, CancellationToken cancellationToken)
    {
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
                    context.Run.Count(counters => counters.BytesReceived += info.Identity.WireSize);
                }
            }
            catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
            {
                // Not there is no reason to look again before something changes there: its listing tells.
                far.Incomplete |= fault.Code != ErrorCode.ArtifactNotFound;
                Refuse(artifact, fault);
            }
            context.Observer.Progress(new ProgressSnapshot("Pulling", artifact.Path, Interlocked.Increment(ref done), artifacts.Length, batch.WireBytes));
        });
        Keep(batch, cancellationToken);
    }

    private void Refuse(ArtifactRef artifact, ArtifactSyncException fault)
    {
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
        foreach (var entry in common.Where(entry => context.Full || entry.Aid > far.HighAid || entry == common[^1]))
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
