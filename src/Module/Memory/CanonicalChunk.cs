using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Wire;

namespace ArtifactSync.Memory;

/// <summary>A row of one of the three lists of a chunk.</summary>
/// <param name="SessionId">The session that it refers to; null for a session.</param>
/// <param name="Json">Canonical text of the row.</param>
internal sealed record ChunkRow(string Entity, string Key, string? SessionId, string Json);

/// <summary>
/// A chunk in the one form in which it is hashed, sent and kept by servers (memory spec 4.5): its project on every row and mutation,
/// no null lists, payloads as the original program writes them, compact with sorted keys. Whoever makes it, the bytes are the same.
/// </summary>
internal sealed class CanonicalChunk
{
    private const string ProjectName = "project";
    private const string Mutations = "mutations";
    private static readonly (string Name, string Entity, RowShape Shape)[] s_lists =
    [
        ("sessions", Entity.Session, RowShape.Session), ("observations", Entity.Observation, RowShape.Observation),
        ("prompts", Entity.Prompt, RowShape.Prompt),
    ];

    private static readonly string[] s_names = [.. s_lists.Select(static list => list.Name), Mutations];
    private static readonly JsonWriterOptions s_writing =
        new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly HashSet<string> _ownSessions = new(StringComparer.Ordinal);
    private readonly HashSet<string> _needs = new(StringComparer.Ordinal);

    private CanonicalChunk(string project, byte[] bytes) =>
        (Project, Bytes, Id) = (project, bytes, Convert.ToHexStringLower(SHA256.HashData(bytes))[..8]);

    /// <summary>First 8 hex digits of the SHA-256 of <see cref="Bytes"/>.</summary>
    public string Id { get; }

    public string Project { get; }

    public byte[] Bytes { get; }

    /// <summary>Sessions, observations, prompts, in the order of the lists: what a server copies into its log (6.5).</summary>
    public IReadOnlyList<ChunkRow> Rows { get; private set; } = [];

    /// <summary>Sessions that rows and upserts refer to and that the chunk does not hold.</summary>
    public IEnumerable<string> NeededSessions => _needs.Where(id => !_ownSessions.Contains(id));

    public int Count(string entity) => Rows.Count(row => row.Entity == entity);

