using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>
/// The recorded facts about servers, pages, rules of application and relations (memory-live results/misc, misc2, misc3), each shown with our
/// client and server, or what [REQ] wants instead.
/// </summary>
[Trait("Category", "Memory")]
public sealed class RecordedFactsTests : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 11, 21, 5, 46, 17, TimeSpan.Zero);
    private readonly LogServer _server = new();
    private readonly MemoryMachine _a;
    private readonly MemoryMachine _b;

    public RecordedFactsTests() => (_a, _b) = (Machine("A"), Machine("B"));

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _server.Dispose();
    }

    /// <summary>Each fact is shown here, or by <see cref="Memory.RecordedFactsTests"/> on one machine.</summary>
    [GoldenFact]
    [Trait("Replays", "misc")]
    [Trait("Replays", "misc2")]
    [Trait("Replays", "misc3")]
    public void EveryFact_IsShown()
    {
        string[] shown =
        [
            "failure-ceiling", "persisted-backoff", "relations", "judged-relations", "cycle-timing", "concurrent-pushes", "eighteen-hundred-rows", "exactly-one-page",
            "apply-rules", .. Memory.RecordedFactsTests.Shown,
        ];
        foreach (var file in (string[])["misc", "misc2", "misc3"])
        {
            Assert.Empty(Golden.Load($"memory-live/results/{file}.json").EnumerateArray().Select(fact => fact.Text("id")!).Except(shown));
        }
    }

    /// <summary>The original gives up after ten failures until it is restarted; ours goes on (7.1 a).</summary>
    [GoldenFact]
    public void FailureCeiling_OursGoesOnTrying()
    {
        var recorded = Fact("misc", "failure-ceiling");
        _a.CreateSession("s", "demo", "/d");
        var asked = 0;
        _server.Before = (_, _) =>
        {
            asked++;
            throw new HttpRequestException("down");
        };
        var cycles = recorded.GetProperty("requests_per_cycle_while_failing").GetArrayLength();
        for (var cycle = 1; cycle <= cycles; cycle++)
        {
            Assert.NotNull(_a.Cycle().Failure);
            Assert.Equal((cycle, cycle), (asked, _a.State.ConsecutiveFailures));
        }

        _server.Before = null;
        Assert.Equal(1, _a.Cycle().Pushed["demo"]);
        Assert.Equal(("healthy", 0), (_a.State.Lifecycle, _a.State.ConsecutiveFailures));
    }

    /// <summary>The original forgets a pause when it is restarted; ours reads it (7.1 b; WatchTests and ExchangeWatchTests show that a watch keeps to it).</summary>
    [GoldenFact]
    public void PersistedBackoff_OutlivesTheProcess()
    {
        Assert.Equal(1, Fact("misc", "persisted-backoff").GetProperty("requests_in_first_cycle_with_backoff_until_in_the_future").GetInt32());
        _server.Before = (_, _) => throw new HttpRequestException("down");
        _a.Cycle();
        var until = _a.State.BackoffUntil;
        _a.Restart();
        Assert.Equal(until, _a.State.BackoffUntil);
        Assert.True(until > _a.Clock.Now.ToUnixTimeMilliseconds());
    }

    /// <summary>The original is not woken by writes, only by its poll (case 95 shows that ours is).</summary>
    [GoldenFact]
    public void CycleTiming_ThePollIsThatOfTheOriginal()
    {
        var requests = Fact("misc2", "cycle-timing").GetProperty("requests_at_s").EnumerateArray().Select(request => request[0].GetDouble()).Distinct().ToList();
        Assert.Equal(ArtifactSync.Sync.WatchSchedule.For("engram+https://host").Interval.TotalSeconds, requests[1] - requests[0]);
    }

    /// <summary>The original journals none of these verdicts, and its peers do not orphan; [REQ] both.</summary>
    [GoldenFact]
    public void Relations_ReachThePeer_AndAreOrphanedThere()
    {
        var recorded = Fact("misc2", "relations");
        var rows = recorded.GetProperty("rows_on_author").EnumerateArray().Select(Relation).ToList();
        var shared = rows.SelectMany(row => (string[])[row.SourceId, row.TargetId]).GroupBy(id => id, StringComparer.Ordinal).Single(group => group.Count() == rows.Count).Key;
        SaveWith(_a, "demo", rows);
        Exchange();
        Assert.Equal(rows, rows.Select(row => RelationTable.Find(_b.Db, row.SyncId)));
        _a.HardDelete(shared);
        Exchange();
        Assert.All(recorded.GetProperty("status_after_hard_delete_of_r1").GetProperty("A").EnumerateArray(), status => Assert.Equal("orphaned", status[1].GetString()));
        foreach (var machine in (MemoryMachine[])[_a, _b])
        {
            Assert.All(rows, row => Assert.Equal("orphaned", RelationTable.Find(machine.Db, row.SyncId)!.JudgmentStatus));
        }
    }

    [GoldenFact]
    public void JudgedRelations_ArePushedAsRecorded_OnlyOfEnrolledProjects()
    {
        var recorded = Fact("misc2", "judged-relations");
        var rows = recorded.GetProperty("rows_on_author").EnumerateArray().Select(Relation).ToList();
        SaveWith(_a, "demo", [rows[0]]);
        SaveWith(_a, "side", [rows[1]]);
        Exchange();
        var journal = recorded.GetProperty("journal").EnumerateArray().ToList();
        var sent = _server.Entries.Where(entry => entry.Entity == "relation").ToList();
        Assert.Equal(journal.Select(row => (row.GetProperty("payload").Text("sync_id")!, row.Text("op")!, row.Text("project")!)), sent.Select(entry => (entry.EntityKey, entry.Op, entry.Project)));
        Assert.Equal(journal[0].GetProperty("payload_text_keys").EnumerateArray().Select(key => key.GetString()), JsonNode.Parse(sent[0].Payload)!.AsObject().Select(member => member.Key));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(journal[0].GetProperty("payload").GetRawText()), JsonNode.Parse(sent[0].Payload)), sent[0].Payload);
        Assert.Equal(recorded.GetProperty("rows_on_peer").EnumerateArray().Select(Relation), [RelationTable.Find(_b.Db, rows[0].SyncId)!]);
        Assert.Null(RelationTable.Find(_b.Db, rows[1].SyncId));

        _a.HardDelete(rows[0].SourceId);
        Exchange();
        Assert.Equal(("orphaned", "judged"), (RelationTable.Find(_a.Db, rows[0].SyncId)!.JudgmentStatus, RelationTable.Find(_a.Db, rows[1].SyncId)!.JudgmentStatus));
        Assert.Equal("orphaned", RelationTable.Find(_b.Db, rows[0].SyncId)!.JudgmentStatus);
    }

    [GoldenFact]
    public async Task ConcurrentPushes_NumbersAscend_TheNthBelongsToTheNthEntry()
    {
        var recorded = Fact("misc3", "concurrent-pushes");
        Assert.True(recorded.GetProperty("ascending").GetBoolean() && recorded.GetProperty("n_th_number_belongs_to_n_th_entry").GetBoolean());
        var (batches, each) = (recorded.GetProperty("batches").GetInt32(), recorded.GetProperty("entries_each").GetInt32());
        var numbers = await Task.WhenAll(Enumerable.Range(0, batches).Select(batch => Task.Run(() => Push(batch, each))));
        var log = _server.Entries.ToDictionary(entry => entry.Seq, entry => entry.EntityKey);
        Assert.Equal(batches * each, log.Count);
        for (var batch = 0; batch < batches; batch++)
        {
            Assert.Equal(numbers[batch].Order(), numbers[batch]);
            Assert.Equal(Enumerable.Range(0, each).Select(i => $"{batch}-{i}"), numbers[batch].Select(seq => log[seq]));
        }
    }

    [GoldenTheory]
    [InlineData("eighteen-hundred-rows")]
    [InlineData("exactly-one-page")]
    public void Pages_AreThoseOfTheRecording(string id)
    {
        var pages = Fact("misc3", id).GetProperty("pages").EnumerateArray().Select(page => page.EnumerateArray().ToList()).ToList();
        var total = pages.Sum(page => page[^(page.Count == 2 ? 2 : 3)].GetInt32());
        for (var sent = 0; sent < total; sent += 100)
        {
            Push(sent / 100, Math.Min(100, total - sent));
        }

        long since = 0;
        foreach (var page in pages)
        {
            using var answer = JsonDocument.Parse(_server.Handle("A", "GET", "/sync/mutations/pull", $"since_seq={since}&limit=100", []).Body);
            var (count, more, latest) = (answer.RootElement.GetProperty("mutations").GetArrayLength(), answer.RootElement.GetProperty("has_more").GetBoolean(),
                answer.RootElement.GetProperty("latest_seq").GetInt64());
            Assert.Equal(
                string.Join(' ', page.Select(value => value.ToString())),
                string.Join(' ', page.Count == 2 ? [$"{count}", $"{more}"] : (string[])[$"{since}", $"{count}", $"{more}", $"{latest}"]));
            since = latest;
        }
    }

    /// <summary>As the program, but a soft delete keeps its own time, and a blank directory the stored one (8.2, 8.3).</summary>
    [GoldenFact]
    public void ApplyRules_EndWithTheRecordedRows()
    {
        var recorded = Fact("misc3", "apply-rules");
        _server.Append("demo", "session", "cc-P-0", "upsert", """{"id":"cc-P-0","project":"demo","directory":"/d"}""");
        var log = recorded.GetProperty("log").EnumerateArray().ToList();
        _server.Burn((int)log[0].GetProperty("seq").GetInt64() - 2);
        foreach (var entry in log)
        {
            Assert.Equal(entry.GetProperty("seq").GetInt64(), _server.Append("demo", entry.Text("entity")!, entry.Text("entity_key")!, entry.Text("op")!, entry.GetProperty("payload").GetRawText()));
        }

        Assert.Null(_a.Cycle().Failure);
        var rows = recorded.GetProperty("rows");
        Assert.Equal(
            rows.GetProperty("observations").EnumerateArray().Select(row => (row.Text("sync_id"), row.Text("title"), row.Text("deleted_at") ?? row.Text("updated_at"), row.Text("deleted_at"))),
            ObservationTable.All(_a.Db).Select(row => ((string?)row.SyncId, (string?)row.Title, (string?)row.UpdatedAt, row.DeletedAt)));
        Assert.Equal(
            rows.GetProperty("prompts").EnumerateArray().Select(row => (row.Text("sync_id"), row.Text("content"), row.Text("created_at"))),
            PromptTable.All(_a.Db).Select(row => ((string?)row.SyncId, (string?)row.Content, (string?)row.CreatedAt)));
        Assert.Equal(
            rows.GetProperty("tombstones").EnumerateArray().Select(row => (row.Text("sync_id"), row.Text("deleted_at"))),
            PromptTable.Tombstones(_a.Db, null).Select(row => ((string?)row.SyncId, (string?)row.DeletedAt)));
        var session = MemorySessionTable.Find(_a.Db, "cc-P-1")!;
        Assert.Equal(
            rows.GetProperty("session").EnumerateArray().Select(row => ("/new", row.Text("ended_at"), row.Text("summary"))).Single(),
            (session.Directory, session.EndedAt, session.Summary));
        Assert.Equal((0, 0), DeferredTable.Count(_a.Db));
    }

    private static JsonElement Fact(string file, string id) => Golden.Load($"memory-live/results/{file}.json").EnumerateArray().Single(fact => fact.Text("id") == id);

    private static Relation Relation(JsonElement row) => new()
    {
        SyncId = row.Text("sync_id")!, SourceId = row.Text("source_id")!, TargetId = row.Text("target_id")!, Kind = row.Text("relation")!,
        Reason = row.Text("reason"), Evidence = row.Text("evidence"), JudgmentStatus = row.Text("judgment_status")!,
        Confidence = row.GetProperty("confidence") is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null,
        MarkedByActor = row.Text("marked_by_actor"), MarkedByKind = row.Text("marked_by_kind"), MarkedByModel = row.Text("marked_by_model"),
        SessionId = row.Text("session_id"), CreatedAt = row.Text("created_at")!, UpdatedAt = row.Text("updated_at")!,
    };

    /// <summary>The ends of the relations first, then the relations.</summary>
    private static void SaveWith(MemoryMachine machine, string project, IReadOnlyList<Relation> relations)
    {
        machine.CreateSession($"{project}-s", project, "/d");
        foreach (var id in relations.SelectMany(row => (string[])[row.SourceId, row.TargetId]).Distinct(StringComparer.Ordinal))
        {
            machine.Save(id, $"{project}-s", "c");
        }

        foreach (var row in relations)
        {
            machine.Write(change => change.SaveRelation(row));
        }
    }

    private void Exchange()
    {
        Assert.Null(_a.Cycle().Failure);
        Assert.Null(_b.Cycle().Failure);
    }

    private List<long> Push(int batch, int count)
    {
        var entries = new JsonArray([.. Enumerable.Range(0, count).Select(i => (JsonNode)new JsonObject
        {
            ["project"] = "demo", ["entity"] = "session", ["entity_key"] = $"{batch}-{i}", ["op"] = "upsert",
            ["payload"] = new JsonObject { ["id"] = $"{batch}-{i}", ["project"] = "demo", ["directory"] = "/d" },
        })]);
        var answer = _server.Handle("A", "POST", "/sync/mutations/push", "", Encoding.UTF8.GetBytes(new JsonObject { ["entries"] = entries }.ToJsonString()));
        Assert.Equal(200, answer.Status);
        return [.. ServerAnswer.ReadPush(answer.Body).Seqs!];
    }

    private MemoryMachine Machine(string name)
    {
        var machine = new MemoryMachine(name, _server, s_start) { Settings = new() };
        machine.Enroll("demo");
        machine.Write(change => Backfill.Run(change, "demo"));
        return machine;
    }
}
