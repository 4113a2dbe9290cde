using System.Diagnostics.CodeAnalysis;
using System.Text;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Memory;

/// <summary>Payloads of mutations (memory spec 5.4): JSON objects, written with keys in the order of the spec.</summary>
internal static class MutationPayload
{
    /// <summary>
    /// The decoding rule that holds everywhere: one level of JSON string is undone; a further one, null, a number or an array is
    /// undecodable, as is a member of the wrong type.
    /// </summary>
    public static bool TryRead(RowShape shape, string payload, [NotNullWhen(true)] out RowFields? row)
    {
        row = null;
        try
        {
            var bytes = Encoding.UTF8.GetBytes(payload.Trim());
            if (bytes.Length > 0 && bytes[0] == '"')
            {
                var outer = new JsonScanner(bytes);
                bytes = Encoding.UTF8.GetBytes(outer.Text().Trim());
                outer.End();
                outer.Dispose();
            }

            if (bytes.Length == 0 || bytes[0] != '{')
            {
                return false;
            }

            var json = new JsonScanner(bytes);
            row = shape.Read(ref json);
            json.End();
            json.Dispose();
            return true;
        }
        catch (ArtifactSyncException e) when (e.Code == ErrorCode.DocumentInvalid)
        {
            row = null;
            return false;
        }
    }

    public static RowShape Shape(string entity) => entity switch
    {
        Entity.Session => RowShape.Session,
        Entity.Observation => RowShape.Observation,
        Entity.Prompt => RowShape.Prompt,
        _ => RowShape.Relation,
    };

    public static void Write(CanonicalWriter json, MemorySession row)
    {
        json.BeginObject();
        Text(json, "id"u8, row.Id);
        Text(json, "project"u8, row.Project);
        Filled(json, "directory"u8, row.Directory);
        Filled(json, "started_at"u8, row.StartedAt);
        Optional(json, "ended_at"u8, row.EndedAt);
        Optional(json, "summary"u8, row.Summary);
        json.EndObject();
    }

    public static void WriteSessionDelete(CanonicalWriter json, string id, string project, string deletedAt)
    {
        json.BeginObject();
        Text(json, "id"u8, id);
        Text(json, "project"u8, project);
        Text(json, "deleted_at"u8, deletedAt);
        json.EndObject();
    }

    /// <summary>An upsert; of a deleted row the soft delete, which carries the whole row (5.4).</summary>
    public static void Write(CanonicalWriter json, Observation row)
    {
        json.BeginObject();
        Text(json, "sync_id"u8, row.SyncId);
        Text(json, "session_id"u8, row.SessionId);
        Text(json, "type"u8, row.Type);
        Text(json, "title"u8, row.Title);
        Text(json, "content"u8, row.Content);
        Optional(json, "tool_name"u8, row.ToolName);
        Optional(json, "project"u8, row.Project);
        Text(json, "scope"u8, row.Scope);
        Optional(json, "topic_key"u8, row.TopicKey);
        Number(json, "revision_count"u8, row.RevisionCount);
        Number(json, "duplicate_count"u8, row.DuplicateCount);
        Optional(json, "last_seen_at"u8, row.LastSeenAt);
        Text(json, "created_at"u8, row.CreatedAt);
        Text(json, "updated_at"u8, row.UpdatedAt);
        if (row.DeletedAt is { } deletedAt)
        {
            Flag(json, "deleted"u8);
            Text(json, "deleted_at"u8, deletedAt);
        }

        json.EndObject();
    }

    public static void WriteHardDelete(CanonicalWriter json, string syncId, string sessionId, string project, string time)
    {
        json.BeginObject();
        Text(json, "sync_id"u8, syncId);
        Text(json, "session_id"u8, sessionId);
        Text(json, "type"u8, "");
        Text(json, "title"u8, "");
        Text(json, "content"u8, "");
        Filled(json, "project"u8, project);
        Text(json, "scope"u8, "");
        Number(json, "revision_count"u8, 0);
        Number(json, "duplicate_count"u8, 0);
        Text(json, "updated_at"u8, time);
        Flag(json, "deleted"u8);
        Text(json, "deleted_at"u8, time);
        Flag(json, "hard_delete"u8);
        json.EndObject();
    }

