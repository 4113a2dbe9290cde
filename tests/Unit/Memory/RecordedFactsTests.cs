using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Memory;

namespace ArtifactSync.Tests.Memory;

/// <summary>
/// The recorded facts about one machine (memory-live results/misc, misc2), each shown with ours, or what [REQ] wants instead.
/// </summary>
[Trait("Category", "Memory")]
public sealed class RecordedFactsTests
{
    internal static readonly string[] Shown = ["two-rows-one-sync-id", "full-text-after-import", "cut-off-format", "empty-strings-in-export", "open-time-clean-up"];

    /// <summary>The original writes one of the two rows and leaves the other alive; [REQ] it goes (3.4).</summary>
    [GoldenFact]
    public void TwoRowsOfOneId_OnlyTheWrittenOneIsLeft()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation("C a1")));
        machine.Change(change => ObservationTable.Insert(change.Db, ObservationTable.Find(change.Db, Doc.Key)!));
        var directories = 0;
        foreach (var recorded in Facts("misc", "two-rows-one-sync-id").OrderBy(fact => fact.GetProperty("chunks").GetInt32()))
        {
            var (row, directory) = (recorded.GetProperty("rows").EnumerateArray().Last(), machine[$"dir{directories++}"]);
            var deleted = row[3].GetString();
            var version = Doc.Observation(row[2].GetString()!, deleted ?? "2026-05-01 00:00:00", deleted);
            version["title"] = row[1].GetString();
            ChunkTests.Write(directory, ChunkTests.Lists(sessions: [Doc.Session()], observations: [version]));
            Assert.Equal(1, machine.ImportChunks(directory).ChunksImported);
            var left = Assert.Single(machine.Rows()["observations"]!.AsArray())!;
            Assert.Equal((row[1].GetString(), row[2].GetString(), deleted), ((string?)left["title"], (string?)left["content"], (string?)left["deleted_at"]));
        }

        Assert.Equal(2, directories);
    }

    [GoldenFact]
    public void FullText_AfterEachImport_FindsAsRecorded()
    {
        using var machine = new MemoryMachine();
        string[] words = ["alphaword", "betaword", "gammaword"];
        var hits = Facts("misc", "full-text-after-import").Single().GetProperty("hits_for_alphaword_betaword_gammaword_after_each_import").EnumerateArray().ToList();
        (string Content, bool IsDeleted)[] imports = [(words[0], false), (words[1], false), (words[1], true), (words[2], false)];
        Assert.Equal(imports.Length, hits.Count);
        foreach (var (import, i) in imports.Select(static (import, i) => (import, i)))
        {
            var time = $"2026-05-01 00:00:0{i}";
            machine.Import(Doc.Of(Doc.Observation(import.Content, time, import.IsDeleted ? time : null)));
            Assert.Equal(hits[i].EnumerateArray().Select(count => count.GetInt32()), words.Select(word => machine.Search(word).Count));
        }
    }

    /// <summary>The original exports what is newer than the manifest's last time, whatever it makes of its form; ours what no chunk holds (4.3).</summary>
    [GoldenFact]
    public void CutOff_WhateverTheManifestSays_EverythingIsExported()
    {
        foreach (var recorded in Facts("misc", "cut-off-format"))
        {
            using var machine = new MemoryMachine();
            machine.Import(new JsonObject
            {
                ["sessions"] = new JsonArray([.. Enumerable.Range(0, 5).Select(i => (JsonNode)Doc.Session($"s{i}", started: $"2026-05-01 0{6 + i}:00:00"))]),
            }.ToJsonString());
            ChunkTests.Write(machine["dir"], ChunkTests.Lists());
            var manifest = Path.Combine(machine["dir"], "manifest.json");
            var listed = JsonNode.Parse(File.ReadAllText(manifest))!;
            listed["chunks"]![0]!["created_at"] = recorded.Text("manifest_created_at");
            File.WriteAllText(manifest, listed.ToJsonString());
            Assert.Equal(5, machine.ExportChunk(machine["dir"]).Sessions);
        }
    }

    [GoldenFact]
    public void EmptyStrings_AreExportedAsRecorded()
    {
        var recorded = Facts("misc", "empty-strings-in-export").Single();
        using var machine = new MemoryMachine();
        Assert.Equal("Imported", machine.Import(new JsonObject
        {
            ["sessions"] = new JsonArray(Doc.Session()),
            ["observations"] = new JsonArray(JsonNode.Parse(recorded.GetProperty("observation").GetRawText())),
            ["prompts"] = new JsonArray(JsonNode.Parse(recorded.GetProperty("prompt").GetRawText())),
        }.ToJsonString()).Status);
        machine.Engine.ExportMemory(machine["out.json"], null, default);
        var exported = JsonNode.Parse(File.ReadAllBytes(machine["out.json"]))!;
        Assert.Equal(JsonNode.Parse(recorded.GetProperty("observation").GetRawText())!.ToJsonString(), exported["observations"]![0]!.ToJsonString());
        Assert.Equal(JsonNode.Parse(recorded.GetProperty("prompt").GetRawText())!.ToJsonString(), exported["prompts"]![0]!.ToJsonString());
    }

    /// <summary>Our archive opens no old database; an export of one is cleaned up alike when it is imported.</summary>
    [GoldenFact]
    public void OldRows_AreCleanedUpAsRecorded()
    {
        var result = Facts("misc2", "open-time-clean-up").Single(fact => fact.Text("program") == "pr267").GetProperty("result");
        using var machine = new MemoryMachine();
        string[] ids = ["", " ", "obs-0123456789abcdef0123456789abcdef"];
        Assert.Equal("Imported", machine.Import(new JsonObject
        {
            ["sessions"] = new JsonArray(Doc.Session()),
            ["observations"] = new JsonArray([.. result.GetProperty("observations").EnumerateArray().Select((row, i) => (JsonNode)new JsonObject
            {
                ["sync_id"] = ids[i], ["session_id"] = "s1", ["type"] = "t", ["title"] = $"t{i}", ["content"] = "c", ["scope"] = " ", ["topic_key"] = row.Text("topic_key") ?? " ",
                ["revision_count"] = 0, ["duplicate_count"] = -1, ["created_at"] = "2026-04-27 08:00:00", ["updated_at"] = "",
            })]),
            ["prompts"] = new JsonArray(new JsonObject { ["session_id"] = "s1", ["content"] = "p", ["created_at"] = "2026-04-27 08:00:00" }),
        }.ToJsonString()).Status);
        var rows = machine.Rows();
        Assert.Equal(
            result.GetProperty("observations").EnumerateArray().Select(row => JsonNode.Parse(row.GetRawText())!.ToJsonString()),
            rows["observations"]!.AsArray().Select(row => new JsonObject
            {
                ["sync_id"] = Form(row!), ["scope"] = (string?)row!["scope"], ["topic_key"] = (string?)row["topic_key"], ["revision_count"] = (long)row["revision_count"]!,
                ["duplicate_count"] = (long)row["duplicate_count"]!, ["updated_at_equals_created_at"] = (string?)row["updated_at"] == (string?)row["created_at"],
            }.ToJsonString()));
        Assert.Equal(
            result.GetProperty("prompts").EnumerateArray().Select(row => (row.Text("sync_id"), row.Text("project"))),
            rows["user_prompts"]!.AsArray().Select(row => ((string?)Form(row!), (string?)row!["project"])));

        static string Form(JsonNode row) => (string)row["sync_id"]! is var id ? $"{id[..(id.IndexOf('-', StringComparison.Ordinal) + 1)]}<{id.Length - id.IndexOf('-', StringComparison.Ordinal) - 1} hex>" : "";
    }

    private static List<JsonElement> Facts(string file, string id)
    {
        var facts = Golden.Load($"memory-live/results/{file}.json").EnumerateArray().Where(fact => fact.Text("id") == id).ToList();
        Assert.NotEmpty(facts);
        return facts;
    }
}
