using System.Runtime.ExceptionServices;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Publish;

/// <summary>
/// Own rows to local store: encodes the sessions that changed, then writes a checkpoint when the map of sessions did (spec 6).
/// Dependencies come first; a change while a session is being encoded keeps it queued.
/// </summary>
internal sealed class Publisher(ExchangeContext context, string origin)
{
    private const int BatchSize = 500;

    public void Run(CancellationToken cancellationToken)
    {
        Prepare(cancellationToken);
        var reader = context.Archive.Reader;
        var upTo = PublicationTable.Generation(reader);
        for (var claimed = PublicationTable.Claim(reader, upTo, BatchSize); claimed.Count > 0;)
        {
            PublishBatch(claimed, cancellationToken);
            var next = PublicationTable.Claim(reader, upTo, BatchSize);
            // A batch of which nothing could be acknowledged was edited meanwhile: the next run takes it.
            if (next.SequenceEqual(claimed))
            {
                break;
            }
            claimed = next;
        }
        new CheckpointWriter(context, origin).WriteIfChanged(cancellationToken);
    }

    private void Prepare(CancellationToken cancellationToken)
    {
        var missing = PublicationTable.Head(context.Archive.Reader) is null;
        if (!missing && !context.Full)
        {
            return;
        }
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        PublicationTable.EnsureHead(transaction.Db, origin);
        if (context.Full)
        {
            PublicationTable.EnqueueAll(transaction.Db, context.Archive.Clock.GetUtcNow());
        }
        transaction.Commit();
    }

    private void PublishBatch(List<QueuedSession> claimed, CancellationToken cancellationToken)
    {
        using var batch = context.Store.BeginBatch();
        var results = new (QueuedSession Session, string? Manifest, ArtifactSyncException? Fault)[claimed.Count];
        var done = 0;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = context.Options.ThrottleLimit, CancellationToken = cancellationToken };
        Each(claimed.Count, parallel, batch, (i, encoder) =>
        {
            try
            {
                results[i] = (claimed[i], encoder.Encode(claimed[i].SessionId, cancellationToken), null);
            }
            catch (ArtifactSyncException fault) when (Faults.IsInvalid(fault.Code))
            {
                results[i] = (claimed[i], null, fault);
            }
            context.Observer.Progress(new ProgressSnapshot("Publishing", claimed[i].SessionId, Interlocked.Increment(ref done), claimed.Count, batch.WireBytes));
        });
        context.Options.Checkpoint("publish:encoded");
        batch.Publish(cancellationToken);
        context.Options.Checkpoint("publish:stored");
        Acknowledge(batch, results, cancellationToken);
        context.Options.Checkpoint("publish:acknowledged");
    }

    /// <summary>Runs the work in parallel. Trouble that is not of one session (a full disk) comes out as it is.</summary>
    private void Each(int count, ParallelOptions parallel, StoreBatch batch, Action<int, SessionEncoder> work)
    {
        try
        {
            Parallel.For(0, count, parallel, () => new SessionEncoder(context, origin, batch), (i, _, encoder) =>
            {
                work(i, encoder);
                return encoder;
            }, static encoder => encoder.Dispose());
        }
        catch (AggregateException faults)
        {
            ExceptionDispatchInfo.Throw(faults.InnerExceptions.FirstOrDefault(static fault => fault is not OperationCanceledException) ?? faults);
        }
    }

    private void Acknowledge(
        StoreBatch batch, (QueuedSession Session, string? Manifest, ArtifactSyncException? Fault)[] results, CancellationToken cancellationToken)
    {
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        batch.Catalog(transaction.Db);
        foreach (var (session, manifest, fault) in results)
        {
            if (fault is not null)
            {
                // The session stays as it was published last, until it changes (decisions: a fault is confined).
                PublicationTable.Reject(transaction.Db, session, fault.Code);
                context.Run.Rejected("session", session.SessionId, "publish", fault.Code, fault.Message);
                continue;
            }
            if (!PublicationTable.Acknowledge(transaction.Db, session))
            {
                continue; // edited since it was claimed
            }
            var changed = manifest is null
                ? PublicationTable.Unpublish(transaction.Db, origin, session.SessionId)
                : PublicationTable.Publish(transaction.Db, origin, session.SessionId, manifest);
            if (changed)
            {
                context.Run.Count(static counters => counters.Published++);
                context.Run.Add("session", session.SessionId, "publish", EntityStatus.Ok, null, null);
            }
        }
        transaction.Commit();
    }
}
