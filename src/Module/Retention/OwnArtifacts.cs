using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Publish;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>
/// Makes damaged own artifacts again from the rows: same names, same content, the same checkpoint number. What the rows do
/// not say any more (an edit waits to be published) is not made; the next exchange publishes what they say now.
/// </summary>
internal sealed class OwnArtifacts(ExchangeContext context, string origin)
{
    private const int Page = 200;

    /// <summary>Afterwards the catalog and the disk have whatever could be made again.</summary>
    public void Restore(IReadOnlyCollection<ArtifactRef> damaged, CancellationToken cancellationToken)
    {
        var sessions = Queue(damaged, cancellationToken);
        foreach (var page in sessions.Chunk(Page))
        {
            Encode(page, cancellationToken);
        }
        RestoreCheckpoint(damaged, cancellationToken);
        var events = damaged.Where(static artifact => artifact.Kind == ArtifactKind.Meta).ToList();
        if (events.Count > 0)
        {
            new OwnEvents(context.Archive, context.Store, origin).Restore(events, () => context.AcquireLease(cancellationToken), [], cancellationToken);
        }
    }

    /// <summary>Queued first: killed after this, the next exchange makes them again.</summary>
    private List<QueuedSession> Queue(IReadOnlyCollection<ArtifactRef> damaged, CancellationToken cancellationToken)
    {
        var manifests = Hashes(damaged, ArtifactKind.Manifests);
        var segments = Hashes(damaged, ArtifactKind.Segments);
        var queued = new List<QueuedSession>();
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        foreach (var session in RetentionTable.SessionsOf(transaction.Db, origin, manifests, segments))
        {
            PublicationTable.Enqueue(transaction.Db, session, context.Archive.Clock.GetUtcNow());
            queued.Add(new QueuedSession(session, PublicationTable.Generation(transaction.Db)));
        }
        transaction.Commit();
        return queued;
    }

    /// <summary>
    /// The store is empty: makes everything again that was published and the latest checkpoint. The sessions are queued under
    /// this generation.
    /// </summary>
    public void RestoreAll(long generation, CancellationToken cancellationToken)
    {
        var sessions = PublicationTable.Map(context.Archive.Reader).Select(session => new QueuedSession(session.Key, generation)).ToList();
        foreach (var page in sessions.Chunk(Page))
        {
            Encode(page, cancellationToken);
        }
        if (PublicationTable.Head(context.Archive.Reader) is { Sequence: { } sequence })
        {
            RestoreCheckpoint([ArtifactName.Checkpoint(origin, sequence)], cancellationToken);
        }
    }

    private void Encode(QueuedSession[] sessions, CancellationToken cancellationToken)
    {
        using var batch = context.Store.BeginBatch();
        var manifests = new string?[sessions.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = context.Options.ThrottleLimit, CancellationToken = cancellationToken };
        LocalFiles.Each(sessions.Length, parallel, () => new SessionEncoder(context, origin, batch), (i, encoder) =>
        {
            try
            {
                manifests[i] = encoder.Encode(sessions[i].SessionId, cancellationToken);
            }
            catch (ArtifactSyncException fault) when (Faults.IsInvalid(fault.Code))
            {
                context.Observer.Verbose(fault.Message); // the next exchange says so in its run
            }
        });
        var same = sessions.Where((session, i) => manifests[i] is { } manifest
            && manifest == PublicationTable.ManifestOf(context.Archive.Reader, session.SessionId)).ToList();
        context.Run.Count(counters => counters.Republished += same.Count);
        batch.Publish(cancellationToken);
        context.Options.Checkpoint("repair:encoded");
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        batch.Catalog(transaction.Db);
        foreach (var session in same)
        {
            PublicationTable.Acknowledge(transaction.Db, session);
        }
        transaction.Commit();
    }

    /// <summary>Only the latest can be made again, and only while it says what the rows say.</summary>
    private void RestoreCheckpoint(IReadOnlyCollection<ArtifactRef> damaged, CancellationToken cancellationToken)
    {
        if (PublicationTable.Head(context.Archive.Reader) is not { Sequence: { } sequence } head || head.PublishedRevision != head.Revision
            || head.Origin != origin || !damaged.Contains(ArtifactName.Checkpoint(origin, sequence)))
        {
            return;
        }
        var checkpoint = ArtifactName.Checkpoint(origin, sequence);
        using (var lease = context.AcquireLease(cancellationToken))
        using (var transaction = lease.Begin())
        {
            if (context.Store.Find(checkpoint, transaction.Db) is not null)
            {
                context.Store.Quarantine(transaction.Db, checkpoint, sha256: null, ErrorCode.ArtifactCorrupt, $"'{checkpoint}' was damaged in the local store.");
            }
            transaction.Commit();
        }
        context.Options.Checkpoint("repair:checkpoint");
        new CheckpointWriter(context, origin).WriteIfChanged(cancellationToken);
    }

    private static HashSet<string> Hashes(IEnumerable<ArtifactRef> artifacts, ArtifactKind kind) =>
        artifacts.Where(artifact => artifact.Kind == kind).Select(static artifact => ArtifactName.Sha256(artifact)!).ToHashSet(StringComparer.Ordinal);
}
