using System.Text.Json;
using System.Text.Json.Nodes;

namespace ArtifactSync.FakeGitLab;

/// <summary>A recorded or documented error: body, headers, type.</summary>
public sealed record GoldenError(string Name, int Status, string ContentType, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>The recorded responses in a folder, told apart by their shape: whatever further files are there is used as well.</summary>
public sealed class GoldenGitLab(string folder)
{
    public IReadOnlyList<string> Files { get; } =
        [.. Directory.GetFiles(folder, "*.json").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    public JsonNode Read(string file) => JsonNode.Parse(File.ReadAllBytes(Path.Combine(folder, file)))!;

    public IReadOnlyDictionary<string, string> Headers(string file)
    {
        var path = Path.Combine(folder, Path.ChangeExtension(file, ".headers.json"));
        return File.Exists(path) ? Flat(JsonNode.Parse(File.ReadAllBytes(path))!.AsObject()) : new Dictionary<string, string>(StringComparer.Ordinal);
    }

    public IReadOnlyList<GoldenError> Errors() => [.. Read("errors.json").AsArray().Select(e => new GoldenError(
        e!["name"]!.GetValue<string>(), e["status"]!.GetValue<int>(), e["content_type"]!.GetValue<string>(), Flat(e["headers"]!.AsObject()),
        e["body"] is JsonValue text && text.GetValueKind() == JsonValueKind.String ? text.GetValue<string>() : e["body"]!.ToJsonString()))];

    public GoldenError Error(string name) => Errors().First(e => e.Name == name);

    /// <summary>Every recorded issue and merge request, alone or in a list, wherever it lies.</summary>
    public IEnumerable<(string File, FakeItem Item)> Items()
    {
        foreach (var file in Bodies())
        {
            foreach (var body in Objects(Read(file)).Where(o => o["iid"] is not null && o["project_id"] is not null && o["title"] is not null))
            {
                yield return (file, new FakeItem(body.ContainsKey("source_branch") ? "merge_request" : "issue", body.DeepClone().AsObject()));
            }
        }
    }

    /// <summary>Recorded lists whose first element has a member: <c>notes</c> = discussions, <c>label</c>, <c>milestone</c>, <c>state</c> = events.</summary>
    public IEnumerable<(string File, JsonArray List)> Lists(string member) => Bodies()
        .Select(file => (file, Read(file) as JsonArray))
        .Where(pair => pair.Item2 is { Count: > 0 } list && list[0] is JsonObject first && first.ContainsKey(member)
            && (member == "notes" || first.ContainsKey("resource_type")))
        .Select(pair => (pair.file, pair.Item2!));

    private IEnumerable<string> Bodies() => Files.Where(f => !f.EndsWith(".headers.json", StringComparison.Ordinal) && f is not ("errors.json" or "index.json"));

    private static IEnumerable<JsonObject> Objects(JsonNode node) => node switch
    {
        JsonObject body when body["iid"] is null => body.Select(m => m.Value).OfType<JsonObject>(),
        JsonObject body => [body],
        JsonArray list => list.OfType<JsonObject>(),
        _ => [],
    };

    private static Dictionary<string, string> Flat(JsonObject headers) =>
        headers.ToDictionary(h => h.Key, h => h.Value!.GetValue<string>(), StringComparer.Ordinal);
}
