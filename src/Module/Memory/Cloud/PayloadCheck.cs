using System.Text;
using System.Text.Json;

namespace ArtifactSync.Memory.Cloud;

/// <summary>What a payload must have to be sent or stored (memory spec 6.2, 6.6, 7.2). Payloads are texts of JSON objects.</summary>
internal static class PayloadCheck
{
    private static readonly string[] s_ofRelation = ["sync_id", "source_id", "target_id", "judgment_status", "marked_by_actor",
        "marked_by_kind"];

    /// <summary>The first field of a relation that is missing or blank; null when all are there.</summary>
    public static string? MissingOfRelation(string payload)
    {
        using var document = JsonDocument.Parse(payload);
        return Array.Find(s_ofRelation, name => IsBlank(document.RootElement, name));
    }

    /// <summary>Whether a database can hold every text in it: no U+0000, no half of a surrogate pair.</summary>
    public static bool IsStorable(string json)
    {
        if (!json.Contains("\\u", StringComparison.Ordinal))
        {
            return MemoryText.IsStorable(json);
        }

        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped && !IsStorable(ref reader))
            {
                return false;
            }
        }

        return true;
    }

    public static bool IsBlank(JsonElement payload, string name)
    {
        try
        {
            return !payload.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String
                || string.IsNullOrWhiteSpace(value.GetString());
        }
        catch (InvalidOperationException)
        {
            return false; // not blank, and not storable either: another check says so
        }
    }

    private static bool IsStorable(ref Utf8JsonReader reader)
    {
        try
        {
            return MemoryText.IsStorable(reader.GetString()!);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
