using ArtifactSync.Archive;
using ArtifactSync.Transport;

namespace ArtifactSync.Sync;

/// <summary>Keeps what was found out about stores in the control tables of the archive.</summary>
internal sealed class ArchiveStoreMemory(ArchiveDatabase archive) : IStoreMemory
{
    public bool? ConditionalCreate(string store)
    {
        using var reader = archive.OpenReader(); // any thread may ask
        return BucketTable.ConditionalCreate(reader, store);
    }

    public void Remember(string store, bool conditionalCreate)
    {
        using var transaction = archive.BeginLedger();
        BucketTable.Remember(transaction.Db, store, conditionalCreate, archive.Clock.GetUtcNow());
        transaction.Commit();
    }
}
