using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Store;

namespace ArtifactSync.Sync;

/// <summary>Titles, stars, trash, pins, removals, and the conflicts that they cause between machines (spec 9).</summary>
public sealed partial class SyncEngine
{
    /// <summary>What <see cref="Edit"/> would do; writes nothing.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound, OriginCloned.</exception>
    public IReadOnlyList<EditResult> PlanEdit(IReadOnlyList<CurationEdit> edits)
    {
        using var archive = Open(ArchiveMode.ReadOnly, Publishes(edits));
        var planner = new EditPlanner(archive.Reader, StateTable.Get(archive.Reader, StateTable.OriginId));
        return [.. edits.Select(edit =>
        {
            var changes = false;
            var refusal = Recorder.Refusal(() => changes = planner.Plan(edit).Count > 0);
            return new EditResult(edit, changes, refusal);
        })];
    }

    /// <summary>
    /// Does edits in order, in one transaction, each with an effect as a durable event of its own once an origin was adopted.
    /// A refused edit is told in its result and does not stop the others.
    /// </summary>
    /// <exception cref="ArtifactSyncException">
    /// Nothing was done: ArchiveNotFound, LeaseHeld, OriginCloned, ClockDrift, ClockOverflow, ClockInvalid, DiskFull, ...
    /// </exception>
    public IReadOnlyList<EditResult> Edit(IReadOnlyList<CurationEdit> edits, CancellationToken cancellationToken) => Record(
        Publishes(edits), (recorder, lease) => recorder.Apply(lease, edits), cancellationToken);

    /// <summary>Conflicts of the archive, the one met last first.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound.</exception>
    public IEnumerable<MetaConflict> GetConflicts(ConflictQuery query)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        foreach (var conflict in ConflictReader.Read(archive.Reader, query, archive.Folder))
        {
            yield return conflict;
        }
    }

    /// <summary>Why <see cref="Resolve"/> would refuse each decision; null = it would not. Writes nothing.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound, OriginCloned.</exception>
    public IReadOnlyList<ArtifactSyncException?> PlanResolve(IReadOnlyList<ConflictDecision> decisions)
    {
        using var archive = Open(ArchiveMode.ReadOnly, Publishes(decisions));
        var planner = new EditPlanner(archive.Reader, StateTable.Get(archive.Reader, StateTable.OriginId));
        return [.. decisions.Select(decision => Recorder.Refusal(() => planner.Plan(
            ConflictTable.Find(archive.Reader, decision.ConflictId) ?? throw Recorder.NoConflict(decision.ConflictId), decision.Accept)))];
    }

    /// <summary>Settles conflicts in one transaction; the result tells for each decision why it was refused, null = it is done.</summary>
    /// <exception cref="ArtifactSyncException">As <see cref="Edit"/>.</exception>
    public IReadOnlyList<ArtifactSyncException?> Resolve(IReadOnlyList<ConflictDecision> decisions, CancellationToken cancellationToken) => Record(
        Publishes(decisions),
        (recorder, lease) => recorder.Resolve(lease, decisions, $"{Environment.UserName}@{options.Machine.Host}"),
        cancellationToken);

    private T Record<T>(bool publishes, Func<Recorder, Lease, T> work, CancellationToken cancellationToken)
    {
        using var archive = Open(ArchiveMode.ReadWrite, publishes);
        using var lease = archive.AcquireLease("curation", options.LeaseTimeout, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return work(new Recorder(archive, new LocalEventStore(new LocalStore(archive))), lease);
    }

    private static bool Publishes(IReadOnlyList<CurationEdit> edits) => edits.Any(edit => edit.Op != CurationEdit.RemoveHere);

    private static bool Publishes(IReadOnlyList<ConflictDecision> decisions) => decisions.Any(decision => decision.Accept == ConflictChoice.Loser);

    private ArchiveDatabase Open(ArchiveMode mode, bool publishes)
    {
        var archive = ArchiveDatabase.Open(options, mode);
        try
        {
            // Its events would bear the origin of the other machine, which never reads what seems to be its own.
            return publishes && OriginAdoption.CloneFault(archive.Reader, options.Machine) is { } cloned ? throw cloned : archive;
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }
}
