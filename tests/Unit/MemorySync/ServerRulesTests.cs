using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Memory.Cloud;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>The recorded requests to the original server, in their order, sent to ours (memory-live wire/http-mutations.json; memory spec 6, cases 39-44, 91-93).</summary>
[Trait("Category", "Memory")]
public sealed class ServerRulesTests : IDisposable
{
    private const string Machine = "m";

    /// <summary>What [REQ] answers where the original takes (and loses) the entry, or fails for ever.</summary>
    private static readonly Dictionary<string, int> s_required = new(StringComparer.Ordinal)
    {
        ["push-unknown-entity"] = 400, ["push-blank-entity"] = 400, ["push-blank-key"] = 400, ["push-payload-null"] = 400,
        ["push-payload-missing"] = 400, ["push-payload-number"] = 400, ["push-payload-nul"] = 400, ["push-payload-lone-surrogate"] = 400,
        ["push-key-nul"] = 400, ["push-paused-case"] = 409, ["push-over-8MiB"] = 413,
    };

    private readonly LogServer _server = new();

    public ServerRulesTests() => _server.Allow(Machine, "alpha", "beta-x", "gamma");

    public void Dispose() => _server.Dispose();

    [GoldenFact]
    [Trait("Case", "39")]
    [Trait("Case", "40")]
    [Trait("Case", "41")]
    [Trait("Case", "44")]
    [Trait("Case", "91")]
    [Trait("Case", "92")]
    [Trait("Replays", "wire/http-mutations")]
    public void RecordedRequests_InOrder_AreAnsweredAsRecordedOrAsRequired()
    {
        var checkedCases = 0;
        foreach (var request in Golden.Load("memory-live/wire/http-mutations.json").EnumerateArray())
        {
            var name = request.Text("name")!;
            if (name == "push-paused")
            {
                _server.Pause("gamma", paused: true);
            }

            if (request.Text("token") == "valid" && name is not ("push-get" or "pull-post"))
            {
                Check(name, request, Send(request));
                checkedCases++;
            }
        }

        Assert.True(checkedCases > 50, $"only {checkedCases}");
        Assert.All(_server.Entries, entry => Assert.Contains(entry.Project, (string[])["alpha", "beta-x", "gamma"]));
    }

    [Fact]
    [Trait("Case", "40")]
    public void Push_OfAPausedProject_LeavesTheOthersAlone()
    {
        _server.Pause("gamma", paused: true);
        Assert.Equal(409, Push(Entry("gamma", "a"), Entry("alpha", "b")).Status);
        Assert.Empty(_server.Entries);
        Assert.Equal(200, Push(Entry("alpha", "b")).Status);
        _server.Pause("gamma", paused: false);
        Assert.Equal(200, Push(Entry("gamma", "a")).Status);
    }

    [Theory]
    [Trait("Case", "92")]
    [InlineData("entity", "\"gizmo\"", "entity")]
    [InlineData("entity", "\" \"", "entity")]
    [InlineData("op", "\"replace\"", "op")]
    [InlineData("entity_key", "\" \"", "entity_key")]
    [InlineData("entity_key", "\"a\\u0000\"", "entity_key")]
    [InlineData("payload", "null", "payload")]
    [InlineData("payload", "7", "payload")]
    [InlineData("payload", "[]", "payload")]
    [InlineData("payload", "\"text\"", "payload")]
    [InlineData("payload", "{\"sync_id\":\"k\",\"content\":\"a\\u0000b\"}", "payload")]
    [InlineData("payload", "{\"sync_id\":\"k\",\"content\":\"a(half of a pair)b\"}", "payload")]
    public void Case92_OneEntryThatIsNotValid_StoresNothing_AndIsNamed(string member, string json, string field)
    {
        var entry = Entry("alpha", "k");
        entry[member] = JsonNode.Parse(json);
        var answer = Push(Entry("alpha", "a"), entry);
        Assert.Equal(400, answer.Status);
        Assert.Equal((1, field), ServerAnswer.ReadInvalid(answer.Body)!.Invalid.Select(i => (i.Index, i.Field)).Single());
        Assert.Empty(_server.Entries);
        Assert.Equal(200, Push(Entry("alpha", "a")).Status);
    }

