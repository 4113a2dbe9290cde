using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Sync;

namespace ArtifactSync.Retention;

/// <summary>What an empty store means for the database, and the way back (spec 6.4; 13, row 32).</summary>
internal static class LostStore
{
    /// <summary>
    /// In one transaction: nothing is catalogued, every target is listed again, own sessions are to be made again, and in a reset own events.
    /// Returns the generation under which the sessions are queued.
    /// </summary>
    public static long Note(ArchiveDatabase archive, Database db)
    {
        CatalogTable.Clear(db);
        RetentionTable.Forget(db);
        TargetTable.ClearAllCursors(db);
        PublicationTable.EnqueueAll(db, archive.Clock.GetUtcNow());
        // A store that was lost otherwise gets its events from a target or by a reset, as recorded (spec 13, row 32).
        if (StateTable.Get(db, StateTable.StoreAside) is { } aside)
        {
            StateTable.Set(db, StateTable.EventsOwed, aside);
            StateTable.Remove(db, StateTable.StoreAside);
        }
        return PublicationTable.Generation(db);
    }

    /// <summary>Makes own events again that are owed; whatever can't be made comes from a target that has it. Returns how many can't.</summary>
    public static int SettleEvents(ExchangeContext context, CancellationToken cancellationToken)
    {
        if (StateTable.Get(context.Archive.Reader, StateTable.EventsOwed) is null || context.OwnOrigin is not { } origin)
        {
            return 0;
        }
        // Of several resets that were cut off, each has moved some of it.
        string[] folders = [.. Directory.EnumerateDirectories(context.Archive.Folder, "artifacts-*").OrderDescending(StringComparer.Ordinal)];
        var (restored, lost) = new OwnEvents(context.Archive, context.Store, origin)
            .RestoreMissing(() => context.AcquireLease(cancellationToken), folders, cancellationToken);
        context.Options.Checkpoint("events:restored");
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        StateTable.Remove(transaction.Db, StateTable.EventsOwed);
        transaction.Commit();
        context.Run.Count(counters => counters.Republished += restored);
        foreach (var artifact in lost)
        {
            context.Run.Deferred("event", artifact.Path, "publish", ErrorCode.ArtifactMissing,
                $"'{artifact}' is lost here and was replaced by a later edit; it comes back from a target that has it.");
        }
        return lost.Count;
    }
}
