using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Store;

namespace ArtifactSync.Sync;

public sealed partial class SyncEngine
{
    /// <summary>Every origin that the archive knows, in ordinal order: what it published, what of it is here.</summary>
    /// <exception cref="Errors.ArtifactSyncException">ArchiveNotFound; AccessDenied.</exception>
    public IEnumerable<SyncPeer> GetPeers()
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        var store = new LocalStore(archive);
        var own = OriginAdoption.Current(archive.Reader);
        foreach (var origin in PeerTable.Origins(archive.Reader, own))
        {
            yield return PeerStatus.Read(store, archive.Reader, origin, own);
        }
    }

    /// <summary>The origin under which the archive publishes; null = none is adopted yet.</summary>
    public string? GetOrigin()
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        return OriginAdoption.Current(archive.Reader);
    }
}
