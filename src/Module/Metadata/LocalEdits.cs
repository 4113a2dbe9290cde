using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>Edits that no event tells of: all of them before an origin is adopted, removal from this archive alone always.</summary>
internal sealed class LocalEdits(Database db, TimeProvider clock)
{
    public void Apply(MetadataEvent edit)
    {
        string id = StateTable.Get(db, StateTable.OriginId) is { } origin ? Gid.ToLocal(origin, edit.SessionGid) : edit.SessionGid;
        string now = clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
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
