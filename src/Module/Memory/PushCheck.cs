using System.Text;

namespace ArtifactSync.Memory;

/// <summary>Whether a server can ever take a mutation (memory spec 6.6 "push check", 7.2 steps 3 and 4).</summary>
internal static class PushCheck
{
    /// <summary>Bytes of a request; a row that alone exceeds it less the room for its envelope is never sent.</summary>
    public const int RequestBytes = 8 * 1024 * 1024;
    private const int Envelope = 4096;

    private static readonly Field[] s_relationFields =
        [Field.SyncId, Field.SourceId, Field.TargetId, Field.JudgmentStatus, Field.MarkedByActor, Field.MarkedByKind];

    /// <summary>Why it can't be sent; null when it can.</summary>
    public static string? Fault(string entity, string key, string op, string project, string payload)
    {
        if (MemoryText.IsBlank(project))
        {
            return "its project cannot be determined";
        }

        if (MemoryText.IsBlank(key) || !MemoryText.IsStorable(key))
        {
            return MemoryText.IsBlank(key) ? "its key is blank" : "its key holds U+0000 or half a character";
        }

        if (Encoding.UTF8.GetByteCount(payload) > RequestBytes - Envelope)
        {
            return $"it is larger than the {RequestBytes >> 20} MiB that a server takes";
        }

        if (!Entity.IsKnown(entity) || !MutationPayload.TryRead(MutationPayload.Shape(entity), payload, out var row))
        {
            return "its payload cannot be read";
        }

        if (row.Text(entity == Entity.Session ? Field.Id : Field.SyncId) != key)
        {
            return "its key differs from the one in its payload";
        }

        return op != MutationOp.Upsert ? null : entity switch
        {
            Entity.Observation or Entity.Prompt when MemoryText.IsBlank(row[Field.SessionId]) => "it names no session",
            Entity.Relation when Array.FindIndex(s_relationFields, f => MemoryText.IsBlank(row[f])) is >= 0 and var at =>
                $"it has no {RowShape.Name(s_relationFields[at])}",
            _ => null,
        };
    }
}