    [Fact]
    [Trait("Case", "39")]
    public void Case39_TooManyEntries_None_OrOneWithoutProject_StoreNothing()
    {
        Assert.Equal(400, Push([.. Enumerable.Range(0, 101).Select(i => Entry("alpha", $"o{i}"))]).Status);
        AssertRefused(400, "empty_batch", Push());
        AssertRefused(400, "empty_project", Push(Entry(" ", "a")));
        AssertRefused(400, "empty_project", Push(Entry("alpha", "a"), Entry("", "b"), Entry("alpha", "c")));
        Assert.Empty(_server.Entries);
        Assert.Equal(200, Push([.. Enumerable.Range(0, 100).Select(i => Entry("alpha", $"o{i}"))]).Status);
    }

    [Fact]
    [Trait("Case", "40")]
    public void Case40_OneProjectThatIsNotAllowed_RejectsTheBatch_OthersGoOn()
    {
        AssertRefused(403, "policy_forbidden", Push(Entry("alpha", "a"), Entry("delta", "b")));
        Assert.Empty(_server.Entries);
        Assert.Equal(200, Push(Entry("alpha", "a")).Status);
    }

    [Theory]
    [Trait("Case", "41")]
    [InlineData("sync_id")]
    [InlineData("source_id")]
    [InlineData("target_id")]
    [InlineData("judgment_status")]
    [InlineData("marked_by_actor")]
    [InlineData("marked_by_kind")]
    public void Case41_OneRelationWithoutAField_RejectsTheBatch(string field)
    {
        var relation = Entry("alpha", "rel-1");
        relation["entity"] = "relation";
        relation["payload"] = new JsonObject
        {
            ["sync_id"] = "rel-1", ["source_id"] = "a", ["target_id"] = "b", ["judgment_status"] = "judged", ["marked_by_actor"] = "ann", ["marked_by_kind"] = "human",
        };
        var valid = relation.DeepClone().AsObject();
        relation["payload"]![field] = " ";
        var answer = Push(Entry("alpha", "a"), relation);
        Assert.Equal(400, answer.Status);
        Assert.Equal((1, field), ServerAnswer.ReadInvalid(answer.Body)!.Invalid.Select(i => (i.Index, i.Field)).Single());
        Assert.Empty(_server.Entries);
        Assert.Equal(200, Push(valid).Status);
    }

    [Fact]
    [Trait("Case", "42")]
    public void Case42_AnInsertThatFails_StoresNoneOfTheBatch()
    {
        Sql("CREATE TRIGGER refuse BEFORE INSERT ON memory_log WHEN new.entity_key = 'c' BEGIN SELECT raise(ABORT, 'disk is full'); END");
        var batch = () => Push(Entry("alpha", "a"), Entry("alpha", "b"), Entry("alpha", "c"), Entry("alpha", "d"));
        Assert.Equal(500, batch().Status);
        Assert.Empty(_server.Entries);
        Sql("DROP TRIGGER refuse");
        Assert.Equal(200, batch().Status);
        Assert.Equal(["a", "b", "c", "d"], _server.Entries.Select(entry => entry.EntityKey));
    }

    [Fact]
    [Trait("Case", "43")]
    public void Case43_PullSince_GivesWhatIsAbove_AndNothingBeyondTheEnd()
    {
        for (var i = 1; i <= 10; i++)
        {
            _server.Append("alpha", "observation", $"o{i}", "upsert", "{}");
        }

        Assert.Equal(["o6", "o7", "o8", "o9", "o10"], Page("since_seq=5").Mutations.Select(mutation => mutation.EntityKey));
        using var beyond = JsonDocument.Parse(_server.Handle(Machine, "GET", "/sync/mutations/pull", "since_seq=10", []).Body);
        Assert.Equal(0, beyond.RootElement.GetProperty("mutations").GetArrayLength());
        Assert.Equal(0, beyond.RootElement.GetProperty("latest_seq").GetInt64());
        Assert.False(beyond.RootElement.GetProperty("has_more").GetBoolean());
    }

