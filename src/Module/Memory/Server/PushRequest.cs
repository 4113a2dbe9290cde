using System.Text;
using System.Text.Json;
using ArtifactSync.Memory.Cloud;

namespace ArtifactSync.Memory.Server;

/// <summary>A push as it came (memory spec 6.2): the first JSON value of the body; what follows it is ignored.</summary>
internal sealed class PushRequest : IDisposable
{
    private readonly JsonDocument _document;

    private PushRequest(JsonDocument document, IReadOnlyList<JsonElement> entries, string? createdBy) =>
        (_document, Entries, CreatedBy) = (document, entries, createdBy);

    public IReadOnlyList<JsonElement> Entries { get; }

    /// <summary>For the record only.</summary>
    public string? CreatedBy { get; }

    /// <summary>Null when the body is no such object. A missing or null list is an empty one.</summary>
    public static PushRequest? Read(ReadOnlySpan<byte> body)
    {
        JsonDocument? document = null;
        try
        {
            var reader = new Utf8JsonReader(body, isFinalBlock: true, default);
            document = JsonDocument.ParseValue(ref reader);
        }
        catch (JsonException)
        {
            return null;
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object && ReadEntries(document.RootElement) is { } entries)
        {
            return new PushRequest(document, entries, document.RootElement.TryGetProperty("created_by", out var by) ? StringOf(by) : null);
        }

        document.Dispose();
        return null;
    }

    public void Dispose() => _document.Dispose();

    /// <summary>A text member; empty when it is missing, of another kind, or holds half a surrogate pair.</summary>
    public static string TextOf(JsonElement entry, string name) => entry.TryGetProperty(name, out var value) ? StringOf(value) ?? "" : "";

    /// <summary>The entry as it is stored, or the field that is wrong with it.</summary>
    /// <param name="project">Normalised.</param>
    public static LogEntry? ReadEntry(JsonElement entry, string project, out string field)
    {
        var (entity, key, op) = (TextOf(entry, "entity"), TextOf(entry, "entity_key"), TextOf(entry, "op"));
        var payload = entry.TryGetProperty("payload", out var value) ? ObjectOf(value) : null;
        field = !Entity.IsKnown(entity) ? "entity"
            : entity == Entity.Relation && (payload is null ? "sync_id" : PayloadCheck.MissingOfRelation(payload)) is { } missing ? missing
            : op is not (MutationOp.Upsert or MutationOp.Delete) ? "op"
            : string.IsNullOrWhiteSpace(key) || key.Contains('\0', StringComparison.Ordinal) ? "entity_key"
            : payload is null || !PayloadCheck.IsStorable(payload) ? "payload"
            : "";
        return field.Length == 0 ? new LogEntry(project, entity, key, op, payload!) : null;
    }

    private static List<JsonElement>? ReadEntries(JsonElement root)
    {
        if (!root.TryGetProperty("entries", out var list) || list.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(e => e.ValueKind == JsonValueKind.Object)
            ? [.. list.EnumerateArray()] : null;
    }

    /// <summary>The text of an object, also of one that was written as a string once; null for everything else.</summary>
    private static string? ObjectOf(JsonElement payload)
    {
        if (payload.ValueKind == JsonValueKind.Object)
        {
            return payload.GetRawText();
        }

        if (payload.ValueKind != JsonValueKind.String || StringOf(payload) is not { } text)
        {
            return null;
        }

        try
        {
            using var inner = JsonDocument.Parse(text);
            return inner.RootElement.ValueKind == JsonValueKind.Object ? inner.RootElement.GetRawText() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? StringOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
