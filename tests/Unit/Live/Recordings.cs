using System.Text.Json;

namespace ArtifactSync.Tests.Live;

/// <summary>The recordings of the original programs (spec appendix E), below <c>artifact-live</c>.</summary>
internal static class Recordings
{
    public const string Missing = "No recordings: set ARTIFACTSYNC_GOLDEN or put shared/golden beside the repository.";

    private const string Root = "artifact-live";

    /// <summary>The recordings were made just before; metadata replay needs a clock at or after this (index, notes).</summary>
    public static readonly DateTimeOffset Afterwards = new(2026, 11, 21, 6, 0, 0, TimeSpan.Zero);

    public static IReadOnlyList<JsonElement> Scenarios { get; } =
        Golden.Folder is null ? [] : [.. Golden.Load($"{Root}/index.json").GetProperty("scenarios").EnumerateArray()];

    public static JsonElement Scenario(string name) => Scenarios.Single(s => s.Text("scenario") == name);

    /// <summary>Names of the scenarios of some kinds.</summary>
    public static IEnumerable<string> Names(params string[] kinds) =>
        Scenarios.Where(s => kinds.Contains(s.Text("kind"))).Select(s => s.Text("scenario")!);

    public static TheoryData<string> Data(IEnumerable<string> cases)
    {
        var data = new TheoryData<string>();
        data.AddRange([.. cases]);
        return data;
    }

    public static string PathOf(params string[] parts) => Golden.PathOf(Path.Combine([Root, .. parts]));

    public static JsonElement Load(params string[] parts) => Golden.Load(Path.Combine([Root, .. parts]));

    /// <summary>Texts of an array member; none when it is absent.</summary>
    public static IReadOnlyList<string> Texts(this JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement list) ? [.. list.EnumerateArray().Select(e => e.GetString()!)] : [];
}
