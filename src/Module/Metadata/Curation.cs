using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>
/// Makes the archive show what the registers say, inside the caller's transaction. Titles and stars follow their register;
/// so do times of deletion and pins, which the original lets depend on the order of arrival (spec 9.9): a trashed session
/// bears the time of the winning event, and the pins of a session are its winning pin and unpin edits, done in the order
/// in which they were made, on top of the pins that were never published.
/// </summary>
internal sealed class Curation(Database db, string ownOrigin)
{
    // The sessions of one batch are few and events of one session lie together; large sessions should not pile up.
    private const int MaxCached = 8;
    private readonly Dictionary<long, MessageAnchors> _anchors = [];
    private readonly HashSet<string> _pinned = new(StringComparer.Ordinal);

    public string LocalId(string gid) => Gid.ToLocal(ownOrigin, gid);

    /// <summary>Whether the edit has something to act on (spec 9.7: mutations).</summary>
    public bool HasTarget(RegisterEntry entry)
    {
        if (entry.Op == EventOp.Purge)
        {
            return true;
        }

        if (CurationTable.Find(db, LocalId(entry.Gid)) is not { } session)
        {
            return false;
        }

        return entry.Op != EventOp.Pin || Resolve(session.Sid, PinAnchor.Parse(entry.Value)) is not null;
    }

    /// <summary>Shows a register's winner. Pins follow with <see cref="Complete"/>.</summary>
    public void Apply(RegisterEntry entry)
    {
        string id = LocalId(entry.Gid);
        if (entry.Op == EventOp.Purge)
        {
            Purge(db, id, TimeOf(entry));
            _pinned.Remove(entry.Gid);
        }
        else if (RegisterField.IsPin(entry.Field))
        {
            _pinned.Add(entry.Gid);
        }
        else if (CurationTable.Find(db, id) is { } session)
        {
            Show(session, entry);
        }
    }

    /// <summary>The pins of this session are to be derived anew, whether or not a register changed.</summary>
    public void Touch(string gid) => _pinned.Add(gid);

    /// <summary>Leaves the deriving of pins to <see cref="Pay"/>: a session with many edits is then derived once.</summary>
    public void Owe()
    {
        foreach (string gid in _pinned)
        {
            MetadataTable.OwePins(db, gid);
        }

        _pinned.Clear();
    }

    /// <summary>Derives pins that are owed, up to a number of sessions.</summary>
    public void Pay(int sessions)
    {
        List<string> owed = MetadataTable.PinsOwed(db, sessions);
        owed.ForEach(Touch);
        Complete();
        owed.ForEach(gid => MetadataTable.PaidPins(db, gid));
    }

    /// <summary>Derives the pins of all sessions whose pin registers changed; call before the commit.</summary>
    public void Complete()
    {
        foreach (string gid in _pinned)
        {
            if (CurationTable.Find(db, LocalId(gid)) is { } session)
            {
                DerivePins(session.Sid, gid);
            }
        }

        _pinned.Clear();
    }

    /// <summary>Never seen again here: neither imported nor published (spec 7.5).</summary>
    public static void Purge(Database db, string id, string now)
    {
        foreach (string excluded in (IEnumerable<string>)[id, .. CurationTable.Aliases(db, id)])
        {
            CurationTable.Exclude(db, excluded, now);
            CurationTable.Delete(db, excluded);
        }
    }

    public MessageAnchors Anchors(long sid)
    {
        if (!_anchors.TryGetValue(sid, out MessageAnchors? anchors))
        {
            if (_anchors.Count >= MaxCached)
            {
                _anchors.Clear();
            }

            _anchors.Add(sid, anchors = CurationTable.Anchors(db, sid));
        }

        return anchors;
    }

    private long? Resolve(long sid, PinAnchor pin) => Anchors(sid).Resolve(pin.SourceUuid, pin.Ordinal);

    private void Show(CuratedSession session, RegisterEntry entry)
    {
        switch (entry.Op)
        {
            case EventOp.Rename:
                CurationTable.SetDisplayName(db, session.Sid, TitleOf(entry));
                break;
            case EventOp.SoftDelete:
                CurationTable.SetDeletedAt(db, session.Sid, TimeOf(entry));
                break;
            case EventOp.Restore:
                CurationTable.SetDeletedAt(db, session.Sid, null);
                break;
            case EventOp.Star:
                CurationTable.Star(db, session.Id, TimeOf(entry));
                break;
            case EventOp.Unstar:
                CurationTable.Unstar(db, session.Id);
                break;
        }
    }

    private void DerivePins(long sid, string gid)
    {
        List<PinRow> before = CurationTable.Pins(db, sid);
        List<RegisterEntry> registers = MetadataTable.PinRegisters(db, gid);
        if (before.Count + registers.Count == 0)
        {
            return; // the usual session; its messages need not be read
        }

        MessageAnchors anchors = Anchors(sid);
        SortedDictionary<long, PinRow> pins = Unpublished(before, anchors);
        foreach (RegisterEntry entry in registers)
        {
            PinAnchor anchor = PinAnchor.Parse(entry.Value);
            if (entry.Op == EventOp.Unpin)
            {
                Unpin(pins, anchors, anchor);
            }
            else if (anchors.Resolve(anchor.SourceUuid, anchor.Ordinal) is { } ordinal)
            {
                pins[ordinal] = new PinRow(ordinal, anchors.UuidOf(ordinal)!, anchor.Note, TimeOf(entry), entry.Field);
            }
        }

        foreach (PinRow gone in before.Where(row => !pins.ContainsKey(row.Ordinal)))
        {
            CurationTable.RemovePin(db, sid, gone.Ordinal);
        }

        foreach (PinRow pin in pins.Values.Except(before))
        {
            CurationTable.PutPin(db, sid, pin);
        }
    }

    // A pin that no register knows follows its message by uuid, else stays at its ordinal (spec 7.4); it is kept even while
    // the message is away.
    private static SortedDictionary<long, PinRow> Unpublished(List<PinRow> rows, MessageAnchors anchors)
    {
        var pins = new SortedDictionary<long, PinRow>();
        foreach (PinRow row in rows.Where(static row => row.Field is null))
        {
            bool stays = anchors.UuidOf(row.Ordinal) == row.SourceUuid;
            long ordinal = stays ? row.Ordinal : anchors.Resolve(row.SourceUuid, row.Ordinal) ?? row.Ordinal;
            pins.TryAdd(ordinal, row with { Ordinal = ordinal });
        }

        return pins;
    }

    private static void Unpin(SortedDictionary<long, PinRow> pins, MessageAnchors anchors, PinAnchor anchor)
    {
        bool removed = false;
        foreach (long ordinal in anchors.ByUuid(anchor.SourceUuid))
        {
            removed |= pins.Remove(ordinal);
        }

        if (!removed)
        {
            pins.Remove(anchor.Ordinal);
        }
    }

    private static string? TitleOf(RegisterEntry entry) =>
        EventProjection.Of(new MetadataEvent { Op = entry.Op, Value = entry.Value }).DisplayName;

    private static string TimeOf(RegisterEntry entry) =>
        Hlc.TryParse(entry.Hlc, out Hlc hlc) ? hlc.ToDeletedAt() : entry.Hlc;
}
