using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Memory.Server;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>The chunk routes of our server (memory spec 6.5, 6.6; cases 45 and 92), also by the recorded requests to the original.</summary>
[Trait("Category", "Memory")]
public sealed class ChunkServerTests : IDisposable
{
    private const string Machine = "m";
    private const string Session = """{"id":"s1","project":"alpha","directory":"/d","started_at":"2026-05-01 09:00:00"}""";

    /// <summary>What [REQ] answers where the original takes it, or fails for ever.</summary>
    private static readonly Dictionary<string, int> s_required =
        new(StringComparer.Ordinal) { ["chunk-no-data"] = 400, ["chunk-data-empty"] = 400, ["chunk-nul"] = 400 };

    private readonly LogServer _server = new();

    public ChunkServerTests() => _server.Allow(Machine, "alpha", "beta-x", "gamma");

    public void Dispose() => _server.Dispose();

    [GoldenFact]
    [Trait("Replays", "wire/http-chunks")]
    public void RecordedRequests_InOrder_AreAnsweredAsRecordedOrAsRequired()
    {
        var checkedCases = 0;
        foreach (var request in Golden.Load("memory-live/wire/http-chunks.json").EnumerateArray().Where(r => r.Text("token") == "valid"))
        {
            var name = request.Text("name")!;
            if (name == "chunk-paused")
            {
                _server.Pause("gamma", paused: true);
            }

            var path = request.Text("path")!.Split('?', 2);
            Check(name, request, _server.Handle(Machine, request.Text("method")!, path[0], path.Length > 1 ? path[1] : "", Body(request)));
            checkedCases++;
        }

        Assert.True(checkedCases > 35, $"only {checkedCases}");
    }

