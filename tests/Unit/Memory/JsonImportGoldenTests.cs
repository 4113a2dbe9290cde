using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Memory;
using ArtifactSync.Model;

namespace ArtifactSync.Tests.Memory;

/// <summary>The vectors of golden/memory and the recorded imports of golden/memory-live.</summary>
[Trait("Category", "Memory")]
public sealed class JsonImportGoldenTests
{
    public static TheoryData<string> Recorded
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (var scenario in Golden.Folder is null ? [] : Golden.Load("memory-live/index.json").GetProperty("scenarios").EnumerateArray().ToArray())
            {
                if (scenario.Text("kind") == "json-import")
                {
                    data.Add(scenario.Text("id")!);
                }
            }

            return data;
        }
    }

    [GoldenFact]
    [Trait("Case", "1")]
    [Trait("Replays", "import/golden-sample")]
    public void Sample_OverTheBaseState_CountsAndRowsAreAsExpected_AndASecondTimeNothingChanges()
    {
        var expected = Golden.Load("memory/expected-import.json");
        using var machine = new MemoryMachine();
        AssertCounters(expected.GetProperty("base"), machine.ImportFile(Golden.PathOf("memory/base-state.json")));
        foreach (var tombstone in expected.GetProperty("prompt_tombstones").EnumerateArray())
        {
            machine.Change(change => PromptTable.PutTombstone(change.Db, new Tombstone(
                tombstone.Text("sync_id")!, tombstone.Text("session_id"), tombstone.Text("project")!, tombstone.Text("deleted_at")!)));
        }

        var sample = Golden.PathOf("memory/export-sample.json");
        AssertCounters(expected.GetProperty("first"), machine.ImportFile(sample, whatIf: true));
        var first = machine.ImportFile(sample);
        Assert.Equal("Imported", first.Status);
        AssertCounters(expected.GetProperty("first"), first);
        AssertFinal(expected, machine);
        var second = machine.ImportFile(sample);
        Assert.Equal("Unchanged", second.Status);
        AssertCounters(expected.GetProperty("second"), second);
        AssertFinal(expected, machine);
    }

    [GoldenFact]
    public void Sample_IntoAnEmptyStore_CountsAsExpected()
    {
        using var machine = new MemoryMachine();
        var sample = Golden.PathOf("memory/export-sample.json");
        AssertCounters(Golden.Load("memory/expected-import.json").GetProperty("empty_store"), machine.ImportFile(sample, whatIf: true));
        AssertCounters(Golden.Load("memory/expected-import.json").GetProperty("empty_store"), machine.ImportFile(sample));
    }

    [GoldenTheory]
    [Trait("Case", "1")]
    [Trait("Replays", "json-import")]
    [MemberData(nameof(Recorded))]
    public void RecordedImport_TwiceIntoAnEmptyStore_EndsAsRecorded(string id)
    {
        var scenario = Golden.Load("memory-live/index.json").GetProperty("scenarios").EnumerateArray().Single(s => s.Text("id") == id);
        var results = Golden.Load("memory-live/" + scenario.Text("result"));
        var recorded = (scenario.Text("key") is { } key ? results.GetProperty(key) : results).GetProperty("pr267");
        var req = scenario.TryGetProperty("req", out var r) ? r : default;
        var file = Golden.PathOf("memory-live/" + scenario.GetProperty("files")[0].GetString());
        using var machine = new MemoryMachine();
        var first = machine.ImportFile(file);
        if ((recorded.TryGetProperty("accepted", out var accepted) && !accepted.GetBoolean()) || (req.ValueKind == JsonValueKind.Object && req.Has("refused")))
        {
            Assert.Equal("Failed", first.Status);
            Assert.NotEmpty(first.ErrorMessage!);
            Assert.Equal("Failed", machine.ImportFile(file, whatIf: true).Status);
            Assert.All(machine.Rows(), table => Assert.Empty((JsonArray)table.Value!));
            return;
        }

        AssertCounters(recorded.GetProperty(recorded.Has("counters") ? "counters" : "response"), first);
        AssertRows(recorded.GetProperty("rows"), req, machine, id);
        var second = machine.ImportFile(file);
        Assert.Equal((0, 0, 0, 0), (second.SessionsImported, second.ObservationsInserted, second.ObservationsUpdated, second.PromptsInserted));
        AssertRows(recorded.GetProperty("rows"), req, machine, id);
    }

    /// <summary>Two exports of one machine in every order: the observations are the same, and no end or summary is lost (case 73).</summary>
    [GoldenFact]
    [Trait("Case", "73")]
    [Trait("Replays", "import/orders")]
    public void RecordedOrders_AllOrdersEndTheSame()
    {
        var results = Golden.Load("memory-live/results/import-orders.json");
        string? observations = null;
        foreach (var order in results.EnumerateObject().Where(o => o.Name.StartsWith("pr267-", StringComparison.Ordinal)))
        {
            using var machine = new MemoryMachine();
            foreach (var letter in order.Name["pr267-".Length..])
            {
                machine.ImportFile(Golden.PathOf($"memory-live/import/order-{(letter == 'X' ? "earlier" : "later")}.json"));
            }

            var rows = machine.Rows();
            var content = string.Join('\n', rows["observations"]!.AsArray()
                .Select(o => $"{o!["sync_id"]} {o["title"]} {o["content"]} {o["updated_at"]} {o["deleted_at"]}").Order(StringComparer.Ordinal));
            Assert.Equal(observations ??= content, content);
            if (order.Name.Contains('Y', StringComparison.Ordinal))
            {
                Assert.All(rows["sessions"]!.AsArray(), s => Assert.NotNull(s!["ended_at"]));
            }
        }

        Assert.NotNull(observations);
    }

    internal static void AssertCounters(JsonElement expected, MemoryImportResult actual)
    {
        Assert.True(actual.ErrorMessage is null, actual.ErrorMessage);
        foreach (var counter in expected.EnumerateObject())
        {
            var value = counter.Name switch
            {
                "sessions_imported" => actual.SessionsImported,
                "observations_inserted" => actual.ObservationsInserted,
                "observations_updated" => actual.ObservationsUpdated,
                "observations_skipped" => actual.ObservationsSkipped,
                "prompts_inserted" => actual.PromptsInserted,
                "prompts_skipped" => actual.PromptsSkipped,
                _ => throw new InvalidOperationException(counter.Name),
            };
            Assert.True(counter.Value.GetInt64() == value, $"{counter.Name}: {counter.Value} expected, {value}");
        }
    }

    private static void AssertFinal(JsonElement expected, MemoryMachine machine)
    {
        var final = expected.GetProperty("final_state");
        var rows = machine.Rows();
        foreach (var table in final.EnumerateObject())
        {
            var actual = (JsonArray)rows[table.Name == "prompts" ? "user_prompts" : table.Name]!;
            Assert.Equal(table.Value.GetArrayLength(), actual.Count);
            foreach (var row in table.Value.EnumerateArray())
            {
                var key = row.Text("sync_id") ?? row.Text("id");
                var found = actual.Single(a => (string?)(a!["sync_id"] ?? a["id"]) == key);
                RecordedRows.AssertEqual(Filled(row, found!), found, machine.Now, $"{table.Name} {key}");
            }
        }
    }

    private static void AssertRows(JsonElement recorded, JsonElement req, MemoryMachine machine, string id)
    {
        var expected = (JsonObject)JsonNode.Parse(recorded.GetRawText())!;
        foreach (var row in expected["observations"]!.AsArray())
        {
            Require(row!, req);
        }

        foreach (var row in expected.SelectMany(t => t.Value!.AsArray()))
        {
            foreach (var name in new[] { "project", "started_at" })
            {
                // Decided as proposed: names are normalised, a blank start becomes now.
                if (row!.AsObject().TryGetPropertyValue(name, out var value) && value is not null)
                {
                    row[name] = name == "project" ? MemoryText.Project((string?)value) : (string?)value is "" ? "$now" : (string?)value;
                }
            }
        }

        var actual = machine.Rows();
        foreach (var rows in (JsonObject[])[expected, actual])
        {
            // Recordings have sessions by id.
            rows["sessions"] = new JsonArray([.. rows["sessions"]!.AsArray().Select(static s => s!.DeepClone()).OrderBy(static s => (string?)s["id"], StringComparer.Ordinal)]);
        }

        foreach (var (session, i) in expected["sessions"]!.AsArray().Select(static (s, i) => (s, i)).ToArray())
        {
            expected["sessions"]!.AsArray()[i] = JsonNode.Parse(
                Filled(JsonDocument.Parse(session!.ToJsonString()).RootElement, actual["sessions"]![i]!).GetRawText());
        }

        RecordedRows.AssertEqual(JsonDocument.Parse(expected.ToJsonString()).RootElement, actual, machine.Now, id);
    }

    /// <summary>
    /// [REQ] of 3.1 fills the end and summary of a session that the programs recorded here leave blank; everything else is as recorded.
    /// </summary>
    private static JsonElement Filled(JsonElement expected, JsonNode actual)
    {
        var row = JsonNode.Parse(expected.GetRawText())!;
        foreach (var name in new[] { "ended_at", "summary" })
        {
            if (row.AsObject().TryGetPropertyValue(name, out var value) && value is null)
            {
                row[name] = (string?)actual[name];
            }
        }

        return JsonDocument.Parse(row.ToJsonString()).RootElement;
    }

    private static void Require(JsonNode row, JsonElement req)
    {
        if (req.ValueKind != JsonValueKind.Object || !req.TryGetProperty("fields", out var fields))
        {
            return;
        }

        foreach (var entry in fields.EnumerateObject().Where(f => f.Name == "*" || f.Name == (string?)row["sync_id"]))
        {
            foreach (var field in entry.Value.EnumerateObject())
            {
                row[field.Name] = field.Value.GetString();
            }
        }
    }
}
