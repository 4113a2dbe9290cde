using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>
/// Applies the events of other machines (spec 9.7): origin after origin, event after event in name order. Only what came
/// since the last run and what waits is opened; every batch is one transaction, and running again after a crash changes
/// nothing that was done.
/// </summary>
internal sealed class MetadataReplay
{
    private const int BatchEvents = 4096;
    private const long BatchBytes = 8 * 1024 * 1024;

    private readonly ArchiveDatabase _archive;
    private readonly IEventStore _store;
    private readonly string _ownOrigin;
    private readonly Lease _lease;
    private readonly ReplayResult _result = new();
    private readonly SortedDictionary<string, long> _imported = new(StringComparer.Ordinal);

    private MetadataReplay(ArchiveDatabase archive, IEventStore store, string ownOrigin, Lease lease) =>
        (_archive, _store, _ownOrigin, _lease) = (archive, store, ownOrigin, lease);

    /// <summary>Replays what is pending. Call it after the content of all origins was ingested (spec 7.1).</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="store">Its local store.</param>
    /// <param name="ownOrigin">The adopted origin; its own events are never replayed.</param>
    /// <param name="lease">Held by the caller.</param>
    /// <param name="observer">Told of progress.</param>
    /// <param name="cancellation">Stops between batches; the rest goes with the next run.</param>
    /// <param name="full">Looks at every event of the catalog, not only at those since the last run.</param>
    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.ClockInvalid"/>: the archive's clock can't be read.</exception>
    public static ReplayResult Run(
        ArchiveDatabase archive, LocalStore store, string ownOrigin, Lease lease, IRunObserver observer, CancellationToken cancellation,
        bool full = false) => Run(archive, new LocalEventStore(store), ownOrigin, lease, observer, cancellation, full);

    internal static ReplayResult Run(
        ArchiveDatabase archive, IEventStore store, string ownOrigin, Lease lease, IRunObserver observer, CancellationToken cancellation,
        bool full = false) => new MetadataReplay(archive, store, ownOrigin, lease).Run(observer, full, cancellation);

    /// <summary>
    /// Shows a session's registers again after its content was imported (spec 9.8), in the transaction of the import. Clock,
    /// markers and conflicts stay untouched; what has no target is left out.
    /// </summary>
    public static void ReapplyRegisters(Database db, string ownOrigin, string gid)
    {
        var curation = new Curation(db, ownOrigin);
        foreach (RegisterEntry entry in MetadataTable.Registers(db, gid))
        {
            curation.Apply(entry);
        }

        curation.Touch(gid);
        curation.Complete();
    }

    private ReplayResult Run(IRunObserver observer, bool full, CancellationToken cancellation)
    {
        long cursor = full ? 0 : MetadataTable.Cursor(_archive.Reader);
        long highest = MetadataTable.HighestArtifact(_archive.Reader);
        List<long> pending = MetadataTable.Candidates(_archive.Reader, _ownOrigin, cursor);
        int read = 0;
        Task<List<(StoredEvent Stored, InspectedEvent Seen)>> next = ReadAsync(NextBatch(pending, ref read));
        for (int done = 0; done < pending.Count;)
        {
            observer.Progress(new ProgressSnapshot("replay", null, done, pending.Count, 0));
            List<(StoredEvent Stored, InspectedEvent Seen)> batch = next.GetAwaiter().GetResult();
            cancellation.ThrowIfCancellationRequested();
            done = read;
            next = ReadAsync(NextBatch(pending, ref read)); // read while the batch before is written
            Apply(batch);
        }

        PayPins();
        if (highest != cursor)
        {
            using WriteTransaction transaction = _lease.Begin();
            MetadataTable.SetCursor(transaction.Db, highest);
            transaction.Commit();
        }

        foreach ((string origin, long count) in _imported)
        {
            _result.Entities.Add(Entity("origin", origin, EntityStatus.Ok, null, $"{count} events applied"));
        }

        return _result;
    }

