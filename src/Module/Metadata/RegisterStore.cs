using ArtifactSync.Archive;

namespace ArtifactSync.Metadata;

/// <summary>What became of one event.</summary>
internal enum ApplyOutcome
{
    Winner,

    /// <summary>A newer edit of the register is known; the archive does not change.</summary>
    Loser,

    /// <summary>Applied earlier.</summary>
    Duplicate,

    /// <summary>The session or message is not here yet; nothing is recorded.</summary>
    TargetMissing,
}

internal readonly record struct ApplyResult(ApplyOutcome Outcome, bool ConflictLogged);

/// <summary>
/// Last-writer-wins registers (spec 9.7 a-e, 9.9) inside the caller's write transaction; <see cref="Complete"/> before the
/// commit.
/// </summary>
internal sealed class RegisterStore(Database db, string ownOrigin, long now)
{
    private readonly Curation _curation = new(db, ownOrigin);

    /// <summary>An event of another machine. Nothing is written when its target is missing.</summary>
    public ApplyResult Apply(RegisterEntry entry) => Apply(entry, needsTarget: true, show: true);

    /// <summary>An event of this machine: its target was there when the user edited.</summary>
    /// <param name="entry">The edit.</param>
    /// <param name="show">False when the archive shows the edit already.</param>
    public ApplyResult Record(RegisterEntry entry, bool show = true) => Apply(entry, needsTarget: false, show);

    /// <summary>Shows the pins, too; before the commit.</summary>
    public void Complete() => _curation.Complete();

    /// <summary>Instead of <see cref="Complete"/>: the pins follow at the end of the run.</summary>
    public void Owe() => _curation.Owe();

    private ApplyResult Apply(RegisterEntry entry, bool needsTarget, bool show)
    {
        if (MetadataTable.IsApplied(db, entry.Origin, entry.OrderKey))
        {
            MetadataTable.AddProvenance(db, entry);
            return new(ApplyOutcome.Duplicate, ConflictLogged: false);
        }

        RegisterEntry? current = MetadataTable.Find(db, entry.Gid, entry.Field);
        bool loses = current is not null && string.CompareOrdinal(entry.OrderKey, current.OrderKey) <= 0;
        if (!loses && needsTarget && !_curation.HasTarget(entry))
        {
            return new(ApplyOutcome.TargetMissing, ConflictLogged: false);
        }

        MetadataTable.AddProvenance(db, entry);
        bool decides = !loses && current is not null && ConflictTable.Settle(db, entry, now);
        bool logged = current is not null && IsConflict(current, entry)
            && ConflictTable.Add(db, loses ? ConflictRow.Of(current, entry) : ConflictRow.Of(entry, current), now, decides ? entry.Origin : null);
        if (!loses)
        {
            MetadataTable.Upsert(db, entry, now);
            if (show)
            {
                _curation.Apply(entry);
            }
        }

        MetadataTable.MarkApplied(db, entry.Origin, entry.OrderKey, entry.Sha256, now);
        return new(loses ? ApplyOutcome.Loser : ApplyOutcome.Winner, logged);
    }

    // No test of causality: a later edit by another machine counts too (spec 9.9).
    private static bool IsConflict(RegisterEntry a, RegisterEntry b) =>
        a.Origin != b.Origin && (a.Op != b.Op || a.Value != b.Value);
}