    [GoldenFact]
    public void PushRequest_OfTheFixture_IsKept_AndListedAsTheManifestOfTheFixture()
    {
        var answer = _server.Handle("any", "POST", "/sync/push", "", File.ReadAllBytes(Golden.PathOf("memory/wire/chunk-push-request.json")));
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Golden.PathOf("memory/wire/chunk-push-response-200.json")));
        using var actual = JsonDocument.Parse(answer.Body);
        Assert.Equal((200, "ok"), (answer.Status, actual.RootElement.Text("status")));
        Assert.Equal(Names(expected.RootElement), Names(actual.RootElement));
        Assert.Matches("^[0-9a-f]{8}$", actual.RootElement.Text("chunk_id"));

        using var manifest = JsonDocument.Parse(_server.Handle("any", "GET", "/sync/pull", "?project=demo", []).Body);
        using var fixture = JsonDocument.Parse(File.ReadAllBytes(Golden.PathOf("memory/wire/manifest-response.json")));
        Assert.Equal(Names(fixture.RootElement), Names(manifest.RootElement));
        var entry = Assert.Single(manifest.RootElement.GetProperty("chunks").EnumerateArray());
        Assert.Equal(Names(fixture.RootElement.GetProperty("chunks")[0]), Names(entry));
        Assert.Equal((actual.RootElement.Text("chunk_id"), "alice", "2026-04-27T09:45:00Z"), (entry.Text("id"), entry.Text("created_by"), entry.Text("created_at")));
        Assert.Equal((1, 0, 0), (entry.GetProperty("sessions").GetInt32(), entry.GetProperty("memories").GetInt32(), entry.GetProperty("prompts").GetInt32()));
    }

    [Fact]
    [Trait("Case", "45")]
    public void Case45_PushingAChunkAgain_DoesNotDuplicateItsMutations()
    {
        var data = Data($"\"sessions\":[{Session}],\"observations\":[{Observation("o1")}],\"prompts\":[]");
        var first = Push(data);
        Assert.Equal(["s1", "o1"], _server.Entries.Select(e => e.EntityKey));
        Assert.All(_server.Entries, e => Assert.Equal(MutationOp.Upsert, e.Op));

        // The same content in another order and with other spaces is the same chunk.
        var again = Push(Data($"\"prompts\": null, \"observations\": [ {Observation("o1")} ],\n\"sessions\": [{Session}]"));
        Assert.Equal((200, Id(first)), (again.Status, Id(again)));
        Assert.Equal(2, _server.Entries.Count);
        Assert.Single(Manifest("alpha"));
    }

    [Fact]
    public void SoftDeletedRow_IsCopiedAsAnUpsertWithItsDeletionTime_AndMutationsAreNotCopied()
    {
        var delete = """{"entity":"observation","entity_key":"o9","op":"delete","payload":"{\"sync_id\":\"o9\",\"deleted\":true}"}""";
        Push(Data($"\"sessions\":[{Session}],\"observations\":[{Observation("o1", "\"deleted_at\":\"2026-05-01 10:00:00\",")}],\"mutations\":[{delete}]"));
        Assert.Equal(["s1", "o1"], _server.Entries.Select(e => e.EntityKey));
        using var payload = JsonDocument.Parse(_server.Entries[1].Payload);
        Assert.Equal("2026-05-01 10:00:00", payload.RootElement.Text("deleted_at"));
    }

    [Fact]
    public void SameId_WithOtherContent_IsAConflict_AndNothingChanges()
    {
        var id = Id(Push(Data($"\"sessions\":[{Session}]")));
        using (var transaction = _server.Archive.BeginLedger())
        {
            transaction.Db.Execute("UPDATE memory_log_chunks SET data = ? WHERE chunk_id = ?", "{}"u8.ToArray(), id);
            transaction.Commit();
        }

        var answer = Push(Data($"\"sessions\":[{Session}]"));
        Assert.Equal((409, "upgrade_repairable_chunk_conflict"), (answer.Status, Code(answer)));
        Assert.Single(_server.Entries);
    }

    [Fact]
    public void Session_ThatTheLogKnows_MayBeReferredTo_OfThatProjectAlone()
    {
        Assert.Equal(400, Push(Data($"\"observations\":[{Observation("o1")}]")).Status);
        _server.Append("beta-x", "session", "s1", "upsert", Session);
        Assert.Equal(400, Push(Data($"\"observations\":[{Observation("o1")}]")).Status);
        _server.Append("alpha", "session", "s1", "upsert", Session);
        Assert.Equal(200, Push(Data($"\"observations\":[{Observation("o1")}]")).Status);
    }

    [Fact]
    public void RowsThatNameAnotherProject_BecomeOnesOfTheChunk()
    {
        Assert.Equal(200, Push(Data($"\"sessions\":[{Session.Replace("alpha", "zeta", StringComparison.Ordinal)}]"), " Beta--X ").Status);
        Assert.Equal(("beta-x", "s1"), (_server.Entries[0].Project, _server.Entries[0].EntityKey));
        Assert.Contains("\"project\":\"beta-x\"", _server.Entries[0].Payload, StringComparison.Ordinal);
    }

    /// <summary>Its project goes onto every row: a small body must not become a large one.</summary>
    [Fact]
    public void ManyRowsUnderALongName_AreRefused_BeforeTheyFillTheMemory()
    {
        var name = new string('p', 256);
        _server.Allow(Machine, name);
        var rows = string.Join(',', Enumerable.Repeat("{}", 80_000));
        var answer = Push(Data($"\"sessions\":[{rows}]"), name);
        Assert.Equal(400, answer.Status);
        Assert.Contains("larger than 16 MiB", Encoding.UTF8.GetString(answer.Body.Span), StringComparison.Ordinal);
        answer = Push(Data($"\"sessions\":[{Session}]"), name + 'p');
        Assert.Equal(400, answer.Status);
        Assert.Contains("at most 256 characters", Encoding.UTF8.GetString(answer.Body.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"sessions\":5")]
    [InlineData("\"sessions\":[1]")]
    [InlineData("\"sessions\":[{\"id\":\"s1\",\"directory\":\"/d\\u0000\"}]")]
    [InlineData("\"mutations\":[{\"entity\":\"session\",\"entity_key\":\"s1\",\"op\":\"merge\",\"payload\":\"{\\\"id\\\":\\\"s1\\\"}\"}]")]
    [InlineData("\"mutations\":[{\"entity\":\"session\",\"entity_key\":\"s1\",\"op\":\"upsert\",\"payload\":\"{\\\"id\\\":\\\"s1\\\",\\\"directory\\\":\\\"\\\\ud800\\\"}\"}]")]
    [InlineData("\"Sessions\":[{\"id\":\"s1\",\"directory\":\"\"}]")]
    public void ContentThatIsNotValid_IsRefused_AndNothingIsStored(string members)
    {
        var answer = Push(Data(members));
        Assert.Equal((400, "upgrade_repairable_payload_invalid"), (answer.Status, Code(answer)));
        Assert.Empty(_server.Entries);
        Assert.Empty(Manifest("alpha"));
    }

    [Fact]
    public void BodyThatIsNoUtf8_OrNoObject_OrHasAnEndlessAuthor_OrNoTime_IsRefused()
    {
        byte[][] bodies =
        [
            [.. "{\"project\":\"alpha\",\"data\":{\"sessions\":[{\"id\":\""u8, 0xFF, .. "\"}]}}"u8], "[]"u8.ToArray(),
            Encoding.UTF8.GetBytes(Body(Data($"\"sessions\":[{Session}]"), "alpha").Replace("ann", new string('a', 300), StringComparison.Ordinal)),
            Encoding.UTF8.GetBytes(Body(Data($"\"sessions\":[{Session}]"), "alpha").Replace("2026-05-01T10:00:00Z", "0001-01-01T00:00:00+14:00", StringComparison.Ordinal)),
            Encoding.UTF8.GetBytes(Body(Data($"\"sessions\":[{Session}]"), "alpha").Replace("2026-05-01T10:00:00Z", "2026-05-01 10:00:00", StringComparison.Ordinal)),
        ];
        Assert.All(bodies, body => Assert.Equal(400, _server.Handle(Machine, "POST", "/sync/push", "", body).Status));
        Assert.Empty(_server.Entries);
    }

    [Fact]
    public void Failure_OfTheArchive_KeepsNeitherChunkNorCopies()
    {
        using (var transaction = _server.Archive.BeginLedger())
        {
            transaction.Db.Execute("CREATE TRIGGER refuse BEFORE INSERT ON memory_log WHEN new.entity = 'observation' BEGIN SELECT raise(ABORT, 'refused'); END");
            transaction.Commit();
        }

        var answer = Push(Data($"\"sessions\":[{Session}],\"observations\":[{Observation("o1")}]"));
        Assert.Equal((500, "upgrade_blocked_internal"), (answer.Status, Code(answer)));
        Assert.Empty(_server.Entries);
        Assert.Empty(Manifest("alpha"));
    }

    private static string Observation(string id, string more = "") =>
        $$"""{"sync_id":"{{id}}","session_id":"s1","type":"decision","title":"T","content":"C <b>",{{more}}"scope":"project","updated_at":"2026-05-01 09:02:00"}""";

    private static string Data(string members) => $"{{{members}}}";

    private static string Body(string data, string project) =>
        $$"""{"chunk_id":"00000000","created_by":"ann","client_created_at":"2026-05-01T10:00:00Z","project":"{{project}}","data":{{data}}}""";

    private LogAnswer Push(string data, string project = "alpha") =>
        _server.Handle(Machine, "POST", "/sync/push", "", Encoding.UTF8.GetBytes(Body(data, project)));

    private IReadOnlyList<ChunkEntry> Manifest(string project) =>
        ChunkManifest.Parse("server", _server.Handle(Machine, "GET", "/sync/pull", $"?project={project}", []).Body.Span);

    private static string? Id(LogAnswer answer) => ServerAnswer.ReadChunkId(answer.Body);

    private static string? Code(LogAnswer answer) => ServerAnswer.ErrorCodeOf(answer.Body);

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(m => m.Name).Order(StringComparer.Ordinal);

    private static byte[] Body(JsonElement request)
    {
        if (request.Text("request_raw") is { } raw)
        {
            return raw.StartsWith('<') ? new byte[int.Parse(raw[1..raw.IndexOf(' ', StringComparison.Ordinal)])] : Encoding.UTF8.GetBytes(raw);
        }

        return request.GetProperty("request").ValueKind == JsonValueKind.Null ? [] : Encoding.UTF8.GetBytes(request.GetProperty("request").GetRawText());
    }

    private static void Check(string name, JsonElement request, LogAnswer answer)
    {
        var isRequired = s_required.TryGetValue(name, out var status);
        status = isRequired ? status : request.GetProperty("status").GetInt32();
        Assert.True(status == answer.Status, $"{name}: {answer.Status} instead of {status}: {Encoding.UTF8.GetString(answer.Body.Span)}");
        if (isRequired)
        {
            Assert.Equal("upgrade_repairable_payload_invalid", Code(answer));
        }
        else
        {
            Assert.StartsWith(request.Text("content_type")!, answer.ContentType, StringComparison.Ordinal);
            AssertSame(name, Visible(request.GetProperty("response")), answer.Body);
        }
    }

    // Chunks that [REQ] refuses are not in our lists.
    private static JsonNode? Visible(JsonElement recorded)
    {
        var node = JsonNode.Parse(recorded.GetRawText());
        if (node is JsonObject response && response["chunks"] is JsonArray chunks)
        {
            foreach (var refused in chunks.Where(c => (string)c!["id"]! is "74234e98" or "44136fa3").ToList())
            {
                chunks.Remove(refused);
            }
        }

        return node;
    }

    private static void AssertSame(string name, JsonNode? recorded, ReadOnlyMemory<byte> body)
    {
        if (recorded is not JsonObject expected)
        {
            return; // a text, masked
        }

        var actual = JsonNode.Parse(body.Span)!.AsObject();
        foreach (var node in (JsonObject[])[expected, actual])
        {
            node.Remove("error");
            foreach (var mutation in node["mutations"] is JsonArray log ? log.Select(m => m!.AsObject()) : [])
            {
                mutation.Remove("occurred_at");
            }
        }

        Assert.True(JsonNode.DeepEquals(expected, actual), $"{name}: {actual.ToJsonString()} instead of {expected.ToJsonString()}");
    }
}
