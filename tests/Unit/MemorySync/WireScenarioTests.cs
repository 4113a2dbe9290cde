using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Memory.Server;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>golden/memory/wire: cursor scenarios as data, request and response bodies (memory spec 9.7; re-read and cursor check off).</summary>
[Trait("Category", "Memory")]
public sealed class WireScenarioTests : IDisposable
{
    private readonly LogServer _server = new();
    private readonly MemoryMachine _machine;

    public WireScenarioTests()
    {
        _machine = new MemoryMachine("A", _server, new DateTimeOffset(2026, 4, 27, 10, 0, 0, TimeSpan.Zero))
        {
            Settings = new MemorySyncSettings { ChecksCursor = false, ReReadWindow = 0 },
        };
        _machine.Enroll("demo");
        _machine.Write(change => Backfill.Run(change, "demo"));
    }

    public static TheoryData<string> Scenarios()
    {
        var data = new TheoryData<string>();
        foreach (var scenario in Golden.Folder is null ? [] : Golden.Load("memory/wire/cursor-scenarios.json").EnumerateArray().ToList())
        {
            data.Add(scenario.Text("id")!);
        }

        return data;
    }

    public void Dispose()
    {
        _machine.Dispose();
        _server.Dispose();
    }

    [GoldenTheory]
    [Trait("Case", "36")]
    [Trait("Case", "48")]
    [Trait("Case", "49")]
    [Trait("Case", "50")]
    [Trait("Case", "51")]
    [Trait("Case", "52")]
    [Trait("Case", "53")]
    [Trait("Case", "54")]
    [Trait("Case", "55")]
    [MemberData(nameof(Scenarios))]
    public void Scenario_AsData_EndsAsExpected(string id)
    {
        var scenario = Golden.Load("memory/wire/cursor-scenarios.json").EnumerateArray().Single(s => s.Text("id") == id);
        var expect = scenario.GetProperty("expect");
        if (scenario.TryGetProperty("keys", out var keys))
        {
            CheckKeys(keys, expect);
            return;
        }

        if (scenario.GetProperty("cursor").ValueKind == JsonValueKind.Null)
        {
            CheckMissingRow(expect);
            return;
        }

        Seed(scenario);
        CycleReport report = null!;
        if (id == "lost-response-then-retry")
        {
            _server.LosesAnswerOf.Add("A");
            _machine.Cycle();
        }

        report = _machine.Cycle();
        Check(scenario, expect, report);
    }

