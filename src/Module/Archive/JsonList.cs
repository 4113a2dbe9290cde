using System.Text;
using System.Text.Json;

namespace ArtifactSync.Archive;

/// <summary>Lists of texts as JSON arrays: one column, or one value of a statement (<c>json_each</c>).</summary>
internal static class JsonList
{
    public static string Write(IEnumerable<string> items)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var item in items)
            {
                json.WriteStringValue(item);
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    public static List<string> Read(ReadOnlySpan<byte> json)
    {
        var items = new List<string>(1);
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                items.Add(reader.GetString()!);
            }
        }

        return items;
    }
}
