using System.Text.Json;

namespace ArtifactSync.Tests.Live;

/// <summary>One sync of a fault case.</summary>
internal sealed record FaultStep(string Case, int Index, JsonElement Json)
{
    public string Name => $"{Case}, step {Index} ({Json.Text("do")})";

    public bool IsInitial => Json.Texts("flags").Contains("--init");

    public string? Folder => Json.Text("folder_before");

    public int Exit => Json.GetProperty("exit").GetInt32();

    /// <summary>The tree before the sync; a missing directory is an empty one.</summary>
    public RecordedTree Before => RecordedTree.Read(Recordings.PathOf("faults", Case, Folder!));
}

/// <summary>A recorded fault case: a folder before each sync and what the original made of it.</summary>
internal sealed class FaultCase
{
    private FaultCase(JsonElement json)
    {
        Json = json;
        Name = json.Text("case")!;
        Steps = [.. json.GetProperty("steps").EnumerateArray().Select((step, i) => new FaultStep(Name, i, step))];
    }

    public static IReadOnlyList<FaultCase> All { get; } = Recordings.Scenarios.Any(s => s.Text("scenario") == "faults")
        ? [.. Recordings.Load("faults", "results.json").EnumerateArray().Select(c => new FaultCase(c))]
        : [];

    public JsonElement Json { get; }

    public string Name { get; }

    public IReadOnlyList<FaultStep> Steps { get; }

    public DateTimeOffset Now => Json.Text("now") is { } now ? DateTimeOffset.Parse(now) : Recordings.Afterwards;

    public static FaultCase Find(string name) => All.Single(c => c.Name == name);

    /// <summary>Makes the share what it was before the sync, with what could not be stored as files.</summary>
    public void WriteShare(FaultStep step, string share)
    {
        step.Before.WriteTo(share);
        foreach (string directory in step.Json.Texts("empty_directories_in_folder"))
        {
            Directory.CreateDirectory(Path.Combine(share, directory));
        }

        foreach (JsonProperty file in Members(step, "extra_files_in_folder_base64"))
        {
            File.WriteAllBytes(Path.Combine(share, file.Name), file.Value.GetBytesFromBase64());
        }

        foreach (JsonProperty link in Members(step, "symlinks_in_folder"))
        {
            Directory.CreateSymbolicLink(Path.Combine(share, link.Name), link.Value.GetString()!);
        }

        WriteBeside(share);
    }

    /// <summary>What symbolic links of a case point to, outside of the share.</summary>
    private void WriteBeside(string share)
    {
        foreach (string directory in Directory.EnumerateDirectories(Recordings.PathOf("faults", Name)))
        {
            string name = Path.GetFileName(directory);
            if (!name.StartsWith("folder", StringComparison.Ordinal))
            {
                RecordedTree.Read(directory).WriteTo(Path.Combine(Path.GetDirectoryName(share)!, name));
            }
        }
    }

    private static JsonElement.ObjectEnumerator Members(FaultStep step, string name) =>
        step.Json.TryGetProperty(name, out JsonElement members) ? members.EnumerateObject() : default;
}