    [GoldenFact]
    [Trait("Replays", "wire/golden-wire")]
    public void PushRequest_OfTheFixture_IsTakenByTheServer()
    {
        var body = File.ReadAllBytes(Golden.PathOf("memory/wire/push-request.json"));
        var answer = _server.Handle("A", "POST", "/sync/mutations/push", "", body);
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Golden.PathOf("memory/wire/push-response-200.json")));
        using var actual = JsonDocument.Parse(answer.Body);
        Assert.Equal(expected.RootElement.EnumerateObject().Select(m => m.Name).Order(StringComparer.Ordinal), actual.RootElement.EnumerateObject().Select(m => m.Name).Order(StringComparer.Ordinal));
        Assert.Equal(expected.RootElement.GetProperty("accepted_seqs").GetArrayLength(), ServerAnswer.ReadPush(answer.Body).Seqs!.Count);
        Assert.Equal(
            Recorded("push-request.json").GetProperty("response").GetProperty("accepted_seqs").EnumerateArray().Select(seq => seq.GetInt64()),
            ServerAnswer.ReadPush(answer.Body).Seqs!);
    }

    /// <summary>The refusals of the fixtures, provoked on our server: the same but for the free text.</summary>
    [GoldenFact]
    public void PushRefusals_OfTheFixtures_AreThoseOfTheServer()
    {
        var request = JsonNode.Parse(File.ReadAllBytes(Golden.PathOf("memory/wire/push-request.json")))!;
        var files = Directory.GetFiles(Golden.PathOf("memory/wire"), "push-response-4*.json");
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var (body, name) = (request.DeepClone(), Path.GetFileNameWithoutExtension(file)["push-response-".Length..]);
            switch (name)
            {
                case "400-empty-batch": body["entries"] = new JsonArray(); break;
                case "400-empty-project": body["entries"]![1]!["project"] = " "; break;
                case "400-validation": body["entries"]![6]!["payload"]!.AsObject().Remove("marked_by_actor"); break;
                case "403": _server.Allow("A", "other"); break;
                case "409-paused": _server.Pause("demo", paused: true); break;
                default: Assert.Fail($"nothing provokes '{name}'"); break;
            }

            var answer = _server.Handle("A", "POST", "/sync/mutations/push", "", Encoding.UTF8.GetBytes(body.ToJsonString()));
            Assert.Equal(int.Parse(name[..3], System.Globalization.CultureInfo.InvariantCulture), answer.Status);
            var (expected, actual) = (JsonNode.Parse(File.ReadAllBytes(file))!.AsObject(), JsonNode.Parse(answer.Body.Span)!.AsObject());
            Assert.True(expected.Remove("error") & actual.Remove("error"));
            Assert.True(JsonNode.DeepEquals(expected, actual), $"{name}: {actual.ToJsonString()}");
            Assert.Empty(_server.Entries);
            _server.Allow("A", "demo");
            _server.Pause("demo", paused: false);
        }
    }

    [GoldenFact]
    [Trait("Case", "64")]
    [Trait("Replays", "wire/golden-wire")]
    public void PullPage_OfTheFixture_IsApplied_AlsoAPayloadThatIsAString()
    {
        _server.Alter = (_, route, answer) => route.EndsWith("/pull", StringComparison.Ordinal) && _server.Requests.Count == 0
            ? answer with { Body = File.ReadAllBytes(Golden.PathOf("memory/wire/pull-response-page1.json")) }
            : answer with { Body = File.ReadAllBytes(Golden.PathOf("memory/wire/pull-response-empty.json")) };
        Assert.Null(_machine.Cycle().Failure);
        Assert.Equal("payload sent as a JSON string", ObservationTable.Find(_machine.Db, "obs-00000000000000a1")!.Content);
        Assert.Equal(104, _machine.State.Cursor);

        var recorded = Recorded("pull-response-page1.json");
        Assert.Equal(recorded.GetProperty("requests").EnumerateArray().Select(request => request.GetString()), _server.Requests.Select(request => request.Route + request.Query));
        Assert.Equal(
            recorded.GetProperty("rows").GetProperty("sessions").EnumerateArray().Select(row => (row.Text("id"), row.Text("project"), row.Text("directory"), row.Text("ended_at"))),
            MemorySessionTable.All(_machine.Db).Select(row => ((string?)row.Id, (string?)row.Project, (string?)row.Directory, row.EndedAt)));
        Assert.Equal(
            recorded.GetProperty("rows").GetProperty("observations").EnumerateArray()
                .Select(row => (row.Text("sync_id"), row.Text("title"), row.Text("content"), row.GetProperty("revision_count").GetInt64(), row.Text("updated_at"), row.Text("deleted_at"))),
            ObservationTable.All(_machine.Db).Select(row => ((string?)row.SyncId, (string?)row.Title, (string?)row.Content, row.RevisionCount, (string?)row.UpdatedAt, row.DeletedAt)));
        Assert.Empty(PromptTable.All(_machine.Db));
    }

    private static JsonElement Recorded(string name) => Golden.Load("memory-live/results/golden-wire.json").GetProperty("result").GetProperty(name);

    private void CheckKeys(JsonElement keys, JsonElement expect)
    {
        foreach (var key in keys.EnumerateArray())
        {
            _machine.Write(change => MemoryTargetTable.SetHealthy(change.Db, key.GetString()!, change.NowMs));
            Assert.Equal("healthy", MemoryTargetTable.Read(_machine.Db, expect.Text("single_row")!).Lifecycle);
            _machine.Write(change => MemoryTargetTable.SetFailure(change.Db, expect.Text("single_row")!, "transport_failed", "m", null, change.NowMs));
            Assert.Equal("degraded", MemoryTargetTable.Read(_machine.Db, key.GetString()!).Lifecycle);
        }

        Assert.Equal(1, _machine.Db.Scalar<long>("SELECT count(*) FROM memory_targets"));
    }

    private void CheckMissingRow(JsonElement expect)
    {
        _machine.Write(change =>
        {
            change.Db.Execute("DELETE FROM memory_targets");
            Assert.Equal(expect.GetProperty("read_cursor").GetInt64(), MemoryTargetTable.Read(change.Db).Cursor);
            MemoryTargetTable.Advance(change.Db, 7, new CursorMark("session", "s", "upsert", ""), change.NowMs);
        });
        Assert.Equal(expect.GetProperty("advance_after_delete_persists").GetBoolean(), _machine.State.Cursor == 7);
        Assert.Equal(expect.GetProperty("row_created").GetBoolean(), _machine.Db.Scalar<long>("SELECT count(*) FROM memory_targets") == 1);
    }

    /// <summary>Own rows wait, the log has what others stored, the cursor stands where the scenario says.</summary>
    private void Seed(JsonElement scenario)
    {
        var cursor = scenario.GetProperty("cursor").GetInt64();
        _machine.Write(change =>
        {
            MemoryTargetTable.SetServer(change.Db, LogServer.Url, MemoryOrder.LogOrder, change.NowMs);
            MemoryTargetTable.Advance(change.Db, cursor, new CursorMark("session", "before", "upsert", ""), change.NowMs);
            change.Db.Execute("INSERT INTO memory_versions(entity, entity_key, cloud_seq, state, project) VALUES ('session', 'before', 1, 'live', 'demo')");
        });
        _server.Burn((int)cursor);
        foreach (var foreign in Numbers(scenario, "server_before"))
        {
            Assert.Equal(foreign, Append($"foreign{foreign}"));
        }

        var own = scenario.TryGetProperty("push", out var push) ? push.GetProperty("local_seqs").GetArrayLength() : scenario.Has("pull_pages") ? 0 : 1;
        for (var i = 0; i < own; i++)
        {
            _machine.CreateSession($"own{i}", "demo", "/d");
        }

        if (scenario.Text("id") == "own-after-burned-gap")
        {
            _server.Burn(1);
        }

        if (scenario.TryGetProperty("state", out _))
        {
            _machine.Write(change => MappingTable.Put(change.Db, 1, Append("own0"), change.NowMs));
        }

        Pages(scenario, cursor);
        if (scenario.TryGetProperty("push", out push) && scenario.GetProperty("expect").Has("outcome"))
        {
            var seqs = push.GetProperty("accepted_seqs").GetRawText();
            _server.Alter = (_, route, answer) => route.EndsWith("push", StringComparison.Ordinal)
                ? answer with { Body = Encoding.UTF8.GetBytes($"{{\"accepted_seqs\":{seqs}}}") } : answer;
        }
    }

    private void Pages(JsonElement scenario, long cursor)
    {
        if (!scenario.TryGetProperty("pull_pages", out var pages))
        {
            return;
        }

        var served = 0;
        _server.Alter = (_, route, answer) => served < pages.GetArrayLength() ? Page(answer, pages[served++]) : answer;
        if (scenario.TryGetProperty("fail_at", out var failAt))
        {
            var applied = 0;
            _machine.Step = step =>
            {
                // The page at once, then one by one up to the bad one.
                if (step == "memory:applied" && ++applied is var n && (n == failAt.GetInt32() || n == failAt.GetInt32() + 2))
                {
                    throw new InvalidOperationException("injected");
                }
            };
        }
    }

    private static LogAnswer Page(LogAnswer answer, JsonElement page)
    {
        var body = new JsonObject
        {
            ["mutations"] = new JsonArray([.. page.GetProperty("mutations").EnumerateArray().Select(seq => (JsonNode)new JsonObject
            {
                ["seq"] = seq.GetInt64(), ["project"] = "demo", ["entity"] = "session", ["entity_key"] = $"s{seq}", ["op"] = "upsert",
                ["payload"] = new JsonObject { ["id"] = $"s{seq}", ["project"] = "demo", ["directory"] = "/d" }, ["occurred_at"] = "2026-04-27T10:00:00Z",
            })]),
            ["has_more"] = page.GetProperty("has_more").GetBoolean(), ["latest_seq"] = page.GetProperty("latest_seq").GetInt64(),
        };
        return answer with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) };
    }

    private void Check(JsonElement scenario, JsonElement expect, CycleReport report)
    {
        var acked = _machine.Db.Scalar<long>("SELECT count(*) FROM memory_mutations WHERE acked_at IS NOT NULL");
        foreach (var wanted in expect.EnumerateObject())
        {
            var value = wanted.Value;
            switch (wanted.Name)
            {
                case "final_cursor": Assert.Equal(value.GetInt64(), _machine.State.Cursor); break;
                case "acked_local": Assert.Equal(value.GetArrayLength(), acked); break;
                case "mapping" when value.GetArrayLength() == 0: Assert.False(MappingTable.Any(_machine.Db)); break;
                case "mapping": Assert.Equal(value[0][1].GetInt64(), VersionTable.Find(_machine.Db, Entity.Session, "own0")!.Value.Seq); break;
                case "outcome": Assert.NotNull(report.Failure); break;
                case "first_pull_since_max": Assert.True(FirstSince() <= value.GetInt64()); break;
                case "first_pull_since_any_of": Assert.Contains(FirstSince(), value.EnumerateArray().Select(v => v.GetInt64())); break;
                case "must_apply_foreign":
                    Assert.All(value.EnumerateArray(), seq => Assert.True(MemorySessionTable.Exists(_machine.Db, $"foreign{seq}")));
                    break;
                case "push_calls_for_local_7": Assert.DoesNotContain(_server.Requests, r => r.Route.EndsWith("push", StringComparison.Ordinal)); break;
                case "rows_changed_by_echo": Assert.Equal("/d", MemorySessionTable.Find(_machine.Db, "own0")!.Directory); break;
                case "max_pull_calls": Assert.True(_server.Requests.Count <= value.GetInt32()); break;
                case "applied": Assert.Equal(value.GetArrayLength(), MemorySessionTable.All(_machine.Db).Count()); break;
                case "no_exception_escape": break; // it would have escaped
                default: Assert.Fail($"{scenario.Text("id")}: nothing checks '{wanted.Name}'"); break;
            }
        }
    }

    private long FirstSince() => long.Parse(
        _server.Requests.First(r => r.Route.EndsWith("/pull", StringComparison.Ordinal)).Query.Split('=', '&')[1], System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<long> Numbers(JsonElement scenario, string list) =>
        scenario.TryGetProperty(list, out var rows) ? rows.EnumerateArray().Select(row => row.GetProperty("seq").GetInt64()) : [];

    private long Append(string id) => _server.Append("demo", "session", id, "upsert", $$"""{"id":"{{id}}","project":"demo","directory":"/d"}""");
}