    [Fact]
    [Trait("Case", "91")]
    public void Push_NamesThatAreNotNormalised_AreStoredNormalised()
    {
        Assert.Equal(200, Push(Entry(" Alpha ", "a"), Entry("Beta--X", "b")).Status);
        Assert.Equal(["alpha", "beta-x"], _server.Entries.Select(entry => entry.Project));
        _server.Pause("gamma", paused: true);
        Assert.Equal(409, Push(Entry("Gamma", "c")).Status);
    }

    [Fact]
    [Trait("Case", "43")]
    public void Pull_Of150_ComesIn100AndARest()
    {
        for (var i = 0; i < 150; i++)
        {
            _server.Append("alpha", "observation", $"o{i}", "upsert", "{}");
        }

        var first = Page("since_seq=0&limit=100");
        Assert.Equal((100, true), (first.Mutations.Count, first.HasMore));
        var rest = Page("since_seq=100");
        Assert.Equal((50, false), (rest.Mutations.Count, rest.HasMore));
        Assert.Empty(Page("since_seq=150").Mutations);
    }

    [Fact]
    [Trait("Case", "44")]
    public void Pull_ShowsOnlyProjectsOfTheToken()
    {
        _server.Append("alpha", "observation", "a", "upsert", "{}");
        _server.Append("delta", "observation", "d", "upsert", "{}");
        Assert.Equal(["a"], Page("").Mutations.Select(mutation => mutation.EntityKey));
        _server.Allow(Machine);
        Assert.Empty(Page("").Mutations);
    }

    [Fact]
    [Trait("Case", "93")]
    public void Pull_OfLargeRows_EndsAPageBefore8MiB_AndALargeRowAloneArrives()
    {
        var large = $"{{\"content\":\"{new string('x', 3 << 20)}\"}}";
        for (var i = 0; i < 3; i++)
        {
            _server.Append("alpha", "observation", $"o{i}", "upsert", large);
        }

        _server.Append("alpha", "observation", "huge", "upsert", $"{{\"content\":\"{new string('x', 9 << 20)}\"}}");
        var first = Page("since_seq=0");
        Assert.Equal((2, true), (first.Mutations.Count, first.HasMore));
        Assert.True(first.Size < PushBatch.MaxBody);
        Assert.Equal(["o2"], Page("since_seq=2").Mutations.Select(m => m.EntityKey));
        Assert.Equal(["huge"], Page("since_seq=3").Mutations.Select(m => m.EntityKey));
    }