    /// <param name="data">The text of a chunk: UTF-8 without U+0000 and halves of characters, also as escapes.</param>
    /// <param name="project">Normalised; every row becomes one of it.</param>
    /// <exception cref="ArtifactSyncException">MemoryChunkInvalid: no chunk, or one that lacks what 6.6 requires.</exception>
    public static CanonicalChunk Read(ReadOnlyMemory<byte> data, string project)
    {
        try
        {
            using var document = JsonDocument.Parse(data);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.EnumerateObject().Any())
            {
                throw Invalid("it is no object with lists");
            }

            var chunk = new CanonicalChunk(project, Canonical(Relabelled(root, project)));
            chunk.ReadRows();
            return chunk;
        }
        catch (Exception e) when (e is JsonException
            || e is ArtifactSyncException { Code: ErrorCode.DocumentInvalid or ErrorCode.DocumentLimitExceeded })
        {
            throw Invalid(e.Message, e);
        }
    }

    /// <summary>The chunk with its project on everything; members as they came.</summary>
    private static ReadOnlyMemory<byte> Relabelled(JsonElement root, string project)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, s_writing);
        json.WriteStartObject();
        foreach (var member in root.EnumerateObject())
        {
            // As importers read it: letter case does not matter, and of two lists with one name the last counts.
            var name = Array.Find(s_names, list => list.Equals(member.Name, StringComparison.OrdinalIgnoreCase));
            json.WritePropertyName(name ?? member.Name);
            if (name is null)
            {
                json.WriteRawValue(member.Value.GetRawText(), skipInputValidation: true);
                continue;
            }

            json.WriteStartArray();
            foreach (var row in Elements(member.Value, name))
            {
                // A long name on many small rows would be larger than any answer that is read.
                if (json.BytesCommitted + json.BytesPending > 2L * PushBatch.MaxBody)
                {
                    throw Invalid($"with its project on every row it is larger than {2 * PushBatch.MaxBody >> 20} MiB");
                }

                if (name == Mutations)
                {
                    WriteMutation(json, row, project);
                }
                else
                {
                    WriteRow(json, row, project);
                }
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static JsonElement[] Elements(JsonElement list, string name) => list.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.Array when list.EnumerateArray().All(static row => row.ValueKind == JsonValueKind.Object) =>
            [.. list.EnumerateArray()],
        _ => throw Invalid($"its '{name}' is no list of objects"),
    };

    private static void WriteRow(Utf8JsonWriter json, JsonElement row, string project)
    {
        json.WriteStartObject();
        foreach (var member in row.EnumerateObject().Where(static m => !m.Name.Equals(ProjectName, StringComparison.OrdinalIgnoreCase)))
        {
            json.WritePropertyName(member.Name);
            json.WriteRawValue(member.Value.GetRawText(), skipInputValidation: true);
        }

        json.WriteString(ProjectName, project);
        json.WriteEndObject();
    }

    /// <summary>All members are there, also those that say nothing, and the payload is written anew: so the original hashes it.</summary>
    private static void WriteMutation(Utf8JsonWriter json, JsonElement entry, string project)
    {
        var (entity, op) = (Text(entry, "entity"), Text(entry, "op"));
        json.WriteStartObject();
        json.WritePropertyName("seq");
        json.WriteNumberValue(
            entry.TryGetProperty("seq", out var seq) && seq.ValueKind == JsonValueKind.Number && seq.TryGetInt64(out var number) ? number : 0);
        json.WriteString("target_key", Text(entry, "target_key"));
        json.WriteString("entity", entity);
        json.WriteString("entity_key", Text(entry, "entity_key"));
        json.WriteString("op", op);
        json.WriteString("payload", Payload(entity, Text(entry, "entity_key"), op, Text(entry, "payload"), project));
        json.WriteString("source", Text(entry, "source"));
        json.WriteString(ProjectName, project);
        json.WriteString("occurred_at", Text(entry, "occurred_at"));
        if (Text(entry, "acked_at") is { Length: > 0 } acked)
        {
            json.WriteString("acked_at", acked);
        }

        json.WriteEndObject();
    }

    private static string Payload(string entity, string key, string op, string payload, string project)
    {
        if (ChunkRules.Fault(entity, key, op, payload, out var row) is { } fault)
        {
            throw Invalid($"the mutation of {entity} '{key}' is not valid: {fault}");
        }

        using var json = new CanonicalWriter();
        MutationPayload.WriteAgain(json, entity, row!, project);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    private static byte[] Canonical(ReadOnlyMemory<byte> text)
    {
        using var json = new CanonicalWriter();
        new RawJsonTree(text).Write(json);
        return json.WrittenSpan.ToArray();
    }

    private void ReadRows()
    {
        using var document = JsonDocument.Parse(Bytes);
        var rows = new List<ChunkRow>();
        foreach (var (name, entity, shape) in s_lists)
        {
            if (document.RootElement.TryGetProperty(name, out var list))
            {
                rows.AddRange(list.EnumerateArray().Select(row => ReadRow(entity, shape, row.GetRawText())));
            }
        }

        if (document.RootElement.TryGetProperty(Mutations, out var mutations))
        {
            foreach (var entry in mutations.EnumerateArray().Where(static m => Text(m, "op") == MutationOp.Upsert))
            {
                var entity = Text(entry, "entity");
                if (MutationPayload.TryRead(MutationPayload.Shape(entity), Text(entry, "payload"), out var row))
                {
                    Note(entity, row);
                }
            }
        }

        Rows = rows;
    }

    private ChunkRow ReadRow(string entity, RowShape shape, string text)
    {
        var json = new JsonScanner(Encoding.UTF8.GetBytes(text));
        var row = shape.Read(ref json);
        json.Dispose();
        var key = ChunkRules.KeyOf(entity, row);
        if (ChunkRules.Fault(entity, MutationOp.Upsert, row) is { } fault)
        {
            throw Invalid($"the {entity} '{key}' is not valid: {fault}");
        }

        Note(entity, row);
        return new ChunkRow(entity, key, entity == Entity.Session ? null : row.Text(Field.SessionId), text);
    }

    private void Note(string entity, RowFields row) =>
        _ = entity == Entity.Session ? _ownSessions.Add(row.Text(Field.Id)) : _needs.Add(row.Text(Field.SessionId));

    private static string Text(JsonElement entry, string name)
    {
        if (!entry.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return "";
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Invalid($"the '{name}' of a mutation is no text");
    }

    private static ArtifactSyncException Invalid(string why, Exception? inner = null) =>
        new(ErrorCode.MemoryChunkInvalid, $"The chunk is not valid: {why.TrimEnd('.')}.", null, inner);
}
