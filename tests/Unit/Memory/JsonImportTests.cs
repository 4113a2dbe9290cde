using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.Memory;

/// <summary>The cases of section 9.1, by number.</summary>
[Trait("Category", "Memory")]
public sealed class JsonImportTests
{
    [Fact]
    [Trait("Case", "1")]
    public void Case1_SameFileTwice_SecondRunSkipsEverything()
    {
        using var machine = new MemoryMachine();
        var document = Doc.Of(Doc.Observation(), Doc.Prompt());
        Assert.Equal("Imported", machine.Import(document).Status);
        var second = machine.Import(document);
        Assert.Equal(("Unchanged", 0L, 0L, 0L, 1L, 0L, 1L), Counters(second));
    }

    [Fact]
    [Trait("Case", "2")]
    public void Case2_NewerPayload_UpdatesContentCountsAndTimes()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation()));
        var newer = Doc.Observation("new", "2026-04-27 09:00:01");
        newer["revision_count"] = 9;
        newer["last_seen_at"] = "2026-04-27 09:00:02";
        Assert.Equal(1, machine.Import(Doc.Of(newer)).ObservationsUpdated);
        var row = machine.Observation(Doc.Key)!;
        Assert.Equal(("new", 9, "2026-04-27 09:00:01", "2026-04-27 09:00:02"), (row.Content, row.RevisionCount, row.UpdatedAt, row.LastSeenAt));
    }

    [Theory]
    [Trait("Case", "3")]
    [Trait("Case", "4")]
    [InlineData("2026-04-27 08:59:59")] // case 3: older
    [InlineData("2026-04-27 09:00:00")] // case 4: same time, other text
    [InlineData("no time")]
    [InlineData(null)]
    public void Case3And4_NotStrictlyNewer_LocalStays(string? updated)
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation("local")));
        var result = machine.Import(Doc.Of(Doc.Observation("other", updated)));
        Assert.Equal((0, 1), (result.ObservationsUpdated, result.ObservationsSkipped));
        Assert.Equal("local", machine.Observation(Doc.Key)!.Content);
    }

    [Fact]
    [Trait("Case", "5")]
    public void Case5_PromptWithEditedText_StaysAsItIs()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Prompt("first")));
        Assert.Equal(1, machine.Import(Doc.Of(Doc.Prompt("second"))).PromptsSkipped);
        Assert.Equal("first", machine.Read(db => PromptTable.Find(db, Doc.PromptKey))!.Content);
    }

    [Fact]
    [Trait("Case", "6")]
    public void Case6_DeletedRowIntoAnEmptyStore_StaysDeletedAndOutOfSearch()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation("findable", deleted: "2026-04-27 09:00:00")));
        Assert.Equal("2026-04-27 09:00:00", machine.Observation(Doc.Key)!.DeletedAt);
        Assert.Empty(machine.Search("findable"));
        Assert.Empty(machine.Engine.GetMemories(new MemoryQuery { Text = "findable" }));
        Assert.Single(machine.Engine.GetMemories(new MemoryQuery { Text = "findable", IncludeDeleted = true }));
    }

    [Fact]
    [Trait("Case", "7")]
    public void Case7_NewerDeletionPropagates_NewerLiveVersionRestores_OlderOnesDoNot()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation()));
        machine.Import(Doc.Of(Doc.Observation(updated: "2026-04-27 10:00:00", deleted: "2026-04-27 10:00:00")));
        Assert.NotNull(machine.Observation(Doc.Key)!.DeletedAt);
        machine.Import(Doc.Of(Doc.Observation(updated: "2026-04-27 10:00:00")));
        Assert.NotNull(machine.Observation(Doc.Key)!.DeletedAt);
        machine.Import(Doc.Of(Doc.Observation(updated: "2026-04-27 11:00:00")));
        Assert.Null(machine.Observation(Doc.Key)!.DeletedAt);
        machine.Import(Doc.Of(Doc.Observation(updated: "2026-04-27 11:00:00", deleted: "2026-04-27 11:00:00")));
        Assert.Null(machine.Observation(Doc.Key)!.DeletedAt);
    }

    [Fact]
    [Trait("Case", "8")]
    public void Case8_Result_HasExactlyTheSixCounters()
    {
        var counters = typeof(MemoryImportResult).GetProperties().Where(static p => p.PropertyType == typeof(long)).Select(static p => p.Name);
        Assert.Equal(
            ["SessionsImported", "ObservationsInserted", "ObservationsUpdated", "ObservationsSkipped", "PromptsInserted", "PromptsSkipped"], counters);
        using var machine = new MemoryMachine();
        var result = machine.Import(Doc.Of(Doc.Observation(), Doc.Observation("x", "2026-04-27 09:30:00"), Doc.Observation("y", "2026-04-27 09:10:00")));
        Assert.Equal((1, 1, 1), (result.ObservationsInserted, result.ObservationsUpdated, result.ObservationsSkipped));
    }

    [Fact]
    [Trait("Case", "9")]
    public void Case9_NewIdsHaveTheForm_OldOnesSurvive_AndAMissingOneIsFoundAgain()
    {
        using var machine = new MemoryMachine();
        var document = Doc.Of(Doc.Observation(key: ""), Doc.Observation(key: "obs-0123456789abcdef0123456789abcdef"), Doc.Prompt(key: " "));
        machine.Import(document);
        var rows = machine.Rows();
        Assert.All(rows["observations"]!.AsArray().Concat(rows["user_prompts"]!.AsArray()), r =>
            Assert.Matches("^(obs|prompt)-([0-9a-f]{16}|[0-9a-f]{32})$", (string)r!["sync_id"]!));
        Assert.NotNull(machine.Observation("obs-0123456789abcdef0123456789abcdef"));
        Assert.Equal(0, machine.Import(document).ObservationsInserted + machine.Import(document).PromptsInserted);
        Assert.Matches("^obs-[0-9a-f]{16}$", machine.Engine.AddMemory(new MemoryAddition { Title = "t", Content = "c" }).SyncId);
    }

    [Theory]
    [Trait("Case", "10")]
    [InlineData("2026-04-27T09:00:00Z")]
    [InlineData("2026-04-27T11:00:00+02:00")]
    [InlineData("2026-04-27 09:00:00.000")]
    public void Case10_TheSameInstantInAnotherForm_IsATie(string updated)
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation()));
        Assert.Equal(1, machine.Import(Doc.Of(Doc.Observation("other", updated))).ObservationsSkipped);
    }

    [Fact]
    [Trait("Case", "11")]
    public void Case11_MissingSession_NothingIsStored_AndTheErrorNamesTheRow()
    {
        using var machine = new MemoryMachine();
        var result = machine.Import(Doc.Of(Doc.Observation(), Doc.Observation(key: "obs-00000000000000a2", session: "nowhere")));
        Assert.Equal(("Failed", nameof(ErrorCode.MemorySessionMissing)), (result.Status, result.ErrorCode));
        Assert.Contains("obs-00000000000000a2", result.ErrorMessage, StringComparison.Ordinal);
        Assert.All(machine.Rows(), static table => Assert.Empty((JsonArray)table.Value!));
    }

    [Fact]
    [Trait("Case", "12")]
    public void Case12_CommitFails_NothingIsStored_AndTheErrorMentionsTheCommit()
    {
        using var machine = new MemoryMachine();
        machine.Sql("CREATE TABLE parent(id INTEGER PRIMARY KEY)");
        machine.Sql("CREATE TABLE child(id INTEGER REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED)");
        // A row that breaks a rule which SQLite checks at the commit.
        machine.Sql("CREATE TRIGGER late AFTER INSERT ON memory_observations BEGIN INSERT INTO child VALUES (1); END");
        var result = machine.Import(Doc.Of(Doc.Observation()));
        Assert.Equal("Failed", result.Status);
        Assert.Contains("commit", result.ErrorMessage, StringComparison.Ordinal);
        Assert.All(machine.Rows(), static table => Assert.Empty((JsonArray)table.Value!));
    }

    [Fact]
    [Trait("Case", "13")]
    public void Case13_AfterAnUpdate_OldTextIsNotFound_NewTextIs()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation("ancient words")));
        machine.Import(Doc.Of(Doc.Observation("modern words", "2026-04-28 00:00:00")));
        Assert.Empty(machine.Search("ancient"));
        Assert.Equal([Doc.Key], machine.Search("modern"));
        machine.Sql("INSERT INTO memory_text(memory_text, rank) VALUES ('integrity-check', 1)");
    }

    [Fact]
    [Trait("Case", "14")]
    public void Case14_IntoAnEnrolledProject_LeavesMatchingPendingMutations()
    {
        using var machine = new MemoryMachine();
        machine.Enroll("demo");
        machine.Import(Doc.Of(Doc.Observation(), Doc.Observation("d", deleted: "2026-04-27 09:00:00", key: "obs-00000000000000a2"), Doc.Prompt()));
        Assert.Equal(
            [("session", "s1", "upsert"), ("observation", Doc.Key, "upsert"), ("observation", "obs-00000000000000a2", "delete"), ("prompt", Doc.PromptKey, "upsert")],
            machine.Journal().Select(static j => (j.Entity, j.EntityKey, j.Op)));
        machine.Import(Doc.Of(Doc.Observation("again", "2026-04-28 00:00:00")));
        var last = machine.Journal()[^1];
        Assert.Equal((Doc.Key, "demo"), (last.EntityKey, last.Project));
        Assert.Equal("again", JsonDocument.Parse(last.Payload).RootElement.Text("content"));
        Assert.Null(machine.Read(db => VersionTable.Find(db, Entity.Observation, Doc.Key))!.Value.Seq);
    }

    [Fact]
    [Trait("Case", "73")]
    public void Case73_TwoExportsInEitherOrder_NoEndIsLostAndNoValueReplaced_AndTheFillIsJournalled()
    {
        foreach (var order in (int[][])[[0, 1], [1, 0]])
        {
            using var machine = new MemoryMachine();
            machine.Enroll("demo");
            foreach (var i in order)
            {
                var session = i == 0 ? Doc.Session() : Doc.Session(project: "other", ended: "2026-04-27 10:00:00", summary: "done");
                machine.Import(new JsonObject { ["sessions"] = new JsonArray(session) }.ToJsonString());
            }

            var row = machine.Rows()["sessions"]![0]!;
            Assert.Equal(("2026-04-27 10:00:00", "done"), ((string?)row["ended_at"], (string?)row["summary"]));
            Assert.Equal(order[0] == 0 ? "demo" : "other", (string?)row["project"]);
            Assert.Equal(order[0] == 0 ? 2 : 0, machine.Journal().Count);
        }
    }

    [Fact]
    [Trait("Case", "74")]
    public void Case74_BlankTimesAndNames_TakeTheirDefaults()
    {
        using var machine = new MemoryMachine();
        machine.Import($$"""
            {"sessions":[{"id":"s1","project":" Demo--X ","started_at":" "}],
             "observations":[{"sync_id":"{{Doc.Key}}","session_id":"s1","title":"t","content":"c","deleted_at":" ","updated_at":"2026-04-27 09:00:00","project":"A__B"}],
             "prompts":[{"sync_id":"{{Doc.PromptKey}}","session_id":"s1","content":"p","created_at":"","project":" Q "}]}
            """);
        var rows = machine.Rows();
        Assert.Equal(("demo-x", machine.Now), ((string?)rows["sessions"]![0]!["project"], (string?)rows["sessions"]![0]!["started_at"]));
        Assert.Equal(("a_b", null), ((string?)rows["observations"]![0]!["project"], (string?)rows["observations"]![0]!["deleted_at"]));
        Assert.Equal(("q", machine.Now), ((string?)rows["user_prompts"]![0]!["project"], (string?)rows["user_prompts"]![0]!["created_at"]));
    }

    [Fact]
    [Trait("Case", "75")]
    public void Case75_TwoRowsWithOneId_NoLiveCopyIsLeftAfterADelete()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation("old")));
        machine.Change(change => ObservationTable.Insert(change.Db, ObservationTable.Find(change.Db, Doc.Key)! with { Content = "twin" }));
        machine.Import(Doc.Of(Doc.Observation("gone", "2026-04-28 00:00:00", "2026-04-28 00:00:00")));
        Assert.Single(machine.Rows()["observations"]!.AsArray());
        Assert.Empty(machine.Search("old"));
    }

    [Fact]
    [Trait("Case", "76")]
    public void Case76_LongTopicKeyOfWideCharacters_IsCutAtACharacter_TheSameEverywhere()
    {
        using var one = new MemoryMachine();
        using var two = new MemoryMachine();
        var memory = one.Engine.AddMemory(new MemoryAddition { Title = "t", Content = "c", TopicKey = new string('ю', 100), Project = "demo" });
        Assert.Equal(60, memory.TopicKey!.Length);
        one.Engine.ExportMemory(one["out.json"], null, default);
        two.ImportFile(one["out.json"]);
        Assert.Equal(memory.TopicKey, two.Observation(memory.SyncId)!.TopicKey);
    }

    [Theory]
    [Trait("Case", "77")]
    [InlineData("\uFEFF{}")]
    [InlineData("{} x")]
    [InlineData("{\"observations\":[{\"sync_id\":\"obs-1\",\"session_id\":\"s1\",\"revision_count\":3.0}]}")]
    [InlineData("{\"version\":\"0.2.0\"}")]
    [InlineData("{\"sessions\":[{\"id\":\"s1\"}],\"observations\":5}")]
    [InlineData("{\"sessions\":[{\"id\":\"s1\"}],\"prompts\":[{\"sync_id\":7}]}")]
    [InlineData("{\"sessions\":[{\"id\":\" \"}]}")]
    [InlineData("")]
    [InlineData("[]")]
    public void Case77_RefusedDocuments_AreRefusedWhole(string json)
    {
        using var machine = new MemoryMachine();
        Assert.Equal("Failed", machine.Import(json, whatIf: true).Status);
        Assert.Equal("Failed", machine.Import(json).Status);
        Assert.All(machine.Rows(), static table => Assert.Empty((JsonArray)table.Value!));
        Assert.Equal(RunStatus.Partial, machine.Engine.GetRuns(new RunQuery { Last = 1 }).Single().Status);
    }

    [Fact]
    [Trait("Case", "77")]
    public void Case77_NullIsEmpty_AndEmptyTextsSurviveAnExport()
    {
        using var machine = new MemoryMachine();
        Assert.Equal("Unchanged", machine.Import("null").Status);
        var row = Doc.Observation();
        row["tool_name"] = "";
        row["project"] = "";
        machine.Import(Doc.Of(row));
        machine.Engine.ExportMemory(machine["out.json"], null, default);
        var exported = JsonDocument.Parse(File.ReadAllBytes(machine["out.json"])).RootElement.GetProperty("observations")[0];
        Assert.Equal(("", ""), (exported.Text("tool_name"), exported.Text("project")));
    }

    [Fact]
    public void GoneSession_ComesBackOnlyForALaterStartOrAWinningRow()
    {
        using var machine = new MemoryMachine();
        machine.Change(change => change.NoteDeletedSession("s1", "demo", "2026-04-27 12:00:00"));
        Assert.Equal(0, machine.Import(Doc.Of()).SessionsImported);
        Assert.Equal((0, 1), (machine.Import(Doc.Of(Doc.Prompt())).SessionsImported, machine.Import(Doc.Of(Doc.Prompt())).PromptsSkipped));
        Assert.Equal((1, 1), (machine.Import(Doc.Of(Doc.Observation())) is var r ? (r.SessionsImported, r.ObservationsInserted) : default));
        using var later = new MemoryMachine();
        later.Change(change => change.NoteDeletedSession("s1", "demo", "2026-04-27 07:00:00"));
        Assert.Equal(1, later.Import(Doc.Of()).SessionsImported);
    }

    [Fact]
    public void HardDeletedRow_ComesBackOnlyNewer()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation()));
        machine.Engine.RemoveMemory(Doc.Key, permanent: true);
        Assert.Equal(1, machine.Import(Doc.Of(Doc.Observation())).ObservationsSkipped);
        Assert.Null(machine.Observation(Doc.Key));
        Assert.Equal(1, machine.Import(Doc.Of(Doc.Observation(updated: "2030-01-01 00:00:00"))).ObservationsInserted);
    }

    [Fact]
    public void Lists_InAnyOrderOfMembers_AndTheLastOfTwo_AreRead()
    {
        using var machine = new MemoryMachine();
        var document = JsonNode.Parse(Doc.Of(Doc.Observation(), Doc.Prompt()))!;
        var json = $$"""{"prompts":[],"PROMPTS":{{document["prompts"]!.ToJsonString()}},"observations":{{document["observations"]!.ToJsonString()}},"x":{"y":[1,2]},"sessions":{{document["sessions"]!.ToJsonString()}}}""";
        var result = machine.Import(json);
        Assert.Equal((1, 1, 1), (result.SessionsImported, result.ObservationsInserted, result.PromptsInserted));
    }

    [Fact]
    public void LargeDocument_AcrossManyReads_IsReadWhole()
    {
        using var machine = new MemoryMachine();
        var rows = Enumerable.Range(0, 400).Select(i => Doc.Observation(new string((char)('a' + (i % 26)), 3000 + i) + " \"ü\\ ", key: $"obs-{i:x16}")).ToArray();
        Assert.Equal(400, machine.Import(Doc.Of(rows)).ObservationsInserted);
        Assert.Equal(400, machine.Import(Doc.Of([.. rows.Select(static r => (JsonObject)r.DeepClone())])).ObservationsSkipped);
        Assert.EndsWith("\"ü\\ ", machine.Observation($"obs-{399:x16}")!.Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FailedImport_IsRetryable_AndItsRetrySettlesIt()
    {
        using var machine = new MemoryMachine();
        File.WriteAllText(machine["s.json"], Doc.Of());
        var failed = machine.Import(Doc.Of("s2", Doc.Observation()));
        Assert.Equal("Failed", failed.Status);
        var run = Assert.Single(machine.Engine.GetRuns(new RunQuery { Retryable = true }));
        machine.ImportFile(machine["s.json"]);
        var retry = new RetryRequest { RunId = run.RunId! };
        var plan = await machine.Engine.PlanRetryAsync(retry, NullObserver.Instance, default);
        Assert.Equal((RunStatus.Planned, 2), (plan.Status, plan.Counters.MemoryInserted)); // session s2 and the observation
        var child = await machine.Engine.RetryAsync(retry, NullObserver.Instance, default);
        Assert.Equal((run.RunId, RunStatus.Succeeded, RunKind.MemoryImport), (child.ParentRunId, child.Status, child.Kind));
        Assert.Empty(machine.Engine.GetRuns(new RunQuery { Retryable = true }));
    }

    [Fact]
    public async Task Import_Cancelled_StoresNothingAndAbortsTheRun()
    {
        using var machine = new MemoryMachine();
        File.WriteAllText(machine["in.json"], Doc.Of(Doc.Observation()));
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            var request = new MemoryImportRequest { Paths = [machine["in.json"], machine["in.json"]] };
            await foreach (var _ in machine.Engine.ImportMemoryAsync(request, NullObserver.Instance, stop.Token))
            {
                await stop.CancelAsync();
            }
        });
        Assert.Equal(RunStatus.Aborted, machine.Engine.GetRuns(new RunQuery { Last = 1 }).Single().Status);
    }

    private static (string, long, long, long, long, long, long) Counters(MemoryImportResult result) => (
        result.Status, result.SessionsImported, result.ObservationsInserted, result.ObservationsUpdated, result.ObservationsSkipped,
        result.PromptsInserted, result.PromptsSkipped);
}
