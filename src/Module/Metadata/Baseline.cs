using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>
/// Publishes curation that is older than the origin (spec 9.6): titles, stars, trash, pins that no register knows. What
/// other machines said about the same things was imported before and has its registers, so it wins; what was imported is
/// not published as an edit of this machine, for the same reason.
/// </summary>
internal static class Baseline
{
    private const int Page = 128;

    /// <summary>Remembers, where an exchange with -Initialize begins, that the baseline is owed until it is done.</summary>
    public static void Owe(Database db) => MetadataTable.SetBaselinePending(db, pending: true);

    public static bool IsOwed(Database db) => MetadataTable.BaselinePending(db);

    /// <summary>Publishes what is owed, page by page; a crash in between leaves the rest owed. Returns the number of events.</summary>
    public static long Publish(ArchiveDatabase archive, IEventStore store, Lease lease, CancellationToken cancellation)
    {
        if (!IsOwed(archive.Reader) || StateTable.Get(archive.Reader, StateTable.OriginId) is not { } origin)
        {
            return 0;
        }

        var recorder = new Recorder(archive, store);
        long published = 0;
        foreach (MetadataEvent[] page in CurationTable.Unregistered(archive.Reader, origin).ToList().Chunk(Page))
        {
            cancellation.ThrowIfCancellationRequested();
            recorder.Publish(lease, origin, page);
            published += page.Length;
        }

        using WriteTransaction transaction = lease.Begin();
        MetadataTable.SetBaselinePending(transaction.Db, pending: false);
        transaction.Commit();
        return published;
    }
}
