using System.Text.Json;

namespace ArtifactSync.Tests.Live;

/// <summary>One step of a recorded scenario of syncs with folders.</summary>
internal sealed record FolderStep(JsonElement Json, int Index, RecordedTree Before, RecordedTree After)
{
    public string Name => $"step {Index} ({Json.Text("machine")}: {Json.Text("do")})";

    public string Machine => Origin ?? Json.Text("machine")!;

    /// <summary>The origin that a machine adopts later, where the step bears only its name.</summary>
    public string? Origin { get; init; }

    public string? Target => Json.Text("target");

    public bool IsInitial => Json.Texts("flags").Contains("--init");

    public string? Rows => Json.Text("rows");
}

/// <summary>A recorded scenario; the tree before each step follows from the final one.</summary>
internal sealed class FolderScenario
{
    public FolderScenario(string name)
    {
        Name = name;
        Json = Recordings.Scenario(name);
        JsonElement[] steps = [.. Json.GetProperty("steps").EnumerateArray()];
        Targets = [.. steps.Select(s => s.Text("target")).OfType<string>().Distinct(StringComparer.Ordinal)];
        Dictionary<string, RecordedTree> final = Targets.ToDictionary(t => t, t => RecordedTree.Read(Recordings.PathOf(name, t)), StringComparer.Ordinal);
        var now = new Dictionary<string, RecordedTree>(final, StringComparer.Ordinal);
        var list = new List<FolderStep>();
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            Assert.False(steps[i].Has("changed_files"), "the content before a change is not recorded");
            string? target = steps[i].Text("target");
            RecordedTree after = target is null ? final.Values.FirstOrDefault(RecordedTree.Empty) : now[target];
            RecordedTree before = target is null
                ? after
                : after.Before(final[target], steps[i].Texts("new_files"), steps[i].Texts("removed_files"));
            list.Insert(0, new FolderStep(steps[i], i, before, after));
            if (target is not null)
            {
                now[target] = before;
            }
        }

        Steps = list;
        Final = final;
    }

    public string Name { get; }

    public JsonElement Json { get; }

    public IReadOnlyList<string> Targets { get; }

    public IReadOnlyList<FolderStep> Steps { get; }

    public IReadOnlyDictionary<string, RecordedTree> Final { get; }

    public RowTables LoadRows(string file) => RowTables.Recorded(Recordings.Load(Name, file));
}
