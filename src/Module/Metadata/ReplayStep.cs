using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>What became of one event in its transaction.</summary>
/// <param name="Imported">It won, or its losing was logged.</param>
/// <param name="Deferred">Why it waits; null = it does not. SessionExcluded: its session was removed here for good.</param>
/// <param name="Reason">The same in words.</param>
internal readonly record struct ReplayOutcome(bool Imported, ErrorCode? Deferred, string? Reason);

/// <summary>The transaction part of replay: clock, registers, markers, waiting list for one batch (spec 9.7, steps 5-11).</summary>
internal sealed class ReplayStep
{
    private readonly Database _db;
    private readonly IEventStore _store;
    private readonly ArchiveClock _clock;
    private readonly RegisterStore _registers;
    private readonly string _ownOrigin;
    private readonly long _now;

    public ReplayStep(Database db, IEventStore store, TimeProvider clock, string ownOrigin)
    {
        (_db, _store, _ownOrigin, _now) = (db, store, ownOrigin, clock.GetUtcNow().ToUnixTimeMilliseconds());
        _clock = new ArchiveClock(db, clock);
        _registers = new RegisterStore(db, ownOrigin, _now);
    }

    public ReplayOutcome Apply(StoredEvent stored, InspectedEvent seen)
    {
        ReplayOutcome outcome = Apply(seen);
        if (stored.Deferred is not null && outcome.Deferred is null)
        {
            MetadataTable.Undefer(_db, seen.Artifact.Origin, seen.Artifact.Name);
        }

        return outcome;
    }

    private ReplayOutcome Apply(InspectedEvent seen)
    {
        switch (seen.Verdict)
        {
            case EventVerdict.Apply:
                return Apply(seen, seen.Entry!);
            case EventVerdict.Future:
                if (seen.Clock is { } clock)
                {
                    _clock.Observe(clock); // a clock that can't be met is no news of an event that waits anyway
                }

                return Defer(seen, seen.Code!.Value, seen.Reason!);
            case EventVerdict.QuarantineApplied:
                MetadataTable.MarkApplied(_db, seen.Artifact.Origin, Key(seen), ArtifactName.Sha256(seen.Artifact)!, _now);
                return Quarantine(seen);
            case EventVerdict.Quarantine:
                return Quarantine(seen);
            default:
                _store.RequestRepair(_db, seen.Artifact);
                return Defer(seen, seen.Code!.Value, seen.Reason!);
        }
    }

    /// <summary>Finishes the batch; the caller commits.</summary>
    public void Complete()
    {
        _registers.Owe();
        _clock.Save();
    }

    private ReplayOutcome Apply(InspectedEvent seen, RegisterEntry entry)
    {
        if (MetadataTable.IsApplied(_db, entry.Origin, entry.OrderKey))
        {
            return new(Imported: false, null, null); // another run was faster; an event is observed once
        }

        if (_clock.Observe(seen.Clock!.Value) is { } fault)
        {
            return Defer(seen, fault, fault == ErrorCode.ClockDrift
                ? "its clock or this archive's is more than 5 minutes ahead of this machine's; it is applied when the time has come"
                : "the counter of its clock is used up; it is applied when this machine's clock has passed it");
        }

        ApplyResult result = _registers.Apply(entry);
        if (result.Outcome != ApplyOutcome.TargetMissing)
        {
            return new(Imported: result.Outcome == ApplyOutcome.Winner || result.ConflictLogged, null, null);
        }

        return CurationTable.IsExcluded(_db, Gid.ToLocal(_ownOrigin, entry.Gid))
            ? Defer(seen, ErrorCode.SessionExcluded, "its session was removed here for good")
            : Defer(seen, ErrorCode.EventTargetMissing, $"session {entry.Gid} or the message that it names is not here yet");
    }

    private ReplayOutcome Defer(InspectedEvent seen, ErrorCode code, string reason)
    {
        MetadataTable.Defer(_db, seen.Artifact.Origin, seen.Artifact.Name, code, _now);
        return new ReplayOutcome(Imported: false, code, $"Event {seen.Artifact.Path} waits: {reason}.");
    }

    private ReplayOutcome Quarantine(InspectedEvent seen)
    {
        string reason = $"Event {seen.Artifact.Path} was quarantined: {seen.Reason}.";
        _store.Quarantine(_db, seen.Artifact, seen.Code!.Value, reason);
        return new(Imported: false, null, reason);
    }

    private static string Key(InspectedEvent seen) => ArtifactName.OrderKey(seen.Artifact);
}
