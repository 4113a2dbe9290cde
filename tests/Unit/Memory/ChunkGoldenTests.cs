using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Memory;
using ArtifactSync.Model;

namespace ArtifactSync.Tests.Memory;

/// <summary>The sample chunk directory of golden/memory and the recorded directories of golden/memory-live.</summary>
[Trait("Category", "Memory")]
public sealed class ChunkGoldenTests
{
    public static TheoryData<string> Recorded
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (var scenario in Golden.Folder is null ? [] : Scenarios().ToArray())
            {
                data.Add(scenario.Text("id")!);
            }

            return data;
        }
    }

    [GoldenFact]
    [Trait("Case", "24")]
    public void SyncDir_IntoAnEmptyStore_EndsAsExpected_AndASecondTimeNothingChanges()
    {
        var expected = Golden.Load("memory/expected-sync-import.json");
        var directory = Golden.PathOf("memory/sync-dir");
        using var machine = new MemoryMachine();
        var planned = machine.ImportChunks(directory, whatIf: true);
        var first = machine.ImportChunks(directory);
        Assert.Equal(first with { Status = "Planned", RunId = null }, planned);
        Assert.Equal(expected.GetProperty("first").GetProperty("chunks_imported").GetInt64(), first.ChunksImported);
        Assert.Equal(expected.GetProperty("first").GetProperty("sessions_imported").GetInt64(), first.SessionsImported);
        Assert.Equal(Texts(expected, "sessions"), Keys(machine, "sessions", "id", static _ => true));
        Assert.Equal(Texts(expected, "live_observations"), Keys(machine, "observations", "sync_id", static o => o["deleted_at"] is null));
        Assert.All(Texts(expected, "must_exist_as_deleted"), key => Assert.NotNull(machine.Observation(key)?.DeletedAt));
        Assert.All(Texts(expected, "not_live_observations"), key => Assert.True(machine.Observation(key) is null or { DeletedAt: not null }));
        Assert.Equal(Texts(expected, "prompts"), Keys(machine, "user_prompts", "sync_id", static _ => true));
        Assert.Equal(Texts(expected, "prompt_tombstones"), Keys(machine, "prompt_tombstones", "sync_id", static _ => true));
        var second = machine.ImportChunks(directory);
        Assert.Equal(("Unchanged", 0L, 3L), (second.Status, second.ChunksImported, second.ChunksSkipped));
    }

    [GoldenTheory]
    [Trait("Case", "19")]
    [Trait("Case", "83")]
    [Trait("Replays", "chunk-import")]
    [MemberData(nameof(Recorded))]
    public void RecordedDirectory_ImportedAgainAndAgain_EndsAsRecorded(string id)
    {
        var scenario = Scenarios().Single(s => s.Text("id") == id);
        var recorded = Golden.Load("memory-live/" + scenario.Text("result")).GetProperty(scenario.Text("key")!);
        var req = scenario.TryGetProperty("req", out var r) ? r : default;
        var directory = Golden.PathOf("memory-live/" + scenario.GetProperty("files")[0].GetString());
        using var machine = new MemoryMachine();
        foreach (var (run, i) in recorded.GetProperty("runs").EnumerateArray().TakeWhile(static x => x.Text("command") == "sync --import").Take(2).Select(static (run, i) => (run, i)))
        {
            var planned = machine.ImportChunks(directory, whatIf: true);
            var actual = machine.ImportChunks(directory);
            Assert.Equal(actual with { Status = planned.Status, RunId = null }, planned);
            if (req.ValueKind == JsonValueKind.Object && !req.Has("optional") && req.EnumerateObject().Any(static p => p.Name != "why"))
            {
                AssertRequired(req, actual, machine, isFirst: i == 0);
            }
            else
            {
                AssertAsProgram(run, actual, machine, id);
            }
        }
    }

    /// <summary>An export into a directory with unknown members in its manifest keeps them, and what was listed (4.1).</summary>
    [GoldenFact]
    [Trait("Case", "83")]
    public void ManifestRewrite_UnknownMembersSurvive()
    {
        using var machine = new MemoryMachine();
        var directory = machine["rewrite"];
        Copy(Golden.PathOf("memory-live/chunks/manifest-rewrite"), directory);
        machine.ImportChunks(directory);
        machine.Import("""
            {"sessions":[{"id":"n1","project":"px"}],
             "observations":[{"sync_id":"obs-00000000000000ff","session_id":"n1","type":"t","title":"new","content":"row","updated_at":"2026-05-02 00:00:00"}]}
            """);
        var before = JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "manifest.json")))!.AsObject();
        Assert.Equal("Exported", machine.ExportChunk(directory).Status);
        var after = JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "manifest.json")))!.AsObject();
        Assert.All(before.Where(static m => m.Key != "chunks"), m => Assert.Equal(m.Value?.ToJsonString(), after[m.Key]?.ToJsonString()));
        Assert.All(before["chunks"]!.AsArray().Select(static (c, i) => (c, i)), e => Assert.Equal(e.c!.ToJsonString(), after["chunks"]![e.i]!.ToJsonString()));
        Assert.Equal(before["chunks"]!.AsArray().Count + 1, after["chunks"]!.AsArray().Count);
    }

    /// <summary>A manifest of a later version is read, and never written (4.1).</summary>
    [GoldenFact]
    public void ManifestOfALaterVersion_IsReadButNotWritten()
    {
        using var machine = new MemoryMachine();
        var directory = machine["later"];
        Copy(Golden.PathOf("memory-live/chunks/manifest-version-2"), directory);
        Assert.NotEqual("Failed", machine.ImportChunks(directory).Status);
        var before = File.ReadAllBytes(Path.Combine(directory, "manifest.json"));
        machine.Import(Doc.Of(Doc.Observation()));
        Assert.Equal("Failed", machine.ExportChunk(directory).Status);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(directory, "manifest.json")));
    }

    /// <summary>The recorded directory of the program at every step of its flow: a fresh machine reads it, and each step after the one before.</summary>
    [GoldenFact]
    [Trait("Replays", "chunk-flow")]
    public void Flow_EachStateOfTheDirectory_ImportsTheRowsOfTheProgram()
    {
        var steps = Golden.Load("memory-live/results/chunk-flow.json")[0].GetProperty("steps").EnumerateArray().ToArray();
        var last = steps.Single(static s => s.Text("machine") == "C");
        using var follower = new MemoryMachine();
        foreach (var step in steps.Where(static s => s.Text("dir_after") is not null))
        {
            Assert.NotEqual("Failed", follower.ImportChunks(Golden.PathOf("memory-live/" + step.Text("dir_after"))).Status);
        }

        using var fresh = new MemoryMachine();
        var result = fresh.ImportChunks(Golden.PathOf("memory-live/" + last.Text("dir_after")));
        Assert.Equal(last.GetProperty("result").GetProperty("output").GetProperty("chunks_imported").GetInt64(), result.ChunksImported);
        foreach (var machine in (MemoryMachine[])[follower, fresh])
        {
            foreach (var row in last.GetProperty("rows").GetProperty("observations").EnumerateArray().Where(static o => o.GetProperty("deleted_at").ValueKind == JsonValueKind.Null))
            {
                Assert.Equal(row.Text("content"), machine.Observation(row.Text("sync_id")!)?.Content);
            }
        }
    }

    private static readonly string[] s_required = ["error", "live", "deleted", "not_live", "absent", "prompts_absent", "count", "chunks_imported", "why"];

    private static void AssertRequired(JsonElement req, MemoryImportResult actual, MemoryMachine machine, bool isFirst)
    {
        Assert.All(req.EnumerateObject(), static member => Assert.Contains(member.Name, s_required));
        if (isFirst && req.TryGetProperty("chunks_imported", out var imported))
        {
            Assert.Equal(imported.GetInt64(), actual.ChunksImported);
        }

        var fails = req.TryGetProperty("error", out var error) && error.GetBoolean();
        Assert.True(fails == (actual.Status == "Failed"), $"{actual.Status}: {actual.ErrorMessage}");
        foreach (var (name, isDeleted) in new[] { ("live", false), ("deleted", true) })
        {
            foreach (var entry in req.TryGetProperty(name, out var rows) ? rows.EnumerateObject().ToArray() : [])
            {
                var row = machine.Rows()["observations"]!.AsArray().Single(o => (string?)o!["sync_id"] == entry.Name);
                Assert.Equal(isDeleted, row!["deleted_at"] is not null);
                RecordedRows.AssertEqual(entry.Value, row, machine.Now, entry.Name);
            }
        }

        foreach (var key in Names(req, "not_live").Concat(Names(req, "absent")))
        {
            Assert.True(machine.Observation(key) is null or { DeletedAt: not null });
        }

        Assert.All(Names(req, "prompts_absent"), key => Assert.Null(machine.Read(db => PromptTable.Find(db, key))));
        foreach (var count in req.TryGetProperty("count", out var counts) ? counts.EnumerateObject().ToArray() : [])
        {
            Assert.Equal(count.Value.GetInt32(), machine.Rows()[count.Name == "prompts" ? "user_prompts" : count.Name]!.AsArray().Count);
        }
    }

    private static void AssertAsProgram(JsonElement run, MemoryImportResult actual, MemoryMachine machine, string id)
    {
        var result = run.GetProperty("result");
        if (result.GetProperty("error") is { ValueKind: JsonValueKind.Object } error)
        {
            Assert.Equal("Failed", actual.Status);
            Assert.Equal(error.Text("kind") == "stalled" ? "MemoryChunkStalled" : "MemoryChunkInvalid", actual.ErrorCode);
            Assert.Contains(error.Text("chunk") ?? "manifest", actual.ErrorMessage, StringComparison.Ordinal);
            foreach (var session in error.TryGetProperty("sessions", out var sessions) ? sessions.EnumerateArray().ToArray() : [])
            {
                Assert.Contains("stalled", actual.ErrorMessage, StringComparison.Ordinal);
                Assert.Contains(session.GetString()!, actual.ErrorMessage, StringComparison.Ordinal);
            }
        }
        else
        {
            Assert.True(actual.ErrorMessage is null, actual.ErrorMessage);
            var imported = result.GetProperty("output").TryGetProperty("chunks_imported", out var count) ? count.GetInt64() : 0;
            Assert.Equal(imported, actual.ChunksImported);
        }

        var rows = (JsonObject)JsonNode.Parse(run.GetProperty("rows").GetRawText())!;
        foreach (var other in (string[])["sync_chunks", "sync_mutations", "sync_state"])
        {
            rows.Remove(other);
        }

        RecordedRows.AssertEqual(JsonDocument.Parse(rows.ToJsonString()).RootElement, machine.Rows(), machine.Now, id);
    }

    private static IEnumerable<JsonElement> Scenarios() =>
        Golden.Load("memory-live/index.json").GetProperty("scenarios").EnumerateArray().Where(static s => s.Text("kind") == "chunk-import");

    private static string[] Keys(MemoryMachine machine, string table, string key, Func<JsonNode, bool> where) =>
        [.. machine.Rows()[table]!.AsArray().Where(r => where(r!)).Select(r => (string)r![key]!).Order(StringComparer.Ordinal)];

    private static string[] Texts(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(static e => e.GetString()!).Order(StringComparer.Ordinal)];

    private static string[] Names(JsonElement element, string name) => element.Has(name) ? Texts(element, name) : [];

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, File.ReadAllBytes(file));
        }
    }
}
