using ArtifactSync.Archive;
using ArtifactSync.Errors;

namespace ArtifactSync.Sync;

/// <summary>What to do when bytes of the local store are not what the catalog says (spec 7.3, last rows).</summary>
internal static class StoreDamage
{
    /// <summary>
    /// Asks for the very same content from any target. Own artifacts can be made again from the rows as well, so their
    /// sessions are queued: same bytes, same names.
    /// </summary>
    public static void Report(ExchangeContext context, CatalogEntry entry, CancellationToken cancellationToken)
    {
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        Report(context, transaction.Db, entry);
        transaction.Commit();
    }

    public static void Report(ExchangeContext context, Database db, CatalogEntry entry)
    {
        context.Store.RequestRepair(db, entry);
        // Once is enough for all that is damaged, until they have been published again.
        if (entry.Artifact.Origin == context.OwnOrigin && !context.OwnSessionsQueued)
        {
            context.OwnSessionsQueued = true;
            PublicationTable.EnqueueAll(db, context.Archive.Clock.GetUtcNow());
        }
        context.Run.Rejected("artifact", entry.Artifact.Path, "verify", ErrorCode.ArtifactCorrupt,
            $"'{entry.Artifact}' of the local store is damaged; it is fetched again from a target that has it.");
    }
}
