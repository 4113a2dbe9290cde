using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>The transaction part of recording: each edit is stamped, shown and entered into its register at once.</summary>
internal sealed class RecordStep(Database db, TimeProvider wall, string? origin)
{
    private readonly ArchiveClock _clock = new(db, wall);
    private readonly RegisterStore _registers = new(db, origin ?? "", wall.GetUtcNow().ToUnixTimeMilliseconds());
    private readonly List<StampedEvent> _events = [];

    /// <summary>What is to be published before the commit.</summary>
    public IReadOnlyList<StampedEvent> Events => _events;

    public void Apply(MetadataEvent document)
    {
        if (origin is null || document.Op == CurationEdit.RemoveHere)
        {
            ShowOnly(document);
            return;
        }

        StampedEvent stamped = EventStamper.Stamp(document, origin, _clock);
        _registers.Record(stamped.Entry);
        _registers.Complete(); // the next edit of the batch is planned against what this one left
        _events.Add(stamped);
    }

    /// <summary>Stores the clock; the caller publishes and commits.</summary>
    public void Complete() => _clock.Save();

    // Edits that no event tells of: all of them before an origin is adopted, removal from this archive alone always.
    private void ShowOnly(MetadataEvent edit)
    {
        string id = origin is null ? edit.SessionGid : Gid.ToLocal(origin, edit.SessionGid);
        string now = wall.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        if (edit.Op is EventOp.Purge or CurationEdit.RemoveHere)
        {
            Curation.Purge(db, id, now);
            return;
        }

        long sid = CurationTable.Find(db, id)!.Sid;
        switch (edit.Op)
        {
            case EventOp.Rename:
                CurationTable.SetDisplayName(db, sid, EventProjection.Of(edit).DisplayName);
                break;
            case EventOp.SoftDelete:
                CurationTable.SetDeletedAt(db, sid, now);
                break;
            case EventOp.Restore:
                CurationTable.SetDeletedAt(db, sid, null);
                break;
            case EventOp.Star:
                CurationTable.Star(db, id, now);
                break;
            case EventOp.Unstar:
                CurationTable.Unstar(db, id);
                break;
            case EventOp.Pin:
                string uuid = CurationTable.Anchors(db, sid).UuidOf(edit.Pin!.Ordinal)!;
                CurationTable.PutPin(db, sid, new PinRow(edit.Pin.Ordinal, uuid, edit.Pin.Note, now, Field: null));
                break;
            case EventOp.Unpin:
                CurationTable.RemovePin(db, sid, edit.Pin!.Ordinal);
                break;
        }
    }
}
