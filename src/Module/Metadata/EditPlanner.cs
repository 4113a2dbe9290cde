using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>
/// Turns an edit into the events that it is, against the archive as it stands; an edit without effect is no event
/// (spec 9.4). Writes nothing.
/// </summary>
internal sealed class EditPlanner(Database db, string? origin)
{
    // Planned, but perhaps not done yet: the edits of one command belong together.
    private readonly HashSet<string> _restored = new(StringComparer.Ordinal);

    /// <summary>The events of one edit, without stamp and author; empty = nothing changes.</summary>
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.SessionNotFound"/>, <see cref="ErrorCode.SessionTrashed"/>, <see cref="ErrorCode.EventTargetMissing"/>.
    /// </exception>
    public List<MetadataEvent> Plan(CurationEdit edit)
    {
        CuratedSession? session = CurationTable.Find(db, edit.SessionId);
        if (edit.IsRemoval)
        {
            return PlanRemoval(session, edit);
        }

        if (session is null)
        {
            throw NotFound(edit.SessionId);
        }

        return edit.Op switch
        {
            EventOp.Rename => PlanRename(session, edit),
            EventOp.Star => CurationTable.IsStarred(db, session.Id) ? [] : [Event(edit)],
            EventOp.Unstar => CurationTable.IsStarred(db, session.Id) ? [Event(edit)] : [],
            EventOp.SoftDelete => session.DeletedAt is null ? [Event(edit)] : [],
            EventOp.Restore => PlanRestore(session, edit),
            EventOp.Pin => PlanPin(session, edit),
            EventOp.Unpin => PlanUnpin(session, edit),
            _ => throw new ArgumentOutOfRangeException(nameof(edit), edit.Op, "Not an edit."),
        };
    }

    /// <summary>The events of a decision, as <see cref="Plan"/>: accepting a winner that stands is none.</summary>
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.ConflictSettled"/>, <see cref="ErrorCode.SessionNotFound"/>, <see cref="ErrorCode.EventTargetMissing"/>.
    /// </exception>
    public List<MetadataEvent> Plan(LoggedConflict conflict, ConflictChoice choice)
    {
        ConflictRow row = conflict.Row;
        if (choice == ConflictChoice.Winner)
        {
            return conflict.Resolution != ConflictChoice.Loser ? [] : throw new ArtifactSyncException(
                ErrorCode.ConflictSettled,
                $"Conflict {conflict.Id} ({row.Field}) was settled for its loser already. Settle the conflict that this caused, or edit the session anew.",
                conflict.Id);
        }

        if (MetadataTable.Find(db, row.Gid, row.Field) is { } current && current.Op == row.LosingOp && current.Value == row.LosingValue)
        {
            return [];
        }

        RequireTarget(conflict);
        return [row.Loser()];
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

    private void RequireTarget(LoggedConflict conflict)
    {
        string id = origin is null ? conflict.Row.Gid : Gid.ToLocal(origin, conflict.Row.Gid);
        if (CurationTable.Find(db, id) is not { } session)
        {
            throw NotFound(id);
        }

        if (conflict.Row.LosingOp == EventOp.Pin)
        {
            PinAnchor pin = PinAnchor.Parse(conflict.Row.LosingValue);
            if (CurationTable.Anchors(db, session.Sid).Resolve(pin.SourceUuid, pin.Ordinal) is null)
            {
                throw NoMessage(id, pin.Ordinal);
            }
        }
    }

    private List<MetadataEvent> PlanRestore(CuratedSession session, CurationEdit edit)
    {
        if (session.DeletedAt is null)
        {
            return [];
        }

        _restored.Add(session.Id);
        return [Event(edit)];
    }

    private List<MetadataEvent> PlanRename(CuratedSession session, CurationEdit edit)
    {
        if (session.DeletedAt is not null && !_restored.Contains(session.Id))
        {
            throw new ArtifactSyncException(
                ErrorCode.SessionTrashed, $"Session {session.Id} is in the trash and keeps its title. Restore it first.", session.Id);
        }

        if (session.DisplayName == edit.Text)
        {
            return [];
        }

        MetadataEvent document = Event(edit);
        document.Value = RenameValue(edit.Text);
        return [document];
    }

    private List<MetadataEvent> PlanPin(CuratedSession session, CurationEdit edit)
    {
        MessageAnchors anchors = CurationTable.Anchors(db, session.Sid);
        if (anchors.UuidOf(edit.Ordinal) is not { } uuid)
        {
            throw NoMessage(session.Id, edit.Ordinal);
        }

        if (FindPin(session, edit) is { } pin && (edit.KeepsNote || pin.Note == edit.Text))
        {
            return [];
        }

        // A uuid that an earlier message bears too would land there.
        string anchor = anchors.Resolve(uuid, edit.Ordinal) == edit.Ordinal ? uuid : "";
        MetadataEvent document = Event(edit);
        document.Pin = new Pin { SourceUuid = anchor, Ordinal = edit.Ordinal, Note = edit.Text };
        return [document];
    }

    // The register that pinned the message is the one that lets it go.
    private List<MetadataEvent> PlanUnpin(CuratedSession session, CurationEdit edit)
    {
        if (FindPin(session, edit) is not { } pin)
        {
            return [];
        }

        string uuid = pin.Field switch
        {
            null => pin.SourceUuid,
            { } field when field.StartsWith(RegisterField.PinByUuid, StringComparison.Ordinal) => field[RegisterField.PinByUuid.Length..],
            _ => "",
        };
        MetadataEvent document = Event(edit);
        document.Pin = new Pin { SourceUuid = uuid, Ordinal = edit.Ordinal };
        return [document];
    }

    private List<MetadataEvent> PlanRemoval(CuratedSession? session, CurationEdit edit)
    {
        if (session is null)
        {
            if (!CurationTable.IsExcluded(db, edit.SessionId))
            {
                throw NotFound(edit.SessionId);
            }

            bool owed = edit.Op == EventOp.Purge && origin is not null && !MetadataTable.HasRegister(db, GidOf(edit), RegisterField.Purge);
            return owed ? [Event(edit)] : [];
        }

        List<MetadataEvent> documents = edit.Op == EventOp.Purge && session.DeletedAt is null ? [Event(edit)] : [];
        documents.ForEach(static document => document.Op = EventOp.SoftDelete);
        documents.Add(Event(edit));
        return documents;
    }

    private PinRow? FindPin(CuratedSession session, CurationEdit edit)
    {
        foreach (PinRow pin in CurationTable.Pins(db, session.Sid))
        {
            if (pin.Ordinal == edit.Ordinal)
            {
                return pin;
            }
        }

        return null;
    }

    private string GidOf(CurationEdit edit) => origin is null ? edit.SessionId : Gid.ForLocal(origin, edit.SessionId);

    private MetadataEvent Event(CurationEdit edit) => new() { SessionGid = GidOf(edit), Op = edit.Op };

    private static ArtifactSyncException NotFound(string id) =>
        new(ErrorCode.SessionNotFound, $"The archive has no session '{id}'. Get-ArchiveSession lists the sessions.", id);

    private static ArtifactSyncException NoMessage(string id, long ordinal) => new(
        ErrorCode.EventTargetMissing, $"Session {id} has no message {ordinal}. Get-ArchiveSession -IncludeMessage shows those that it has.", id);
}
