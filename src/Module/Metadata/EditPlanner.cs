using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>
/// Turns edits into the events that they are, against the archive and the edits planned before them; an edit without effect
/// is no event (spec 9.4). Writes nothing.
/// </summary>
internal sealed class EditPlanner(Database db, string? ownOrigin)
{
    private readonly Dictionary<string, Draft> _drafts = new(StringComparer.Ordinal);

    /// <summary>The events of one edit, without stamp; empty = nothing changes.</summary>
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.SessionNotFound"/>, <see cref="ErrorCode.SessionTrashed"/>, <see cref="ErrorCode.EventTargetMissing"/>.
    /// </exception>
    public List<MetadataEvent> Plan(CurationEdit edit)
    {
        Draft draft = Load(edit.SessionId);
        if (edit.Op is EventOp.Purge or CurationEdit.RemoveHere)
        {
            return PlanRemoval(draft, edit);
        }

        Require(draft);
        return edit.Op switch
        {
            EventOp.Rename => PlanRename(draft, edit),
            EventOp.Star or EventOp.Unstar => PlanStar(draft, edit),
            EventOp.SoftDelete or EventOp.Restore => PlanTrash(draft, edit),
            EventOp.Pin => PlanPin(draft, edit),
            EventOp.Unpin => PlanUnpin(draft, edit),
            _ => throw new ArgumentOutOfRangeException(nameof(edit), edit.Op, "Not an edit."),
        };
    }

    /// <summary>The value of a rename.</summary>
    public static string RenameValue(string? name)
    {
        using var writer = new CanonicalWriter();
        writer.BeginObject();
        writer.Name("display_name"u8);
        if (name is null)
        {
            writer.Null();
        }
        else
        {
            writer.Value(name);
        }

        writer.EndObject();
        return Encoding.UTF8.GetString(writer.WrittenSpan);
    }

    private static List<MetadataEvent> PlanRename(Draft draft, CurationEdit edit)
    {
        if (draft.Trashed)
        {
            throw new ArtifactSyncException(
                ErrorCode.SessionTrashed, $"Session {draft.Id} is in the trash and keeps its title. Restore it first.", draft.Id);
        }

        if (draft.DisplayName == edit.Text)
        {
            return [];
        }

        draft.DisplayName = edit.Text;
        return [Event(draft, EventOp.Rename, RenameValue(edit.Text))];
    }

    private static List<MetadataEvent> PlanStar(Draft draft, CurationEdit edit)
    {
        bool starred = edit.Op == EventOp.Star;
        if (draft.Starred == starred)
        {
            return [];
        }

        draft.Starred = starred;
        return [Event(draft, edit.Op)];
    }

    private static List<MetadataEvent> PlanTrash(Draft draft, CurationEdit edit)
    {
        bool trashed = edit.Op == EventOp.SoftDelete;
        if (draft.Trashed == trashed)
        {
            return [];
        }

        draft.Trashed = trashed;
        return [Event(draft, edit.Op)];
    }

    private List<MetadataEvent> PlanPin(Draft draft, CurationEdit edit)
    {
        MessageAnchors anchors = draft.Anchors ??= CurationTable.Anchors(db, draft.Sid);
        if (anchors.UuidOf(edit.Ordinal) is not { } uuid)
        {
            throw new ArtifactSyncException(
                ErrorCode.EventTargetMissing, $"Session {draft.Id} has no message {edit.Ordinal}.", draft.Id);
        }

        Dictionary<long, PinRow> pins = Pins(draft);
        if (pins.TryGetValue(edit.Ordinal, out PinRow pin) && pin.Note == edit.Text)
        {
            return [];
        }

        // A uuid that an earlier message bears too would land there.
        string anchor = anchors.Resolve(uuid, edit.Ordinal) == edit.Ordinal ? uuid : "";
        pins[edit.Ordinal] = new PinRow(edit.Ordinal, uuid, edit.Text, "", FieldOf(anchor, edit.Ordinal));
        return [Event(draft, EventOp.Pin, pin: new Pin { SourceUuid = anchor, Ordinal = edit.Ordinal, Note = edit.Text })];
    }

    // The register that pinned the message is the one that lets it go.
    private List<MetadataEvent> PlanUnpin(Draft draft, CurationEdit edit)
    {
        Dictionary<long, PinRow> pins = Pins(draft);
        if (!pins.Remove(edit.Ordinal, out PinRow pin))
        {
            return [];
        }

        string field = pin.Field ?? FieldOf(pin.SourceUuid, pin.Ordinal);
        string anchor = field.StartsWith(RegisterField.PinByUuid, StringComparison.Ordinal) ? field[RegisterField.PinByUuid.Length..] : "";
        return [Event(draft, EventOp.Unpin, pin: new Pin { SourceUuid = anchor, Ordinal = edit.Ordinal })];
    }

    private List<MetadataEvent> PlanRemoval(Draft draft, CurationEdit edit)
    {
        bool everywhere = edit.Op == EventOp.Purge;
        if (!draft.Exists && !draft.Excluded)
        {
            Require(draft);
        }

        if (!draft.Exists && (!everywhere || ownOrigin is null || MetadataTable.HasRegister(db, draft.Gid, RegisterField.Purge)))
        {
            return [];
        }

        List<MetadataEvent> events = everywhere && draft.Exists && !draft.Trashed ? [Event(draft, EventOp.SoftDelete)] : [];
        events.Add(Event(draft, edit.Op));
        (draft.Exists, draft.Excluded) = (false, true);
        return events;
    }

    private static void Require(Draft draft)
    {
        if (!draft.Exists)
        {
            throw new ArtifactSyncException(ErrorCode.SessionNotFound, $"The archive has no session {draft.Id}.", draft.Id);
        }
    }

    private static string FieldOf(string uuid, long ordinal) => EventProjection.Of(new MetadataEvent
    {
        Op = EventOp.Unpin,
        Pin = new Pin { SourceUuid = uuid, Ordinal = ordinal },
    }).Field;

    private Dictionary<long, PinRow> Pins(Draft draft) =>
        draft.Pins ??= CurationTable.Pins(db, draft.Sid).ToDictionary(static pin => pin.Ordinal);

    private static MetadataEvent Event(Draft draft, string op, string value = "", Pin? pin = null) => new()
    {
        Version = WireFormat.Portable.EventVersion,
        SessionGid = draft.Gid,
        Op = op,
        Value = value,
        Pin = pin,
    };

    private Draft Load(string id)
    {
        if (_drafts.TryGetValue(id, out Draft? draft))
        {
            return draft;
        }

        CuratedSession? session = CurationTable.Find(db, id);
        draft = new Draft(id, ownOrigin is null ? id : Gid.ForLocal(ownOrigin, id))
        {
            Sid = session?.Sid ?? 0,
            Exists = session is not null,
            Excluded = CurationTable.IsExcluded(db, id),
            DisplayName = session?.DisplayName,
            Trashed = session?.DeletedAt is not null,
            Starred = CurationTable.IsStarred(db, id),
        };
        _drafts.Add(id, draft);
        return draft;
    }

    /// <summary>A session as it will be once the edits planned so far are done.</summary>
    private sealed class Draft(string id, string gid)
    {
        public string Id { get; } = id;
        public string Gid { get; } = gid;
        public long Sid { get; init; }
        public bool Exists { get; set; }
        public bool Excluded { get; set; }
        public string? DisplayName { get; set; }
        public bool Trashed { get; set; }
        public bool Starred { get; set; }
        public MessageAnchors? Anchors { get; set; }
        public Dictionary<long, PinRow>? Pins { get; set; }
    }
}
