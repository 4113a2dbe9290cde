using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Memory;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.Memory;

/// <summary>The cases of section 9.3 that are about the journal and enrollment, by number.</summary>
[Trait("Category", "Memory")]
public sealed class JournalTests
{
    [Fact]
    [Trait("Case", "28")]
    public void Case28_CreateSaveEditDeletePromptEnd_SixRowsWithTheirOps()
    {
        using var machine = new MemoryMachine();
        machine.Enroll("demo");
        machine.Change(change => MemoryEditor.EnsureSession(change, "s1", "demo", "/d"));
        var id = machine.Engine.AddMemory(new MemoryAddition { Title = "t", Content = "c", Project = "demo", SessionId = "s1" }).SyncId;
        machine.Engine.EditMemory(id, new MemoryEdit { Title = "edited" });
        machine.Engine.RemoveMemory(id, permanent: false);
        machine.Change(change => change.AddPrompt(new Prompt { SyncId = Doc.PromptKey, SessionId = "s1", Content = "p", Project = "demo", CreatedAt = change.Now }));
        machine.Change(change => change.SaveSession(MemorySessionTable.Find(change.Db, "s1")! with { EndedAt = change.Now }));
        Assert.Equal(
            [("session", "upsert"), ("observation", "upsert"), ("observation", "upsert"), ("observation", "delete"), ("prompt", "upsert"), ("session", "upsert")],
            machine.Journal().Select(static j => (j.Entity, j.Op)));
        var delete = JsonDocument.Parse(machine.Journal()[3].Payload).RootElement;
        Assert.Equal(("edited", true, machine.Now, machine.Now), (delete.Text("title"), delete.GetProperty("deleted").GetBoolean(), delete.Text("deleted_at"), delete.Text("updated_at")));
        Assert.False(delete.Has("hard_delete"));
        Assert.Equal(("pending", 6L), machine.Read(db => db.First("SELECT lifecycle, last_enqueued_seq FROM memory_targets WHERE target_key = 'cloud:demo'",
            static row => (row.Text(0), row.Int64(1)))));
    }

    [Fact]
    public void HardDelete_IsJournalledAsOne_AndOrphansRelations()
    {
        using var machine = new MemoryMachine();
        machine.Enroll("demo");
        machine.Import(Doc.Of(Doc.Observation(), Doc.Observation(key: "obs-2")));
        machine.Change(change => change.SaveRelation(Some("rel-1")));
        machine.Engine.RemoveMemory(Doc.Key, permanent: true);
        var payload = JsonDocument.Parse(machine.Journal()[^1].Payload).RootElement;
        Assert.True(payload.GetProperty("hard_delete").GetBoolean());
        Assert.Equal("orphaned", machine.Read(db => RelationTable.Find(db, "rel-1"))!.JudgmentStatus);
    }

