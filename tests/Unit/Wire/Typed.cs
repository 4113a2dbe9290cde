using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

/// <summary>
/// Turns the typed input of a vector into a document, by property names alone: knows nothing of the field tables under test.
/// </summary>
internal static class Typed
{
    private static readonly Dictionary<string, string> Renamed = new(StringComparer.Ordinal) { ["v"] = "Version", ["seq"] = "Sequence" };

    private static readonly Comparer<string> ByUtf8 =
        Comparer<string>.Create((a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));

    public static T Build<T>(JsonElement input)
        where T : class, new()
    {
        return (T)Object(typeof(T), input);
    }

    /// <summary>Text as our strings hold it: U+FFFD for each byte that is not valid UTF-8.</summary>
    public static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
            ? Utf8Text.Decode(Convert.FromHexString(value.GetProperty("$hex").GetString()!))
            : value.GetString()!;

    /// <summary>
    /// The vector's canonical text as we write it: original programs keep invalid bytes until they encode, where each becomes an
    /// escape; ours are replaced before (spec 3.3).
    /// </summary>
    public static string Expected(JsonElement vector)
    {
        string canonical = ReplaceEscapes(vector.Text("canonical")!);
        return vector.Text("type") == "checkpoint" && canonical != vector.Text("canonical") ? SortSessions(canonical) : canonical;
    }

    // Keys with an invalid byte sort elsewhere once it is replaced; of keys that become equal, the last stays.
    private static string SortSessions(string canonical)
    {
        int start = canonical.IndexOf("\"sessions\":{", StringComparison.Ordinal) + "\"sessions\":{".Length;
        int end = canonical.LastIndexOf('}', canonical.Length - 3);
        string map = canonical[start..end];
        using JsonDocument parsed = JsonDocument.Parse($"{{{map}}}");
        var entries = new SortedDictionary<string, string>(ByUtf8);
        foreach (JsonProperty entry in parsed.RootElement.EnumerateObject())
        {
            string value = entry.Value.GetRawText();
            string text = entry.ToString();
            entries[entry.Name] = $"{text[..(text.Length - value.Length)]}{value}";
        }

        return canonical[..start] + string.Join(',', entries.Values) + canonical[end..];
    }

    private static string ReplaceEscapes(string canonical)
    {
        var result = new StringBuilder(canonical.Length);
        for (int i = 0; i < canonical.Length; i++)
        {
            if (canonical[i] != '\\')
            {
                result.Append(canonical[i]);
            }
            else if (canonical.AsSpan(i).StartsWith("\\ufffd", StringComparison.Ordinal))
            {
                result.Append('\uFFFD');
                i += 5;
            }
            else
            {
                result.Append(canonical, i++, 2);
            }
        }

        return result.ToString();
    }

    private static object Object(Type type, JsonElement input)
    {
        object target = Activator.CreateInstance(type)!;
        foreach (JsonProperty member in input.EnumerateObject())
        {
            if (type == typeof(MessageRecord) && member.NameEquals("v"))
            {
                continue;
            }

            PropertyInfo property = type.GetProperty(PropertyName(member.Name))
                ?? throw new InvalidDataException($"{type.Name} has no {member.Name}");
            property.SetValue(target, Value(property.PropertyType, member.Value));
        }

        return target;
    }

    private static object? Value(Type type, JsonElement value)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        return value.ValueKind == JsonValueKind.Null ? null
            : plain == typeof(string) ? StringOrRaw(value)
            : plain == typeof(long) ? value.GetInt64()
            : plain == typeof(bool) ? value.GetBoolean()
            : plain == typeof(double) ? Double(value)
            : plain == typeof(IReadOnlyList<KeyValuePair<string, string>>) ? Map(value)
            : typeof(IList).IsAssignableFrom(plain) ? List(plain, value)
            : Object(plain, value);
    }

    private static string StringOrRaw(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty("$raw", out JsonElement raw) ? Text(raw) : Text(value);

    private static double Double(JsonElement value)
    {
        string bits = value.GetProperty("$bits").GetString()!;
        return BitConverter.UInt64BitsToDouble(ulong.Parse(bits, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    private static IList List(Type type, JsonElement value)
    {
        var list = (IList)Activator.CreateInstance(type)!;
        foreach (JsonElement element in value.EnumerateArray())
        {
            list.Add(Value(type.GetGenericArguments()[0], element));
        }

        return list;
    }

    private static List<KeyValuePair<string, string>> Map(JsonElement value)
    {
        IEnumerable<KeyValuePair<string, string>> entries = value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().Select(m => KeyValuePair.Create(m.Name, Text(m.Value)))
            : value.EnumerateArray().Select(p => KeyValuePair.Create(Text(p[0]), Text(p[1])));
        return [.. entries.GroupBy(e => e.Key, StringComparer.Ordinal).Select(g => g.Last()).OrderBy(e => e.Key, ByUtf8)];
    }

    private static string PropertyName(string name) =>
        Renamed.TryGetValue(name, out string? renamed)
            ? renamed
            : string.Concat(name.Split('_').Select(part => char.ToUpperInvariant(part[0]) + part[1..]));
}
