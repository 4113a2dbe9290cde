using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Retention;

/// <summary>
/// Removes the content of refused artifacts whose time is over (spec 11, step 6). The verdict stays: it keeps refused content from
/// being fetched again (appendix A, 12) and numbers of refused own checkpoints from being used again (6.5).
/// </summary>
internal sealed class QuarantineExpiry(CollectContext context, TimeSpan grace)
{
    public async Task RunAsync(Func<string, bool> wanted, CancellationToken cancellationToken)
    {
        foreach (var entry in QuarantineTable.List(context.Archive.Reader).Where(static entry => entry.File.Length > 0).ToList())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!wanted(entry.Artifact.Origin) || entry.At + grace > context.Now)
            {
                continue;
            }
            if (!context.Budget.Take(entry.WireSize))
            {
                return;
            }
            var stale = context.Stale(entry.Artifact, entry.WireSize, entry.At, target: null) with { Reason = StaleReason.QuarantineExpired };
            if (context.WhatIf)
            {
                await context.Emit(stale);
                continue;
            }
            await RemoveAsync(entry, stale, cancellationToken);
        }
    }

    // The file first: a row without a file is what an expired one looks like anyway.
    private async ValueTask RemoveAsync(QuarantineEntry entry, StaleArtifact stale, CancellationToken cancellationToken)
    {
        try
        {
            using var lease = context.AcquireLease(cancellationToken);
            using var transaction = lease.Begin();
            context.Store.Quarantined.Delete(entry.File);
            QuarantineTable.ForgetFile(transaction.Db, entry.Qid);
            transaction.Commit();
        }
        catch (ArtifactSyncException fault) when (!Sync.Faults.EndsRun(fault.Code))
        {
            await context.FailAsync(stale, fault);
            return;
        }
        context.Counters.Collected++;
        context.Counters.BytesCollected += stale.Size;
        await context.Emit(stale);
    }
}