    public static void Write(CanonicalWriter json, Prompt row)
    {
        json.BeginObject();
        Text(json, "sync_id"u8, row.SyncId);
        Text(json, "session_id"u8, row.SessionId);
        Text(json, "content"u8, row.Content);
        Filled(json, "project"u8, row.Project);
        Text(json, "created_at"u8, row.CreatedAt);
        json.EndObject();
    }

    public static void Write(CanonicalWriter json, Tombstone row)
    {
        json.BeginObject();
        Text(json, "sync_id"u8, row.SyncId);
        Text(json, "session_id"u8, row.SessionId ?? "");
        Text(json, "content"u8, "");
        Filled(json, "project"u8, row.Project);
        Flag(json, "deleted"u8);
        Text(json, "deleted_at"u8, row.DeletedAt);
        Flag(json, "hard_delete"u8);
        json.EndObject();
    }

    public static void Write(CanonicalWriter json, Relation row, string project)
    {
        json.BeginObject();
        Text(json, "sync_id"u8, row.SyncId);
        Text(json, "source_id"u8, row.SourceId);
        Text(json, "target_id"u8, row.TargetId);
        Text(json, "relation"u8, row.Kind);
        Optional(json, "reason"u8, row.Reason);
        Optional(json, "evidence"u8, row.Evidence);
        if (row.Confidence is { } confidence)
        {
            json.Name("confidence"u8);
            json.Value(confidence);
        }

        Text(json, "judgment_status"u8, row.JudgmentStatus);
        Optional(json, "marked_by_actor"u8, row.MarkedByActor);
        Optional(json, "marked_by_kind"u8, row.MarkedByKind);
        Optional(json, "marked_by_model"u8, row.MarkedByModel);
        Optional(json, "session_id"u8, row.SessionId);
        Text(json, "project"u8, project);
        Text(json, "created_at"u8, row.CreatedAt);
        Text(json, "updated_at"u8, row.UpdatedAt);
        json.EndObject();
    }

    /// <summary>
    /// A payload that was read, as the original program writes it after decoding: keys in the order of the spec, unknown ones gone,
    /// counts of 0 and what is null left out, the project that of the chunk (4.5).
    /// </summary>
    /// <param name="entity">Session, observation or prompt.</param>
    public static void WriteAgain(CanonicalWriter json, string entity, RowFields row, string project)
    {
        json.BeginObject();
        foreach (var (field, kind) in Shape(entity).Fields)
        {
            if (field == Field.Id && entity != Entity.Session)
            {
                continue; // a local number
            }

            var name = Encoding.ASCII.GetBytes(RowShape.Name(field));
            switch (field)
            {
                case Field.Project:
                    Text(json, name, project);
                    break;
                case Field.Id or Field.SyncId or Field.SessionId or Field.Type or Field.Title or Field.Content or Field.Scope:
                    Text(json, name, row.Text(field));
                    break;
                case Field.Directory or Field.StartedAt:
                    Filled(json, name, row[field]);
                    break;
                case var _ when kind == FieldKind.Text:
                    Optional(json, name, row[field]);
                    break;
                case var _ when kind == FieldKind.Flag && row.Flag(field):
                    Flag(json, name);
                    break;
                case var _ when kind == FieldKind.Integer && row.Number(field) != 0:
                    Number(json, name, row.Number(field));
                    break;
            }
        }

        json.EndObject();
    }

    public static void Text(CanonicalWriter json, ReadOnlySpan<byte> name, string text)
    {
        json.Name(name);
        json.Value(MemoryText.Storable(text));
    }

    public static void Optional(CanonicalWriter json, ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
        {
            Text(json, name, text);
        }
    }

    public static void Filled(CanonicalWriter json, ReadOnlySpan<byte> name, string? text) =>
        Optional(json, name, string.IsNullOrEmpty(text) ? null : text);

    public static void Number(CanonicalWriter json, ReadOnlySpan<byte> name, long number)
    {
        json.Name(name);
        json.Value(number);
    }

    private static void Flag(CanonicalWriter json, ReadOnlySpan<byte> name)
    {
        json.Name(name);
        json.Value(true);
    }
}