    [Fact]
    public async Task Numbers_OfConcurrentPushes_BecomeVisibleInTheirOrder()
    {
        using var stop = new CancellationTokenSource();
        var reader = Task.Run(() =>
        {
            long highest = 0;
            var seen = new HashSet<long>();
            while (!stop.IsCancellationRequested || seen.Count < 400)
            {
                foreach (var mutation in Page($"since_seq={highest}").Mutations)
                {
                    Assert.True(seen.Add(mutation.Seq));
                    Assert.True(mutation.Seq > highest);
                    highest = mutation.Seq;
                }
            }

            return seen.Count;
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(() =>
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(200, Push([.. Enumerable.Range(0, 5).Select(n => Entry("alpha", $"{writer}-{i}-{n}"))]).Status);
            }
        })));
        await stop.CancelAsync();
        Assert.Equal(400, await reader);
    }

    private ArtifactSync.Memory.Server.LogAnswer Push(params JsonObject[] entries) => _server.Handle(
        Machine, "POST", "/sync/mutations/push", "", Body(new JsonArray([.. entries])));

    // No text of .NET's writer can hold half of a surrogate pair.
    private static byte[] Body(JsonArray entries) =>
        Encoding.UTF8.GetBytes(new JsonObject { ["entries"] = entries }.ToJsonString().Replace("(half of a pair)", "\\ud800", StringComparison.Ordinal));

    private static void AssertRefused(int status, string code, ArtifactSync.Memory.Server.LogAnswer answer) =>
        Assert.Equal((status, code), (answer.Status, ServerAnswer.ErrorCodeOf(answer.Body)));

    private void Sql(string sql)
    {
        using var transaction = _server.Archive.BeginLedger();
        transaction.Db.Execute(sql);
        transaction.Commit();
    }

    private PullPage Page(string query)
    {
        var answer = _server.Handle(Machine, "GET", "/sync/mutations/pull", query, []);
        Assert.Equal(200, answer.Status);
        return ServerAnswer.ReadPage(answer.Body, "server");
    }

    private static JsonObject Entry(string project, string key) => new()
    {
        ["project"] = project, ["entity"] = "observation", ["entity_key"] = key, ["op"] = "upsert",
        ["payload"] = new JsonObject { ["sync_id"] = key, ["session_id"] = "s" },
    };

    private ArtifactSync.Memory.Server.LogAnswer Send(JsonElement request)
    {
        var path = request.Text("path")!.Split('?', 2);
        return _server.Handle(Machine, request.Text("method")!, path[0], path.Length > 1 ? path[1] : "", Body(request));
    }

    private static byte[] Body(JsonElement request)
    {
        if (request.Text("request_raw") is not { } raw)
        {
            return request.GetProperty("request").ValueKind == JsonValueKind.Null ? [] : Encoding.UTF8.GetBytes(request.GetProperty("request").GetRawText());
        }

        if (!raw.StartsWith('<'))
        {
            return Encoding.UTF8.GetBytes(raw);
        }

        // "<7340190 bytes>": one entry of that size.
        var size = int.Parse(raw[1..raw.IndexOf(' ', StringComparison.Ordinal)]);
        var frame = new JsonObject { ["entries"] = new JsonArray(Entry("alpha", "obs-00000000000000ff")) };
        frame["entries"]![0]!["payload"]!["content"] = new string('x', size - 200);
        return Encoding.UTF8.GetBytes(frame.ToJsonString());
    }

    private static void Check(string name, JsonElement request, ArtifactSync.Memory.Server.LogAnswer answer)
    {
        var expected = s_required.TryGetValue(name, out var required) ? required : request.GetProperty("status").GetInt32();
        Assert.True(expected == answer.Status, $"{name}: {answer.Status} instead of {expected}: {Encoding.UTF8.GetString(answer.Body.Span)}");
        if (required == 400)
        {
            Assert.NotNull(ServerAnswer.ReadInvalid(answer.Body));
        }

        if (required != 0 || request.GetProperty("response").ValueKind != JsonValueKind.Object)
        {
            return;
        }

        using var body = JsonDocument.Parse(answer.Body);
        var recorded = request.GetProperty("response");
        foreach (var member in (string[])["error_class", "error_code", "reason_code", "project_source", "project_path"])
        {
            Assert.Equal(recorded.Text(member), body.RootElement.Text(member));
        }

        if (recorded.TryGetProperty("invalid", out var invalid))
        {
            Assert.Equal(
                invalid.EnumerateArray().Select(i => (i.GetProperty("index").GetInt32(), i.Text("field"), i.Text("entity"))),
                body.RootElement.GetProperty("invalid").EnumerateArray().Select(i => (i.GetProperty("index").GetInt32(), i.Text("field"), i.Text("entity"))));
        }

        if (recorded.TryGetProperty("accepted_seqs", out var seqs))
        {
            Assert.Equal(seqs.GetArrayLength(), body.RootElement.GetProperty("accepted_seqs").GetArrayLength());
        }

        if (recorded.TryGetProperty("mutations", out var mutations) && mutations.ValueKind == JsonValueKind.Array && mutations.GetArrayLength() <= 2)
        {
            Assert.Equal(mutations.GetArrayLength(), body.RootElement.GetProperty("mutations").GetArrayLength());
            Assert.Equal(recorded.GetProperty("has_more").GetBoolean(), body.RootElement.GetProperty("has_more").GetBoolean());
        }
    }
}