    [Fact]
    [Trait("Case", "31")]
    public void Case31_Backfill_QueuesEverythingOnce_UnderTheNormalName()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(
            Doc.Observation(), Doc.Observation("deleted", deleted: "2026-04-27 09:00:00", key: "obs-2"), Doc.Observation("inherits", key: "obs-3", project: null),
            Doc.Observation("elsewhere", key: "obs-4", project: "other"), Doc.Prompt(), Doc.Prompt(key: "prompt-2")));
        machine.Change(change =>
        {
            change.DeletePrompt(PromptTable.Find(change.Db, "prompt-2")!, change.Now);
            change.SaveRelation(Some("rel-1") with { TargetId = "obs-3" });
        });
        machine.Engine.RemoveMemory("obs-4", permanent: true);
        Assert.Empty(machine.Journal());
        Assert.True(machine.Engine.EnableMemoryProject(" DEMO ").Enrolled);
        Assert.Equal(7, machine.Change(static change => Backfill.Run(change, "demo")));
        Assert.Equal(
            [
                ("session", "s1", "upsert"), ("observation", Doc.Key, "upsert"), ("observation", "obs-2", "delete"), ("observation", "obs-3", "upsert"),
                ("prompt", Doc.PromptKey, "upsert"), ("prompt", "prompt-2", "delete"), ("relation", "rel-1", "upsert"),
            ],
            machine.Journal().Select(static j => (j.Entity, j.EntityKey, j.Op)));
        Assert.All(machine.Journal(), static j => Assert.Equal("demo", j.Project));
        Assert.Equal(0, machine.Change(static change => Backfill.Run(change, "demo")));
        machine.Engine.DisableMemoryProject("demo");
        machine.Engine.EnableMemoryProject("demo");
        Assert.Equal(0, machine.Change(static change => Backfill.Run(change, "demo")));
    }

    [GoldenFact]
    [Trait("Case", "90")]
    [Trait("Replays", "local/enrollment-backfill")]
    public void RecordedBackfill_QueuesWhatTheProgramDid_AndTheRowsItLeftOut()
    {
        var recorded = Golden.Load("memory-live/results/backfill.json");
        using var machine = new MemoryMachine();
        machine.Import(recorded.GetProperty("doc").GetRawText());
        machine.Enroll("demo");
        machine.Change(static change => Backfill.Run(change, "demo"));
        var actual = machine.Journal().Select(static j => (j.Entity, j.EntityKey, j.Op, j.Project)).ToList();
        foreach (var row in recorded.GetProperty("journal").EnumerateArray())
        {
            Assert.Contains((row.Text("entity")!, row.Text("entity_key")!, row.Text("op")!, row.Text("project")!), actual);
            var mine = JsonDocument.Parse(machine.Journal().First(j => j.EntityKey == row.Text("entity_key")).Payload).RootElement;
            foreach (var member in row.GetProperty("payload").EnumerateObject().Where(m => row.Text("op") == "upsert"))
            {
                // An empty project is left out: it is that of the session.
                Assert.Equal(member.Value.ToString(), mine.TryGetProperty(member.Name, out var value) ? value.ToString() : "");
            }
        }

        // Stored under another spelling: the program misses them.
        Assert.Contains(("session", "s2", "upsert", "demo"), actual);
        Assert.Contains(("observation", "obs-0000000000000003", "upsert", "demo"), actual);
        Assert.DoesNotContain(actual, static j => j.EntityKey == "obs-0000000000000004");
    }

    [Fact]
    public void Backfill_RemovesPendingUpsertsOfRowsThatAreGone()
    {
        using var machine = new MemoryMachine();
        machine.Enroll("demo");
        machine.Import(Doc.Of(Doc.Observation()));
        machine.Engine.DisableMemoryProject("demo");
        machine.Engine.RemoveMemory(Doc.Key, permanent: true);
        machine.Enroll("demo");
        machine.Change(static change => Backfill.Run(change, "demo"));
        Assert.Equal(["delete"], machine.Journal().Where(static j => j.EntityKey == Doc.Key).Select(static j => j.Op));
    }

    [Fact]
    [Trait("Case", "32")]
    public void Case32_BlankProject_InheritsThatOfTheSession()
    {
        using var machine = new MemoryMachine();
        machine.Enroll("demo");
        machine.Import(Doc.Of(Doc.Observation(project: "  "), Doc.Observation(key: "obs-2", project: null)));
        Assert.All(machine.Journal(), static j => Assert.Equal("demo", j.Project));
        Assert.Equal(3, machine.Journal().Count);
    }

    [Fact]
    [Trait("Case", "33")]
    public void Case33_PulledData_IsNotQueued_NorBackfilled()
    {
        using var machine = new MemoryMachine();
        machine.Enroll("demo");
        machine.Apply("session", "s1", "upsert", Doc.Session(), 1);
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 2);
        Assert.Empty(machine.Journal());
        Assert.Equal(0, machine.Change(static change => Backfill.Run(change, "demo")));
    }

    [Fact]
    [Trait("Case", "86")]
    public void Case86_CreatingAnExistingSession_JournalsTheStoredRowOrNothing()
    {
        using var machine = new MemoryMachine();
        machine.Enroll("demo");
        machine.Change(change => MemoryEditor.EnsureSession(change, "s1", "demo"));
        machine.Change(change => MemoryEditor.EnsureSession(change, "s1", "changed", "/filled"));
        machine.Change(change => MemoryEditor.EnsureSession(change, "s1", "changed", "/changed"));
        Assert.Equal(2, machine.Journal().Count);
        var payload = JsonDocument.Parse(machine.Journal()[1].Payload).RootElement;
        Assert.Equal(("demo", "/filled"), (payload.Text("project"), payload.Text("directory")));
    }

    [Fact]
    [Trait("Case", "87")]
    public void Case87_SessionDelete_LeavesTombstones_AndStaysDeletedWhenEnrolledLater()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Prompt()));
        machine.Change(change => change.DeleteSession(MemorySessionTable.Find(change.Db, "s1")!, change.Now));
        Assert.NotNull(machine.Read(db => PromptTable.FindTombstone(db, Doc.PromptKey)));
        machine.Enroll("demo");
        machine.Change(static change => Backfill.Run(change, "demo"));
        Assert.Equal([("prompt", "delete"), ("session", "delete")], machine.Journal().Select(static j => (j.Entity, j.Op)));
        // A pending upsert of the program arrives: it does not come back.
        machine.Apply("prompt", Doc.PromptKey, "upsert", Doc.Prompt(), 7);
        Assert.Null(machine.Read(db => PromptTable.Find(db, Doc.PromptKey)));
    }

    [Fact]
    [Trait("Case", "88")]
    public void Case88_TextThatNoServerStores_StaysInTheRow_AndIsReplacedInThePayload()
    {
        using var machine = new MemoryMachine();
        machine.Enroll("demo");
        machine.Import(Doc.Of(Doc.Observation("nul \0 here")));
        Assert.Equal("nul \0 here", machine.Observation(Doc.Key)!.Content);
        Assert.Equal("nul \uFFFD here", JsonDocument.Parse(machine.Journal()[^1].Payload).RootElement.Text("content"));
        Assert.Empty(machine.Engine.GetMemoryQuarantine(null));
    }

    [Fact]
    public void KeyThatNoServerStores_IsQuarantinedAtOnce_AndHoldsUpNothing()
    {
        using var machine = new MemoryMachine();
        machine.Enroll("demo");
        machine.Import(Doc.Of(Doc.Observation(key: "obs-\0"), Doc.Observation()));
        machine.Change(static change => Backfill.Run(change, "demo"));
        var row = Assert.Single(machine.Engine.GetMemoryQuarantine("d*"));
        Assert.Equal(("Outgoing", "observation"), (row.Direction, row.Entity));
        Assert.Empty(machine.Engine.GetMemoryQuarantine("x*"));
        Assert.DoesNotContain(machine.Read(db => JournalTable.Sendable(db, 0, 100)), static j => j.EntityKey == "obs-\0");
        Assert.Equal(2, machine.Read(db => JournalTable.Sendable(db, 0, 100)).Count);
    }

    [Fact]
    public void PushCheck_NamesWhatNoServerTakes()
    {
        Assert.Null(PushCheck.Fault("observation", Doc.Key, "upsert", "demo", Doc.Observation().ToJsonString()));
        Assert.NotNull(PushCheck.Fault("observation", Doc.Key, "upsert", " ", Doc.Observation().ToJsonString()));
        Assert.NotNull(PushCheck.Fault("observation", "obs-2", "upsert", "demo", Doc.Observation().ToJsonString()));
        Assert.NotNull(PushCheck.Fault("observation", Doc.Key, "upsert", "demo", Doc.Observation(session: " ").ToJsonString()));
        Assert.NotNull(PushCheck.Fault("prompt", Doc.PromptKey, "upsert", "demo", Doc.Prompt(session: "").ToJsonString()));
        Assert.NotNull(PushCheck.Fault("relation", "rel-1", "upsert", "demo", "{\"sync_id\":\"rel-1\"}"));
        Assert.NotNull(PushCheck.Fault("observation", Doc.Key, "upsert", "demo", Doc.Observation(new string('x', 9_000_000)).ToJsonString()));
        Assert.Null(PushCheck.Fault("session", "s1", "upsert", "demo", "{\"id\":\"s1\"}"));
    }

    [Fact]
    [Trait("Case", "89")]
    public void Case89_VerdictsOfRelations_AreJournalled()
    {
        using var machine = new MemoryMachine();
        machine.Enroll("demo");
        machine.Import(Doc.Of(Doc.Observation(), Doc.Observation(key: "obs-2")));
        machine.Change(change => change.SaveRelation(Some("rel-1")));
        var payload = JsonDocument.Parse(machine.Journal()[^1].Payload).RootElement;
        Assert.Equal(("relation", "judged", "ann"), (machine.Journal()[^1].Entity, payload.Text("judgment_status"), payload.Text("marked_by_actor")));
    }

    [Fact]
    [Trait("Case", "90")]
    public void Case90_EditInAProjectThatIsNotEnrolled_IsMarkedUnsent_AndSentAtEnrollment()
    {
        using var machine = new MemoryMachine();
        machine.Enroll("demo");
        machine.Apply("session", "s1", "upsert", Doc.Session(), 1);
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 2);
        machine.Engine.DisableMemoryProject("demo");
        machine.Engine.EditMemory(Doc.Key, new MemoryEdit { Content = "unsent" });
        Assert.Empty(machine.Journal());
        Assert.Null(machine.Read(db => VersionTable.Find(db, Entity.Observation, Doc.Key))); // no row = -1
        machine.Enroll("demo");
        machine.Change(static change => Backfill.Run(change, "demo"));
        Assert.Equal([Doc.Key], machine.Journal().Select(static j => j.EntityKey));
    }

    [Fact]
    [Trait("Case", "90")]
    public void Case90_ProjectStoredUnderAnotherSpelling_IsSentAtEnrollmentUnderItsName()
    {
        using var machine = new MemoryMachine();
        machine.Import(new JsonObject
        {
            ["sessions"] = new JsonArray(Doc.Session(project: " DEMO ")), ["observations"] = new JsonArray(Doc.Observation(project: "Demo")),
        }.ToJsonString());
        machine.Enroll("demo");
        machine.Change(static change => Backfill.Run(change, "demo"));
        Assert.Equal([("s1", "demo"), (Doc.Key, "demo")], machine.Journal().Select(static j => (j.EntityKey, j.Project)));
    }

    [Fact]
    public void MonotoneVersions_ASlowClockNeverMakesAnEditOlder()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation(updated: "2030-01-01 00:00:00"), Doc.Prompt(created: "2030-01-01 00:00:00")));
        Assert.Equal("2030-01-01 00:00:00", MemoryTime.Text(machine.Engine.EditMemory(Doc.Key, new MemoryEdit { Title = "x" }).UpdatedAt!.Value));
        machine.Engine.RemoveMemory(Doc.Key, permanent: false);
        Assert.Equal("2030-01-01 00:00:00", machine.Observation(Doc.Key)!.UpdatedAt);
        machine.Engine.RemoveMemory(Doc.Key, permanent: true);
        Assert.Equal("2030-01-01 00:00:00", machine.Read(db => VersionTable.Find(db, Entity.Observation, Doc.Key))!.Value.Time);
        machine.Change(change => change.DeletePrompt(PromptTable.Find(change.Db, Doc.PromptKey)!, change.Now));
        Assert.Equal("2030-01-01 00:00:00", machine.Read(db => PromptTable.FindTombstone(db, Doc.PromptKey))!.DeletedAt);
        machine.Change(change => change.DeleteSession(MemorySessionTable.Find(change.Db, "s1")!, "2031-01-01 00:00:00"));
        machine.Change(change => MemoryEditor.EnsureSession(change, "s1", "demo"));
        Assert.Equal("2031-01-01 00:00:01", (string?)machine.Rows()["sessions"]![0]!["started_at"]);
    }

    internal static Relation Some(string id) => new()
    {
        SyncId = id, SourceId = Doc.Key, TargetId = "obs-2", Kind = "supersedes", JudgmentStatus = "judged", MarkedByActor = "ann",
        MarkedByKind = "human", CreatedAt = "2026-04-27 09:00:00", UpdatedAt = "2026-04-27 09:00:00",
    };
}
