using ArtifactSync.Memory.Cloud;

namespace ArtifactSync.Memory;

/// <summary>What a row or mutation must have to travel in a cloud chunk (memory spec 6.6). Pure.</summary>
internal static class ChunkRules
{
    private static readonly Field[] s_session = [Field.Id, Field.Directory];
    private static readonly Field[] s_observation =
        [Field.SyncId, Field.SessionId, Field.Type, Field.Title, Field.Content, Field.Scope];
    private static readonly Field[] s_prompt = [Field.SyncId, Field.SessionId, Field.Content];

    /// <summary>Why no server takes it; null when one does. A row of a list counts as an upsert.</summary>
    public static string? Fault(string entity, string op, RowFields row)
    {
        Field[]? required = entity switch
        {
            Entity.Session => s_session,
            Entity.Observation => s_observation,
            Entity.Prompt => s_prompt,
            _ => null,
        };
        if (required is null)
        {
            return Entity.IsKnown(entity) ? "a relation travels as a mutation only" : $"there is no entity '{entity}'";
        }

        if (op is not (MutationOp.Upsert or MutationOp.Delete))
        {
            return $"there is no operation '{op}'";
        }

        // The first field is the identity, which a delete needs, too.
        var missing = Array.FindIndex(required, field => row.Filled(field) is null);
        return missing == 0 || (missing > 0 && op == MutationOp.Upsert) ? $"its {RowShape.Name(required[missing])} is blank" : null;
    }

    /// <summary>The same of a mutation as it stands in a chunk: its payload is a text.</summary>
    /// <param name="row">What the payload holds; null when there is a fault.</param>
    public static string? Fault(string entity, string key, string op, string payload, out RowFields? row)
    {
        row = null;
        if (!Entity.IsKnown(entity))
        {
            return $"there is no entity '{entity}'";
        }

        if (!MutationPayload.TryRead(MutationPayload.Shape(entity), payload, out var read))
        {
            return "its payload can't be read";
        }

        var fault = Fault(entity, op, read)
            ?? (KeyOf(entity, read) != key ? "its key differs from the one in its payload"
                : !PayloadCheck.IsStorable(payload) ? "its payload holds U+0000 or half a character" : null);
        row = fault is null ? read : null;
        return fault;
    }

    /// <summary>The id of a session, the sync id of everything else.</summary>
    public static string KeyOf(string entity, RowFields row) => row.Text(entity == Entity.Session ? Field.Id : Field.SyncId);
}
