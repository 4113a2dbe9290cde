using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>
/// Local edits (spec 9.4). With an adopted origin every edit with an effect becomes an event. Clock, archive, register,
/// marker, provenance and catalog change in one transaction, which is committed after the event files are durable: a
/// failure or a kill at any step leaves nothing but, at worst, a file that the catalog does not know and that therefore
/// never travels. So there is no edit that was published and forgotten here, and none that shows here and was never
/// published. Without an origin the archive alone changes, and a later <see cref="Baseline"/> publishes it.
/// </summary>
internal sealed class Recorder(ArchiveDatabase archive, IEventStore store)
{
    /// <inheritdoc cref="CurationEdit.SetDisplayName"/>
    public bool SetDisplayName(Lease lease, string sessionId, string? name) => One(lease, CurationEdit.SetDisplayName(sessionId, name));

    public bool SetStarred(Lease lease, string sessionId, bool starred) => One(lease, CurationEdit.SetStarred(sessionId, starred));

    public bool SetTrashed(Lease lease, string sessionId, bool trashed) => One(lease, CurationEdit.SetTrashed(sessionId, trashed));

    /// <inheritdoc cref="CurationEdit.AddPin"/>
    public bool AddPin(Lease lease, string sessionId, long ordinal, string? note) =>
        One(lease, CurationEdit.AddPin(sessionId, ordinal, note));

    public bool RemovePin(Lease lease, string sessionId, long ordinal) => One(lease, CurationEdit.RemovePin(sessionId, ordinal));

    /// <inheritdoc cref="CurationEdit.Purge"/>
    public bool Purge(Lease lease, string sessionId) => One(lease, CurationEdit.Purge(sessionId));

    /// <inheritdoc cref="CurationEdit.Remove"/>
    public bool Remove(Lease lease, string sessionId) => One(lease, CurationEdit.Remove(sessionId));

    /// <summary>Does a batch of edits in order, all or none. A refused edit is told in its result and does not stop the others.</summary>
    /// <exception cref="ArtifactSyncException">
    /// Nothing was done: <see cref="ErrorCode.ClockDrift"/>, <see cref="ErrorCode.ClockOverflow"/>, <see cref="ErrorCode.ClockInvalid"/>,
    /// <see cref="ErrorCode.DiskFull"/>, <see cref="ErrorCode.LeaseLost"/> and whatever else store and archive throw.
    /// </exception>
    public IReadOnlyList<EditResult> Apply(Lease lease, IReadOnlyList<CurationEdit> edits)
    {
        List<EditResult> results = [];
        using WriteTransaction transaction = lease.Begin(durable: true);
        string? origin = StateTable.Get(transaction.Db, StateTable.OriginId);
        var step = new RecordStep(transaction.Db, archive.Clock, origin);
        var planner = new EditPlanner(transaction.Db, origin);
        foreach (CurationEdit edit in edits)
        {
            results.Add(Do(planner, step, edit));
        }

        Finish(transaction, step);
        return results;
    }

    /// <summary>
    /// Settles conflicts, all or none. The loser's edit is published again, which tells every machine; a winner is
    /// accepted in this archive alone.
    /// </summary>
    /// <param name="lease">Held by the caller.</param>
    /// <param name="decisions">One a conflict.</param>
    /// <param name="by">Who decides.</param>
    /// <returns>Why a decision was refused, in the order of the decisions; null = it is done.</returns>
    /// <exception cref="ArtifactSyncException">As <see cref="Apply"/>.</exception>
    public IReadOnlyList<ArtifactSyncException?> Resolve(Lease lease, IReadOnlyList<ConflictDecision> decisions, string by)
    {
        List<ArtifactSyncException?> refusals = [];
        using WriteTransaction transaction = lease.Begin(durable: true);
        string? origin = StateTable.Get(transaction.Db, StateTable.OriginId);
        var step = new RecordStep(transaction.Db, archive.Clock, origin);
        var planner = new EditPlanner(transaction.Db, origin);
        long now = archive.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (ConflictDecision decision in decisions)
        {
            refusals.Add(Refusal(() =>
            {
                LoggedConflict conflict = ConflictTable.Find(transaction.Db, decision.ConflictId) ?? throw NoConflict(decision.ConflictId);
                planner.Plan(conflict, decision.Accept).ForEach(step.Apply);
                ConflictTable.Resolve(transaction.Db, conflict.Id, decision.Accept, by, decision.Note, now);
            }));
        }

        Finish(transaction, step);
        return refusals;
    }

    public static ArtifactSyncException NoConflict(long id) => new(
        ErrorCode.ConflictNotFound, $"There is no conflict {id} in this archive. Get-MetaConflict lists the conflicts.", id);

    /// <summary>Publishes events of this machine for what the archive shows already.</summary>
    internal void Publish(Lease lease, string origin, IEnumerable<MetadataEvent> documents)
    {
        using WriteTransaction transaction = lease.Begin(durable: true);
        var step = new RecordStep(transaction.Db, archive.Clock, origin);
        foreach (MetadataEvent document in documents)
        {
            step.Apply(document);
        }

        Finish(transaction, step);
    }

    private void Finish(WriteTransaction transaction, RecordStep step)
    {
        step.Complete();
        if (step.Events.Count > 0)
        {
            archive.Options.Checkpoint("record.applied");
            store.Publish(transaction.Db, step.Events);
            archive.Options.Checkpoint("record.published");
        }

        transaction.Commit();
        archive.Options.Checkpoint("record.committed");
    }

    private bool One(Lease lease, CurationEdit edit)
    {
        EditResult result = Apply(lease, [edit])[0];
        return result.Error is null ? result.Changed : throw result.Error;
    }

    private static EditResult Do(EditPlanner planner, RecordStep step, CurationEdit edit)
    {
        bool changed = false;
        ArtifactSyncException? refusal = Refusal(() =>
        {
            List<MetadataEvent> documents = planner.Plan(edit);
            documents.ForEach(step.Apply);
            changed = documents.Count > 0;
        });
        return new EditResult(edit, changed, refusal);
    }

    /// <summary>Why an edit can't be done; trouble of the archive itself is thrown on.</summary>
    public static ArtifactSyncException? Refusal(Action edit)
    {
        try
        {
            edit();
            return null;
        }
        catch (ArtifactSyncException error) when (error.Code is ErrorCode.SessionNotFound or ErrorCode.SessionTrashed
            or ErrorCode.EventTargetMissing or ErrorCode.DocumentLimitExceeded or ErrorCode.ConflictNotFound or ErrorCode.ConflictSettled)
        {
            return error;
        }
    }
}
