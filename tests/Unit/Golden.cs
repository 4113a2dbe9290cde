using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ArtifactSync.Tests;

/// <summary>
/// The golden vectors: the folder in ARTIFACTSYNC_GOLDEN, else the nearest <c>shared/golden</c> above the repository.
/// Cases are named by short ids (<c>file|section|index|name</c>) and looked up inside the test, so discovery stays fast.
/// </summary>
public static class Golden
{
    public const string Missing = "No golden vectors: set ARTIFACTSYNC_GOLDEN or put shared/golden beside the repository.";

    private const int NameLength = 40;

    private static readonly ConcurrentDictionary<string, JsonElement> Files = new(StringComparer.Ordinal);

    /// <summary>Null where there is none.</summary>
    public static string? Folder { get; } = Find();

    public static string PathOf(string relative) => Path.Combine(Folder ?? throw new InvalidOperationException(Missing), relative);

    public static JsonElement Load(string relative) =>
        Files.GetOrAdd(relative, static r => JsonDocument.Parse(File.ReadAllBytes(PathOf(r)), new() { MaxDepth = 256 }).RootElement);

    /// <summary>
    /// Ids of every element of the arrays named; a source is <c>file.json|section</c>, a section a dotted path.
    /// A missing file or section is an error, an empty section is not.
    /// </summary>
    public static TheoryData<string> Cases(params string[] sources) => Cases(static _ => true, sources);

    /// <summary>As above, for the elements that a condition picks.</summary>
    public static TheoryData<string> Cases(Func<JsonElement, bool> where, params string[] sources)
    {
        var data = new TheoryData<string>();
        foreach (string source in Folder is null ? [] : sources)
        {
            int index = 0;
            foreach (JsonElement element in Section(source).EnumerateArray())
            {
                if (where(element))
                {
                    data.Add(string.Create(CultureInfo.InvariantCulture, $"{source}|{index}|{Label(element)}"));
                }

                index++;
            }
        }

        return data;
    }

    /// <summary>The element that an id of <see cref="Cases"/> names.</summary>
    public static JsonElement Case(string id)
    {
        string[] parts = id.Split('|');
        return Section($"{parts[0]}|{parts[1]}")[int.Parse(parts[2], CultureInfo.InvariantCulture)];
    }

    /// <summary>A text member, or null when it is absent or null.</summary>
    public static string? Text(this JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    public static bool Has(this JsonElement element, string name) => element.TryGetProperty(name, out _);

    /// <summary>Bytes given as hex in the first member, else as text in the second.</summary>
    public static byte[] Bytes(this JsonElement element, string hexName, string textName) =>
        element.Text(hexName) is { } hex ? Convert.FromHexString(hex) : Encoding.UTF8.GetBytes(element.Text(textName)!);

    private static JsonElement Section(string source)
    {
        string[] parts = source.Split('|');
        return parts[1].Split('.').Aggregate(Load(parts[0]), (element, name) => element.GetProperty(name));
    }

    private static string Label(JsonElement element)
    {
        string text = element.ValueKind == JsonValueKind.Object && element.TryGetProperty("name", out JsonElement name)
            ? name.ToString()
            : "";
        var label = new StringBuilder();
        foreach (char c in text.Take(NameLength))
        {
            label.Append(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : ' ');
        }

        return label.ToString();
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("ARTIFACTSYNC_GOLDEN") is { Length: > 0 } named)
        {
            return named;
        }

        bool inRepository = false;
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            inRepository |= File.Exists(Path.Combine(folder.FullName, "ArtifactSync.slnx"));
            string candidate = Path.Combine(folder.FullName, "shared", "golden");
            if (inRepository && Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}

/// <summary>A theory over golden vectors: one visibly skipped test where there are none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GoldenTheoryAttribute : TheoryAttribute
{
    public GoldenTheoryAttribute()
    {
        if (Golden.Folder is null)
        {
            Skip = Golden.Missing;
        }
    }
}

/// <summary>A single test over golden vectors, skipped where there are none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GoldenFactAttribute : FactAttribute
{
    public GoldenFactAttribute()
    {
        if (Golden.Folder is null)
        {
            Skip = Golden.Missing;
        }
    }
}
