using System.Security.Cryptography;
using ArtifactSync.Archive;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Publish;

/// <summary>
/// Writes the checkpoint of the own origin when the map of sessions differs from the last one, and that one again, under its
/// number and with its bytes, when it is gone from the store (spec 6.4). A number is reserved durably before anything bears
/// it, above every own number ever seen (spec 6.5).
/// </summary>
internal sealed class CheckpointWriter(ExchangeContext context, string origin)
{
    public void WriteIfChanged(CancellationToken cancellationToken)
    {
        // One snapshot: head and map must belong together.
        using var reader = context.Archive.OpenReader();
        reader.Execute("BEGIN");
        var head = PublicationTable.Head(reader)!;
        if (head.Sequence is { } last && head.PublishedRevision == head.Revision)
        {
            if (context.Store.Find(ArtifactName.Checkpoint(origin, last)) is null)
            {
                Recreate(reader, head, last, cancellationToken);
            }
            return;
        }
        var map = MapHash(reader);
        if (head.Sequence is { } same && map == head.MapSha256)
        {
            // Changed and changed back: the checkpoint says this map already.
            if (context.Store.Find(ArtifactName.Checkpoint(origin, same)) is null)
            {
                Recreate(reader, head, same, cancellationToken);
            }
            Record(head, cancellationToken);
            return;
        }
        context.Options.Checkpoint("checkpoint:mapped");
        if (Reserve(head, cancellationToken) is not { } sequence)
        {
            return;
        }
        context.Options.Checkpoint("checkpoint:reserved");
        var identity = Write(reader, sequence, cancellationToken);
        context.Options.Checkpoint("checkpoint:stored");
        Record(head with
        {
            Sequence = sequence,
            MapSha256 = map,
            CheckpointSha256 = identity.Sha256,
            CheckpointSize = identity.Size,
        }, cancellationToken);
        context.Observer.Verbose($"Published checkpoint {sequence} of origin '{origin}'.");
    }

    private void Recreate(Database reader, PublicationHead head, long sequence, CancellationToken cancellationToken)
    {
        var identity = Hash(reader, sequence);
        if (identity == head.CheckpointSha256)
        {
            Write(reader, sequence, cancellationToken);
            return;
        }
        // The rows say something else than what was published: a number never gets other content.
        if (Reserve(head, cancellationToken) is not { } next)
        {
            return;
        }
        var written = Write(reader, next, cancellationToken);
        Record(head with { Sequence = next, CheckpointSha256 = written.Sha256, CheckpointSize = written.Size }, cancellationToken);
    }

    /// <summary>
    /// Null when another run published since the map was read: it has the newer map, and a higher number for ours would be
    /// taken for the newest. What it did not see goes with the next run.
    /// </summary>
    private long? Reserve(PublicationHead head, CancellationToken cancellationToken)
    {
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin(durable: true);
        if (PublicationTable.Head(transaction.Db) != head)
        {
            return null;
        }
        var sequence = PublicationTable.ReserveSequence(transaction.Db, origin, context.Store.LargestSequence(origin, transaction.Db));
        transaction.Commit();
        return sequence;
    }

    private ArtifactIdentity Write(Database db, long sequence, CancellationToken cancellationToken)
    {
        using var batch = context.Store.BeginBatch();
        ArtifactIdentity identity;
        using (var write = batch.Begin(origin, ArtifactKind.Checkpoints))
        {
            using var encoder = new ArtifactEncoder(ArtifactKind.Checkpoints, write.Stream);
            Encode(db, sequence, encoder);
            identity = encoder.Finish();
            write.Complete(ArtifactName.Checkpoint(origin, sequence), new ArtifactInfo(identity, false, []));
        }
        using var lease = context.AcquireLease(cancellationToken);
        foreach (var outcome in batch.Commit(lease, cancellationToken))
        {
            if (outcome.Error is { } fault)
            {
                throw fault;
            }
        }
        return identity;
    }

    private void Record(PublicationHead head, CancellationToken cancellationToken)
    {
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        // A map that changed since leaves an orphan checkpoint behind; the next run writes the next one.
        PublicationTable.RecordCheckpoint(transaction.Db, head);
        transaction.Commit();
    }

    private void Encode(Database db, long sequence, ArtifactEncoder encoder)
    {
        using var sink = new EncoderStream(encoder);
        using var writer = new CanonicalWriter(sink);
        CheckpointDocument.Write(writer, origin, sequence, Sessions(db));
        writer.Flush();
    }

    private string Hash(Database db, long sequence)
    {
        using var encoder = new ArtifactEncoder(ArtifactKind.Checkpoints, Stream.Null);
        Encode(db, sequence, encoder);
        return encoder.Finish().Sha256;
    }

    private string MapHash(Database db)
    {
        using var hash = new HashSink();
        using var writer = new CanonicalWriter(hash);
        CheckpointDocument.WriteSessions(writer, Sessions(db));
        writer.Flush();
        return hash.Finish();
    }

    private IEnumerable<KeyValuePair<string, string>> Sessions(Database db) =>
        PublicationTable.Map(db).Select(session => KeyValuePair.Create(Gid.Join(origin, session.Key), session.Value));
}
