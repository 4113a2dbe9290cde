using System.Text.Json;

namespace ArtifactSync.Memory.Cloud;

/// <summary>The body of a push (memory spec 6.2).</summary>
internal static class PushBody
{
    private static readonly JsonWriterOptions s_options = new() { SkipValidation = true };

    public static byte[] Write(IReadOnlyList<OutgoingMutation> entries)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            json.WriteStartObject();
            json.WriteStartArray("entries"u8);
            foreach (var entry in entries)
            {
                json.WriteStartObject();
                json.WriteString("project"u8, entry.Project);
                json.WriteString("entity"u8, entry.Entity);
                json.WriteString("entity_key"u8, entry.EntityKey);
                json.WriteString("op"u8, entry.Op);
                json.WritePropertyName("payload"u8);
                json.WriteRawValue(entry.Payload, skipInputValidation: true); // checked when it was planned
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
