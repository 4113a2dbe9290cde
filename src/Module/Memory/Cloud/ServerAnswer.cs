using System.Text;
using System.Text.Json;
using ArtifactSync.Errors;

namespace ArtifactSync.Memory.Cloud;

/// <summary>Reads what a server answers; nothing in it is trusted (memory spec 6.1-6.3).</summary>
internal static class ServerAnswer
{
    private const int LongestText = 200;
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 128 };

    /// <summary>The accepted numbers of a 200; null when it names none or does not decode.</summary>
    public static PushAnswer ReadPush(ReadOnlyMemory<byte> body)
    {
        using var document = TryParse(body);
        if (document is null || !TryGet(document.RootElement, "accepted_seqs", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            return new PushAnswer((IReadOnlyList<long>?)null);
        }

        // A number that is none becomes 0, which the validation refuses.
        return new PushAnswer(
            [.. list.EnumerateArray()
                .Select(seq => seq.ValueKind == JsonValueKind.Number && seq.TryGetInt64(out var number) ? number : 0)]);
    }

    /// <summary>Entries that a 400 names; null when it is of another kind.</summary>
    public static PushAnswer? ReadInvalid(ReadOnlyMemory<byte> body)
    {
        using var document = TryParse(body);
        if (document is null || !TryGet(document.RootElement, "invalid", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var invalid = list.EnumerateArray()
            .Where(item => TryGet(item, "index", out var index) && index.ValueKind == JsonValueKind.Number && index.TryGetInt32(out _))
            .Select(item => new InvalidEntry(item.GetProperty("index").GetInt32(), Cut(Text(item, "field"))))
            .ToList();
        return invalid.Count == 0 ? null : new PushAnswer((IReadOnlyList<long>?)null) { Invalid = invalid };
    }

    /// <summary>The id under which a server keeps a chunk; null when the answer names none that may be one.</summary>
    public static string? ReadChunkId(ReadOnlyMemory<byte> body)
    {
        using var document = TryParse(body);
        return document is not null && Text(document.RootElement, "chunk_id") is var id && ChunkManifest.IsId(id) ? id : null;
    }

    /// <exception cref="ArtifactSyncException">TargetProtocolError: the answer is no page.</exception>
    public static PullPage ReadPage(ReadOnlyMemory<byte> body, string server)
    {
        using var document = TryParse(body) ?? throw NoPage(server);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw NoPage(server);
        }

        var mutations = new List<PulledMutation>();
        if (TryGet(root, "mutations", out var list) && list.ValueKind != JsonValueKind.Null)
        {
            if (list.ValueKind != JsonValueKind.Array)
            {
                throw NoPage(server);
            }

            foreach (var item in list.EnumerateArray())
            {
                mutations.Add(ReadMutation(item) ?? throw NoPage(server));
            }
        }

        var more = TryGet(root, "has_more", out var flag) && flag.ValueKind == JsonValueKind.True;
        return new PullPage(mutations, more) { Size = body.Length };
    }

    /// <summary><c>error_code</c> of a structured error, else null.</summary>
    public static string? ErrorCodeOf(ReadOnlyMemory<byte> body)
    {
        using var document = TryParse(body);
        return document is not null && TryGet(document.RootElement, "error_code", out var code) && code.ValueKind == JsonValueKind.String
            ? Text(document.RootElement, "error_code") : null;
    }

    /// <summary>A short, printable form of what a server said, for messages.</summary>
    public static string Say(ReadOnlyMemory<byte> body)
    {
        using var document = TryParse(body);
        var text = document is not null && Text(document.RootElement, "error") is { Length: > 0 } error ? error
            : Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, 4 * LongestText)]);
        return Cut(text);
    }

    /// <summary>The text without control characters, at most 200 characters: it comes from outside and goes to a screen.</summary>
    private static string Cut(string text)
    {
        var printable = string.Concat(text.Trim().Select(c => char.IsControl(c) ? ' ' : c));
        return printable.Length <= LongestText ? printable : printable[..LongestText] + "…";
    }

    private static PulledMutation? ReadMutation(JsonElement item) =>
        item.ValueKind == JsonValueKind.Object && TryGet(item, "seq", out var number) && number.ValueKind == JsonValueKind.Number
            && number.TryGetInt64(out var seq) && seq > 0
            ? new PulledMutation(
                seq, Text(item, "project"), Text(item, "entity"), Text(item, "entity_key"), Text(item, "op"),
                TryGet(item, "payload", out var payload) ? payload.GetRawText() : "null", Text(item, "occurred_at"))
            : null;

    private static string Text(JsonElement item, string name)
    {
        if (!TryGet(item, name, out var value) || value.ValueKind != JsonValueKind.String)
        {
            return "";
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD"; // half of a surrogate pair: as a key it names nothing that we can store
        }
    }

    private static bool TryGet(JsonElement item, string name, out JsonElement value)
    {
        value = default;
        return item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out value);
    }

    private static JsonDocument? TryParse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return body.IsEmpty ? null : JsonDocument.Parse(body, s_options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ArtifactSyncException NoPage(string server) => new(
        ErrorCode.TargetProtocolError, $"The answer of '{server}' to a pull is no page of mutations. Is a memory server there?", server);
}
