using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Errors;
using ArtifactSync.Memory;

namespace ArtifactSync.Tests.Memory;

/// <summary>Exports of the original after a day of requests to it (memory-live local/api-and-export): the same rows give the same exports here.</summary>
[Trait("Category", "Memory")]
public sealed class RecordedExportTests
{
    [GoldenTheory]
    [Trait("Replays", "local/api-and-export")]
    [InlineData("export", null)]
    [InlineData("export_project_demo-app", " Demo--App ")]
    [InlineData("export_other_proj", "other_proj")]
    [InlineData("export_unknown_project", "nobody-s")]
    public void Export_OfTheRecordedRows_IsTheRecordedExport(string member, string? project)
    {
        var recorded = Golden.Load("memory-live/results/local-api.json");
        using var machine = new MemoryMachine();
        Assert.Equal("Imported", machine.Import(recorded.GetProperty("export").GetRawText()).Status);
        machine.Engine.ExportMemory(machine["out.json"], project, default);
        var expected = JsonNode.Parse(recorded.GetProperty(member).GetRawText())!.AsObject();
        var actual = JsonNode.Parse(File.ReadAllBytes(machine["out.json"]))!.AsObject();
        Assert.Equal(expected.Select(list => list.Key), actual.Select(list => list.Key));
        foreach (var list in (string[])["sessions", "observations", "prompts"])
        {
            Assert.Equal(Rows(expected[list]), Rows(actual[list]));
        }
    }

    [GoldenFact]
    [Trait("Replays", "local/api-and-export")]
    public void Export_OfABlankProject_IsRefusedAsByTheOriginal()
    {
        Assert.Equal(400, Golden.Load("memory-live/results/local-api.json").GetProperty("export_blank_project_status").GetInt32());
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation()));
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ArtifactSyncException>(() => machine.Engine.ExportMemory(machine["out.json"], " ", default)).Code);
        Assert.False(File.Exists(machine["out.json"]));
    }

    /// <summary>Members and their order included; local numbers differ, and the original writes an empty list as null.</summary>
    private static IEnumerable<string> Rows(JsonNode? list) => (list as JsonArray ?? []).Select(static row =>
    {
        var copy = row!.DeepClone().AsObject();
        if (copy["id"]!.GetValueKind() == JsonValueKind.Number)
        {
            copy.Remove("id");
        }

        if (copy["topic_key"] is { } topic)
        {
            copy["topic_key"] = MemoryText.TopicKey((string?)topic); // the original cuts inside a character (0.3)
        }

        return copy.ToJsonString();
    });
}
