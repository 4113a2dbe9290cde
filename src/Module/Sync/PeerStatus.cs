using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Sync;

/// <summary>What is known of each origin: its newest checkpoint beside what was imported of it (spec 10.6, peers).</summary>
internal static class PeerStatus
{
    /// <param name="store">Where checkpoints lie.</param>
    /// <param name="db">A connection of the caller's thread.</param>
    /// <param name="origin">Any origin of <see cref="PeerTable.Origins"/>.</param>
    /// <param name="own">The adopted origin, or null.</param>
    public static SyncPeer Read(LocalStore store, Database db, string origin, string? own)
    {
        var isLocal = origin == own;
        var newest = CatalogTable.Last(db, origin, ArtifactKind.Checkpoints);
        var published = newest is null ? 0 : CountSessions(store, newest);
        return new SyncPeer
        {
            Origin = origin,
            IsLocal = isLocal,
            CheckpointSequence = newest is null ? 0 : ArtifactName.Sequence(newest.Artifact),
            PublishedSessions = published ?? 0,
            LocalSessions = PeerTable.Sessions(db, origin, isLocal),
            LastPublished = newest is null ? null : DateTimeOffset.UnixEpoch.AddTicks(newest.MtimeNs / 100),
            Status = published is null ? SyncPeerStatus.Error : IsSettled(db, origin, isLocal, newest) ? SyncPeerStatus.InSync : SyncPeerStatus.Pending,
            Conflicts = PeerTable.Conflicts(db, origin),
            ArchivePath = store.Archive.Folder,
        };
    }

    private static bool IsSettled(Database db, string origin, bool isLocal, CatalogEntry? newest)
    {
        if (isLocal)
        {
            return newest is not null && !PublicationTable.HasWork(db)
                && PublicationTable.Head(db) is { } head && head.PublishedRevision == head.Revision;
        }
        return newest is null ? IngestTable.Pending(db).TrueForAll(pending => pending.Origin != origin || pending.Content == 0)
            : IngestTable.FindLanding(db, origin) is { } landing && landing.Sequence == ArtifactName.Sequence(newest.Artifact)
                && landing.CheckpointSha256 == newest.Sha256;
    }

    /// <summary>Null when the checkpoint is damaged, invalid or of a later version.</summary>
    private static long? CountSessions(LocalStore store, CatalogEntry entry)
    {
        try
        {
            var decoded = ArtifactReader.ReadDocument(store, entry);
            return ImportCheck.Checkpoint(entry.Artifact, decoded, out var checkpoint) == ImportVerdict.Ok ? checkpoint!.Sessions?.Count ?? 0 : null;
        }
        catch (ArtifactSyncException fault) when (Faults.IsDamage(fault.Code) || Faults.IsInvalid(fault.Code))
        {
            return null;
        }
    }
}
