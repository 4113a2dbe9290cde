using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Ingest;

/// <summary>
/// Local store to rows: of each foreign origin with something new, the newest complete checkpoint is imported session by
/// session (spec 7). Absence deletes nothing; content never goes back.
/// </summary>
internal sealed class Ingester(ExchangeContext context)
{
    public void Run(CancellationToken cancellationToken)
    {
        if (context.Full || context.Reimports)
        {
            using var lease = context.AcquireLease(cancellationToken);
            using var transaction = lease.Begin();
            IngestTable.MarkAllPending(transaction.Db);
            transaction.Commit();
        }
        foreach (var pending in IngestTable.Pending(context.Archive.Reader))
        {
            if (pending.Content > 0 && pending.Origin != context.OwnOrigin)
            {
                IngestOrigin(pending, cancellationToken);
                context.Run.Flush();
            }
        }
    }

    private void IngestOrigin(PendingOrigin pending, CancellationToken cancellationToken)
    {
        try
        {
            var selector = new CheckpointSelector(context, new ClosureCheck(context));
            if (selector.Select(pending.Origin, cancellationToken) is { } plan)
            {
                context.Options.Checkpoint("ingest:selected");
                new SessionImporter(context).Import(plan, cancellationToken);
            }
            using var lease = context.AcquireLease(cancellationToken);
            using var transaction = lease.Begin();
            // Something that came meanwhile keeps its mark. What waits is marked again when what it waits for arrives.
            IngestTable.ClearContent(transaction.Db, pending);
            transaction.Commit();
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            context.Run.Failed("origin", pending.Origin, "ingest", fault);
            context.Observer.Warning(fault.Message);
        }
    }
}