    private List<StoredEvent> NextBatch(List<long> pending, ref int read)
    {
        var batch = new List<StoredEvent>();
        using Scope snapshot = _archive.Reader.Snapshot(); // one lock of the database instead of one a row
        for (long bytes = 0; read < pending.Count && batch.Count < BatchEvents && bytes < BatchBytes; read++)
        {
            if (MetadataTable.Artifact(_archive.Reader, pending[read]) is { } stored)
            {
                batch.Add(stored);
                bytes += stored.Entry.Size;
            }
        }

        return batch;
    }

    private Task<List<(StoredEvent Stored, InspectedEvent Seen)>> ReadAsync(List<StoredEvent> batch) => Task.Run(() =>
        batch.AsParallel().AsOrdered().WithDegreeOfParallelism(_archive.Options.ThrottleLimit)
            .Select(stored => (stored, Inspect(stored.Entry))).ToList());

    // Pins are derived once a session, however many of its edits came (an earlier run may have been killed before it did).
    private void PayPins()
    {
        while (MetadataTable.PinsOwed(_archive.Reader, 1).Count > 0)
        {
            using WriteTransaction transaction = _lease.Begin();
            new Curation(transaction.Db, _ownOrigin).Pay(BatchEvents);
            _archive.Options.Checkpoint("replay.pinned");
            transaction.Commit();
        }
    }

    private InspectedEvent Inspect(CatalogEntry entry)
    {
        try
        {
            return EventInspector.Inspect(entry.Artifact, _store.Read(entry), _ownOrigin);
        }
        catch (ArtifactSyncException error)
        {
            return new InspectedEvent(entry.Artifact, EventVerdict.Unreadable, Code: error.Code, Reason: error.Message);
        }
    }

    private void Apply(List<(StoredEvent Stored, InspectedEvent Seen)> batch)
    {
        using WriteTransaction transaction = _lease.Begin();
        var step = new ReplayStep(transaction.Db, _store, _archive.Clock, _ownOrigin);
        var outcomes = new List<(StoredEvent Stored, InspectedEvent Seen, ReplayOutcome Outcome)>();
        foreach ((StoredEvent stored, InspectedEvent seen) in batch)
        {
            outcomes.Add((stored, seen, step.Apply(stored, seen)));
        }

        step.Complete();
        _archive.Options.Checkpoint("replay.applied");
        transaction.Commit();
        _archive.Options.Checkpoint("replay.committed");
        foreach ((StoredEvent stored, InspectedEvent seen, ReplayOutcome outcome) in outcomes)
        {
            Count(stored, seen, outcome);
        }
    }

    private void Count(StoredEvent stored, InspectedEvent seen, ReplayOutcome outcome)
    {
        if (outcome.Imported)
        {
            _result.Imported++;
            _imported[seen.Artifact.Origin] = _imported.GetValueOrDefault(seen.Artifact.Origin) + 1;
        }
        else if (seen.Verdict is EventVerdict.Quarantine or EventVerdict.QuarantineApplied)
        {
            _result.Quarantined++;
            _result.Entities.Add(Entity("event", seen.Artifact.Path, EntityStatus.Quarantined, seen.Code, outcome.Reason));
        }
        else if (outcome.Deferred is { } code && code != ErrorCode.SessionExcluded)
        {
            _result.Deferred++;
            if (stored.Deferred != code.ToString())
            {
                _result.Entities.Add(Entity("event", seen.Artifact.Path, EntityStatus.Deferred, code, outcome.Reason));
            }
        }
    }

    private SyncRunEntity Entity(string type, string key, EntityStatus status, ErrorCode? code, string? message) => new()
    {
        EntityType = type,
        Key = key,
        Stage = "replay",
        Status = status,
        ErrorCode = code?.ToString(),
        ErrorMessage = message,
        UpdatedAt = _archive.Clock.GetUtcNow(),
    };
}
