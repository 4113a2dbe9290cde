using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>
/// Removes what is stale at a target: a folder or bucket that others use at the same time. Before each page the newest
/// checkpoint is looked at again; what a peer loses that was about to refer to it, its next exchange puts there again.
/// </summary>
internal sealed class TargetCollector(CollectContext context, ITransport transport)
{
    private const int PageSize = 1_000;
    private const int Attempts = 5;

    private DateTimeOffset? _due;
    private long _removed, _bytes;

    /// <summary>Collects one origin there; returns what the next automatic collection has to know, null = nothing is there.</summary>
    /// <param name="origin">The origin.</param>
    /// <param name="local">What the local store needs of it; null = it holds nothing of it.</param>
    /// <param name="cancellationToken">Stops between two artifacts.</param>
    public async Task<CollectionMark?> CollectAsync(string origin, OriginMarks? local, CancellationToken cancellationToken)
    {
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                if (await new TargetMarker(context, transport, cancellationToken).MarkAsync(origin, local) is not { } marks)
                {
                    return null;
                }
                if (await SweepAsync(marks, cancellationToken) || attempt == Attempts)
                {
                    Report(origin, cancellationToken);
                    return Mark(origin, local, complete: !context.Budget.IsExhausted && attempt < Attempts);
                }
            }
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            context.Skip(origin, $" at {transport.Name}", fault);
            return Mark(origin, local, complete: true);
        }
    }

    /// <summary>False: another newest checkpoint came.</summary>
    private async Task<bool> SweepAsync(TargetMarks marks, CancellationToken cancellationToken)
    {
        var page = new List<(RemoteEntry Entry, StaleArtifact Stale)>();
        foreach (var loose in marks.Loose)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await FindAsync(loose, cancellationToken) is { } stale)
            {
                if (!context.Budget.Take(stale.Size))
                {
                    break;
                }
                page.Add((loose, stale));
            }
            if (page.Count == PageSize && !await RemoveAsync(marks, page, cancellationToken))
            {
                return false;
            }
        }
        return page.Count == 0 || await RemoveAsync(marks, page, cancellationToken);
    }

    /// <summary>Null: it is gone, or grace keeps it.</summary>
    private async Task<StaleArtifact?> FindAsync(RemoteEntry listed, CancellationToken cancellationToken)
    {
        var entry = listed.ModifiedNanoseconds >= 0 ? listed : await transport.FindAsync(listed.Artifact, cancellationToken);
        if (entry is not { } found)
        {
            return null;
        }
        if (found.ModifiedNanoseconds < 0)
        {
            throw new ArtifactSyncException(ErrorCode.InvalidTarget,
                $"'{transport.Name}' does not tell how old its artifacts are, so nothing is removed there. Collect on the machine that holds them.", transport.Name);
        }
        var modified = context.Time(found.ModifiedNanoseconds);
        if (!context.IsTooYoungThere(modified))
        {
            return context.Stale(found.Artifact, found.WireSize, modified, transport.Name);
        }
        context.Counters.KeptByGrace++;
        var due = modified + context.Grace + CollectContext.ClockSkew;
        _due = _due is null || due < _due ? due : _due;
        return null;
    }

    private async Task<bool> RemoveAsync(
        TargetMarks marks, List<(RemoteEntry Entry, StaleArtifact Stale)> page, CancellationToken cancellationToken)
    {
        if (!context.WhatIf && await NewestAsync(marks.Origin, cancellationToken) != marks.Newest.Name)
        {
            return false;
        }
        context.Counters.Eligible += page.Count;
        var faults = new ArtifactSyncException?[page.Count];
        if (!context.WhatIf)
        {
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = context.Archive.Options.ThrottleLimit, CancellationToken = cancellationToken };
            await Parallel.ForAsync(0, page.Count, parallel, async (i, token) => faults[i] = await RemoveAsync(page[i].Entry.Artifact, token));
            context.Archive.Options.Checkpoint("collect:target");
        }
        for (var i = 0; i < page.Count; i++)
        {
            await TellAsync(page[i].Stale, faults[i]);
        }
        page.Clear();
        return true;
    }

    private async Task<ArtifactSyncException?> RemoveAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        try
        {
            return await transport.RemoveAsync(artifact, cancellationToken) ? null : new ArtifactSyncException(
                ErrorCode.TargetReadOnly, $"'{transport.Name}' does not let '{artifact}' be removed.", transport.Name);
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code) || fault.Code is ErrorCode.TargetReadOnly or ErrorCode.TargetForbidden)
        {
            return fault;
        }
    }

    private async ValueTask TellAsync(StaleArtifact stale, ArtifactSyncException? fault)
    {
        if (fault is not null)
        {
            await context.FailAsync(stale, fault);
            return;
        }
        if (!context.WhatIf)
        {
            (_removed, _bytes) = (_removed + 1, _bytes + stale.Size);
            context.Counters.Collected++;
            context.Counters.BytesCollected += stale.Size;
            context.Observer.Progress(new ProgressSnapshot("Collecting", $"{stale.Origin} at {transport.Name}", context.Counters.Collected, 0, context.Counters.BytesCollected));
        }
        await context.Emit(stale);
    }

    private async Task<string?> NewestAsync(string origin, CancellationToken cancellationToken)
    {
        string? newest = null;
        await foreach (var entry in transport.ListAsync(origin, ArtifactKind.Checkpoints, startAfter: null, static (_, _) => { }, cancellationToken))
        {
            newest = string.CompareOrdinal(entry.Artifact.Name, newest) > 0 ? entry.Artifact.Name : newest;
        }
        return newest;
    }

    private void Report(string origin, CancellationToken cancellationToken)
    {
        if (_removed > 0)
        {
            if (transport.Traits.IsIncremental)
            {
                using var lease = context.AcquireLease(cancellationToken);
                using var transaction = lease.Begin();
                TargetTable.ForgetListed(transaction.Db, transport.Name);
                transaction.Commit();
            }
            context.Run.Add("origin", $"{origin} at {transport.Name}", "collect", EntityStatus.Ok, null, $"removed {_removed} artifacts, {_bytes} bytes");
        }
        (_removed, _bytes) = (0, 0);
    }

    private CollectionMark Mark(string origin, OriginMarks? local, bool complete) => new(
        transport.Name, origin, (long)context.Grace.TotalMilliseconds, local?.Checkpoint?.Aid ?? 0,
        complete ? _due?.ToUnixTimeMilliseconds() : 0, null, 0);
}
