using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>
/// Local edits (spec 9.4). With an adopted origin every edit with an effect becomes an event: noted as intended, made
/// durable in the local store, then shown in the archive together with its register, marker and provenance, in one
/// transaction. A failure before the event is durable leaves nothing; one after it leaves an intent that the next edit,
/// or <see cref="Repair"/>, completes from the stored event. Without an origin the archive alone changes, and a later
/// <see cref="Baseline"/> publishes it.
/// </summary>
internal sealed class Recorder(ArchiveDatabase archive, IEventStore store)
{
    /// <inheritdoc cref="CurationEdit.SetDisplayName"/>
    public bool SetDisplayName(Lease lease, string sessionId, string? name) => One(lease, CurationEdit.SetDisplayName(sessionId, name));

    public bool SetStarred(Lease lease, string sessionId, bool starred) => One(lease, CurationEdit.SetStarred(sessionId, starred));

    public bool SetTrashed(Lease lease, string sessionId, bool trashed) => One(lease, CurationEdit.SetTrashed(sessionId, trashed));

    /// <inheritdoc cref="CurationEdit.AddPin"/>
    public bool AddPin(Lease lease, string sessionId, long ordinal, string? note) => One(lease, CurationEdit.AddPin(sessionId, ordinal, note));

    public bool RemovePin(Lease lease, string sessionId, long ordinal) => One(lease, CurationEdit.RemovePin(sessionId, ordinal));

    /// <inheritdoc cref="CurationEdit.Purge"/>
    public bool Purge(Lease lease, string sessionId) => One(lease, CurationEdit.Purge(sessionId));

    /// <inheritdoc cref="CurationEdit.Remove"/>
    public bool Remove(Lease lease, string sessionId) => One(lease, CurationEdit.Remove(sessionId));

    /// <summary>Does a batch of edits in order, all events made durable at once. A refused edit does not stop the others.</summary>
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.ClockDrift"/>, <see cref="ErrorCode.ClockOverflow"/>, <see cref="ErrorCode.ClockInvalid"/>, or what the store
    /// throws: nothing was done. <see cref="ErrorCode.PublicationIncomplete"/>: the events are published, the archive shows
    /// them after the next edit or exchange.
    /// </exception>
    public IReadOnlyList<EditResult> Apply(Lease lease, IReadOnlyList<CurationEdit> edits)
    {
        Repair(lease);
        List<EditResult> results = [];
        List<StampedEvent> events = [];
        using (WriteTransaction transaction = lease.Begin(durable: true))
        {
            string? origin = StateTable.Get(transaction.Db, StateTable.OriginId);
            var planner = new EditPlanner(transaction.Db, origin);
            var local = new LocalEdits(transaction.Db, archive.Clock);
            var stamper = new EventStamper(transaction.Db, archive.Clock, origin);
            foreach (CurationEdit edit in edits)
            {
                results.Add(Plan(planner, edit, document => Take(document, origin, stamper, local, events)));
            }

            stamper.Complete(events);
            transaction.Commit();
        }

        Publish(lease, events);
        return results;
    }

    /// <summary>Publishes events for curation that the archive shows already.</summary>
    internal void Record(Lease lease, IEnumerable<MetadataEvent> documents)
    {
        List<StampedEvent> events = [];
        using (WriteTransaction transaction = lease.Begin(durable: true))
        {
            var stamper = new EventStamper(transaction.Db, archive.Clock, StateTable.Get(transaction.Db, StateTable.OriginId));
            events.AddRange(documents.Select(stamper.Stamp));
            stamper.Complete(events);
            transaction.Commit();
        }

        Publish(lease, events);
    }

    /// <summary>Completes or forgets what an interrupted edit left behind; costs one look when there is nothing.</summary>
    public void Repair(Lease lease)
    {
        List<(string Origin, string OrderKey)> intents = MetadataTable.Intents(archive.Reader);
        if (intents.Count == 0)
        {
            return;
        }

        List<RegisterEntry> published = [];
        foreach ((string origin, string orderKey) in intents)
        {
            ArtifactRef artifact = ArtifactName.Meta(origin, orderKey);
            if (store.Contains(artifact) && EventInspector.Inspect(artifact, store.Read(artifact), origin).Entry is { } entry)
            {
                published.Add(entry);
            }
        }

        using WriteTransaction transaction = lease.Begin(durable: true);
        Finish(transaction, published);
        foreach ((string origin, string orderKey) in intents)
        {
            MetadataTable.RemoveIntent(transaction.Db, origin, orderKey);
        }

        transaction.Commit();
    }

    private bool One(Lease lease, CurationEdit edit)
    {
        EditResult result = Apply(lease, [edit])[0];
        return result.Error is null ? result.Changed : throw result.Error;
    }

    private static EditResult Plan(EditPlanner planner, CurationEdit edit, Action<MetadataEvent> take)
    {
        try
        {
            List<MetadataEvent> documents = planner.Plan(edit);
            documents.ForEach(take);
            return new EditResult(edit, documents.Count > 0);
        }
        catch (ArtifactSyncException error) when (error.Code is ErrorCode.SessionNotFound or ErrorCode.SessionTrashed
            or ErrorCode.EventTargetMissing or ErrorCode.DocumentLimitExceeded)
        {
            return new EditResult(edit, Changed: false, error);
        }
    }

    private static void Take(MetadataEvent document, string? origin, EventStamper stamper, LocalEdits local, List<StampedEvent> events)
    {
        if (origin is null || document.Op == CurationEdit.RemoveHere)
        {
            local.Apply(document);
        }
        else
        {
            events.Add(stamper.Stamp(document));
        }
    }

    private void Publish(Lease lease, List<StampedEvent> events)
    {
        if (events.Count == 0)
        {
            return;
        }

        archive.Options.Checkpoint("record.intended");
        try
        {
            store.Publish([.. events.Select(static e => (e.Artifact, e.Bytes))], lease);
        }
        catch
        {
            Repair(lease); // forgets the intents, unless the events did become durable
            throw;
        }

        archive.Options.Checkpoint("record.published");
        try
        {
            using WriteTransaction transaction = lease.Begin(durable: true);
            Finish(transaction, events.Select(static e => e.Entry));
            foreach (StampedEvent stamped in events)
            {
                MetadataTable.RemoveIntent(transaction.Db, stamped.Entry.Origin, stamped.Entry.OrderKey);
            }

            transaction.Commit();
        }
        catch (ArtifactSyncException error)
        {
            throw new ArtifactSyncException(
                ErrorCode.PublicationIncomplete,
                $"The edit is published, but the archive could not note it: {error.Message} The next edit or exchange completes it; "
                + "nothing has to be repeated.",
                events[0].Entry.Gid, error);
        }
    }

    private void Finish(WriteTransaction transaction, IEnumerable<RegisterEntry> entries)
    {
        RegisterStore? registers = null;
        foreach (RegisterEntry entry in entries)
        {
            registers ??= new RegisterStore(transaction.Db, entry.Origin, archive.Clock.GetUtcNow().ToUnixTimeMilliseconds());
            registers.Record(entry);
        }

        registers?.Complete();
    }
}
