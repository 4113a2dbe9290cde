using System.Security.Cryptography;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>Events in the archive's local store.</summary>
internal sealed class LocalEventStore(LocalStore store) : IEventStore
{
    public byte[] Read(CatalogEntry entry)
    {
        ArtifactRef artifact = entry.Artifact;
        if (entry.WireSize > Limits.EventBytes)
        {
            throw new ArtifactSyncException(ErrorCode.ArtifactTooLarge, $"'{artifact}' is larger than an event may be.", artifact.Path);
        }

        byte[] bytes = store.ReadWire(entry);
        return Convert.ToHexStringLower(SHA256.HashData(bytes)) == ArtifactName.Sha256(artifact)
            ? bytes
            : throw new ArtifactSyncException(
                ErrorCode.HashMismatch,
                $"'{artifact}' is damaged in the local store. It is fetched again from a target that has it.",
                artifact.Path);
    }

    public void Publish(Database db, IReadOnlyList<StampedEvent> events)
    {
        using StoreBatch batch = store.BeginBatch();
        foreach (StampedEvent stamped in events)
        {
            using StoreWrite write = batch.Begin(stamped.Artifact.Origin, ArtifactKind.Meta);
            write.Stream.Write(stamped.Bytes);
            var identity = new ArtifactIdentity(stamped.Entry.Sha256, stamped.Bytes.Length, stamped.Bytes.Length);
            write.Complete(stamped.Artifact, new ArtifactInfo(identity, IsFuture: false, []));
        }

        if (batch.Publish(CancellationToken.None).FirstOrDefault(static o => o.Error is not null) is { Error: { } error })
        {
            throw error;
        }

        batch.Catalog(db);
    }

    public void Quarantine(Database db, ArtifactRef artifact, ErrorCode code, string reason) =>
        store.Quarantine(db, artifact, ArtifactName.Sha256(artifact), code, reason);

    public void RequestRepair(Database db, ArtifactRef artifact)
    {
        if (store.Find(artifact, db) is { } entry)
        {
            store.RequestRepair(db, entry);
        }
    }
}
