using System.Text.Json.Nodes;
using ArtifactSync.Memory;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.Memory;

/// <summary>The cases of section 9.6 that one machine can show, by number.</summary>
[Trait("Category", "Memory")]
public sealed class ApplyTests
{
    [Fact]
    [Trait("Case", "63")]
    public void Case63_SameMutationTwice_OneRow()
    {
        using var machine = WithSession();
        Assert.Equal(ApplyOutcome.Applied, machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 2));
        Assert.Equal(ApplyOutcome.Stale, machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 2));
        Assert.Single(machine.Rows()["observations"]!.AsArray());
    }

    [Fact]
    [Trait("Case", "64")]
    [Trait("Case", "65")]
    public void Case64And65_DoublyEncoded_IsAccepted_TimesAndCountsArePreserved()
    {
        using var machine = WithSession();
        machine.Apply("observation", Doc.Key, "upsert", JsonValue.Create(Doc.Observation().ToJsonString()), 2);
        var row = machine.Observation(Doc.Key)!;
        Assert.Equal((3, 2, "2026-04-27 08:10:00", "2026-04-27 09:00:00"), (row.RevisionCount, row.DuplicateCount, row.CreatedAt, row.UpdatedAt));
    }

    [Fact]
    [Trait("Case", "66")]
    public void Case66_SessionUpsertWithDeletedAt_RemovesSessionAndPrompts()
    {
        using var machine = WithSession();
        machine.Apply("prompt", Doc.PromptKey, "upsert", Doc.Prompt(), 2);
        machine.Apply("session", "s1", "upsert", new JsonObject { ["id"] = "s1", ["project"] = "demo", ["deleted_at"] = "2026-04-28 00:00:00" }, 3);
        var rows = machine.Rows();
        Assert.Empty(rows["sessions"]!.AsArray());
        Assert.Empty(rows["user_prompts"]!.AsArray());
        Assert.Equal("2026-04-28 00:00:00", (string?)rows["prompt_tombstones"]![0]!["deleted_at"]);
    }

    [Fact]
    [Trait("Case", "67")]
    public void Case67_PromptDelete_OlderUpsertStaysIgnored_ALaterOneRestores()
    {
        using var machine = WithSession();
        machine.Apply("prompt", Doc.PromptKey, "delete", new JsonObject { ["sync_id"] = Doc.PromptKey, ["deleted_at"] = "2026-04-27 10:00:00" }, 2);
        Assert.Equal(ApplyOutcome.Stale, machine.Apply("prompt", Doc.PromptKey, "upsert", Doc.Prompt(created: "2026-04-27 09:59:59"), 3));
        Assert.Equal(ApplyOutcome.Applied, machine.Apply("prompt", Doc.PromptKey, "upsert", Doc.Prompt(created: "2026-04-27 10:00:01"), 4));
        Assert.Empty(machine.Rows()["prompt_tombstones"]!.AsArray());
    }

    [Fact]
    [Trait("Case", "68")]
    public void Case68_RelationBeforeItsObservations_IsDeferred_AppliedOnceTheyArrive()
    {
        using var machine = WithSession();
        Assert.Equal(ApplyOutcome.Deferred, machine.Apply("relation", "rel-1", "upsert", Relation(), 2));
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 3);
        machine.Replay();
        Assert.Equal((1L, 0L), machine.Read(DeferredTable.Count));
        machine.Apply("observation", "obs-2", "upsert", Doc.Observation(key: "obs-2"), 4);
        machine.Replay();
        Assert.NotNull(machine.Read(db => RelationTable.Find(db, "rel-1")));
        Assert.Equal((0L, 0L), machine.Read(DeferredTable.Count));
        Assert.Equal(ApplyOutcome.Dead, machine.Apply("relation", "rel-2", "upsert", new JsonObject { ["sync_id"] = "rel-2", ["source_id"] = "x" }, 5));
    }

    [Fact]
    [Trait("Case", "68")]
    public void Case68_FiveMissesKill_OnlyCountedWhenSomethingWasApplied_AndDeadStaysDead()
    {
        using var machine = WithSession();
        machine.Apply("relation", "rel-1", "upsert", Relation(), 2);
        for (var i = 0; i < 9; i++)
        {
            machine.Replay(appliedSomething: false);
        }

        Assert.Equal((1L, 0L), machine.Read(DeferredTable.Count));
        for (var i = 0; i < Deferral.MaxRetries; i++)
        {
            machine.Replay();
        }

        Assert.Equal((0L, 1L), machine.Read(DeferredTable.Count));
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 3);
        machine.Apply("observation", "obs-2", "upsert", Doc.Observation(key: "obs-2"), 4);
        machine.Replay();
        Assert.Equal((0L, 1L), machine.Read(DeferredTable.Count));
    }

    [Fact]
    [Trait("Case", "69")]
    public void Case69_ObservationBeforeItsSession_IsDeferred_TheSessionWakesIt_EvenWhenItDied()
    {
        using var machine = new MemoryMachine();
        Assert.Equal(ApplyOutcome.Deferred, machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 2));
        Assert.Equal(ApplyOutcome.Applied, machine.Apply("session", "s2", "upsert", Doc.Session("s2"), 3));
        for (var i = 0; i < Deferral.MaxRetries; i++)
        {
            machine.Replay();
        }

        Assert.Equal((0L, 1L), machine.Read(DeferredTable.Count));
        machine.Apply("session", "s1", "upsert", Doc.Session(), 4);
        machine.Replay();
        Assert.NotNull(machine.Observation(Doc.Key));
    }

    [Fact]
    public void Deferred_OfOneEntity_KeepsTheLaterOne_AndANewerStateIsNotOverwritten()
    {
        using var machine = new MemoryMachine();
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation("later", "2026-04-28 00:00:00"), 5);
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation("earlier"), 4);
        machine.Apply("session", "s1", "upsert", Doc.Session(), 6);
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation("latest", "2026-04-29 00:00:00"), 7);
        machine.Replay();
        Assert.Equal("latest", machine.Observation(Doc.Key)!.Content);
        Assert.Equal((0L, 0L), machine.Read(DeferredTable.Count));
    }

    [Fact]
    [Trait("Case", "70")]
    public void Case70_TwoRelationsForOnePair_Coexist()
    {
        using var machine = WithSession();
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 2);
        machine.Apply("observation", "obs-2", "upsert", Doc.Observation(key: "obs-2"), 3);
        machine.Apply("relation", "rel-1", "upsert", Relation(), 4);
        machine.Apply("relation", "rel-2", "upsert", Relation("rel-2"), 5);
        Assert.Equal(2, machine.Read(db => db.Scalar<long>("SELECT count(*) FROM memory_relations")));
    }

    [Theory]
    [Trait("Case", "71")]
    [InlineData(MemoryOrder.LogOrder, "2026-04-27 09:00:00")]
    [InlineData(MemoryOrder.LogOrder, "2030-01-01 00:00:00")]
    [InlineData(MemoryOrder.Lww, "2026-04-27 09:00:00")]
    public void Case71_PendingLocalEdit_IsNotOverwrittenByAPull(MemoryOrder order, string time)
    {
        using var machine = WithSession();
        machine.Enroll("demo");
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 2);
        machine.Engine.EditMemory(Doc.Key, new MemoryEdit { Content = "mine" });
        Assert.Equal(ApplyOutcome.Stale, machine.Apply("observation", Doc.Key, "upsert", Doc.Observation("theirs", time), 9, order));
        Assert.Equal("mine", machine.Observation(Doc.Key)!.Content);
    }

    [Theory]
    [Trait("Case", "101")]
    [InlineData("observation", "replace", "{}", "unknown_op")]
    [InlineData("planet", "upsert", "{}", "unknown_entity")]
    [InlineData("observation", "upsert", "null", "undecodable_payload")]
    [InlineData("observation", "upsert", "5", "undecodable_payload")]
    [InlineData("observation", "upsert", "[]", "undecodable_payload")]
    [InlineData("observation", "upsert", "\"\\\"{}\\\"\"", "undecodable_payload")]
    [InlineData("observation", "upsert", "{}", "blank_session")]
    [InlineData("observation", "upsert", "{\"sync_id\":7}", "undecodable_payload")]
    [InlineData("prompt", "upsert", "{}", "blank_session")]
    public void Case101_WhatCanNeverApply_IsDead(string entity, string op, string payload, string reason)
    {
        using var machine = WithSession();
        var result = machine.Change(change => new MutationApplier(change, default).Apply(new Mutation(entity, "key", op, "demo", payload, 9, null)));
        Assert.Equal((ApplyOutcome.Dead, reason), (result.Outcome, result.Reason));
        Assert.Equal((0L, 1L), machine.Read(DeferredTable.Count));
        Assert.Equal("Incoming", machine.Engine.GetMemoryQuarantine(null).Single().Direction);
    }

    [Fact]
    [Trait("Case", "102")]
    public void Case102_BlankIdTakesTheKey_BothBlankIsDead_AMismatchIsDead()
    {
        using var machine = WithSession();
        Assert.Equal(ApplyOutcome.Applied, machine.Apply("observation", "obs-1", "upsert", Doc.Observation(key: ""), 2));
        Assert.Equal(ApplyOutcome.Applied, machine.Apply("observation", "obs-2", "upsert", Doc.Observation(key: ""), 3));
        Assert.Equal(ApplyOutcome.Dead, machine.Apply("observation", " ", "upsert", Doc.Observation(key: ""), 4));
        Assert.Equal(ApplyOutcome.Dead, machine.Apply("observation", "obs-3", "upsert", Doc.Observation(key: "obs-4"), 5));
        Assert.Equal(2, machine.Rows()["observations"]!.AsArray().Count);
        Assert.Equal((0L, 2L), machine.Read(DeferredTable.Count));
    }

    [Fact]
    [Trait("Case", "103")]
    public void Case103_SessionUpsertWithoutDirectory_KeepsTheLocalOne_AndProjectsAreNormalised()
    {
        using var machine = WithSession();
        machine.Apply("session", "s1", "upsert", new JsonObject { ["id"] = "s1", ["project"] = " New--Name " }, 9);
        var row = machine.Rows()["sessions"]![0]!;
        Assert.Equal(("new-name", "/d"), ((string?)row["project"], (string?)row["directory"]));
    }

    [Fact]
    [Trait("Case", "104")]
    public void Case104_PulledHardDelete_OrphansRelations()
    {
        using var machine = WithSession();
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 2);
        machine.Apply("observation", "obs-2", "upsert", Doc.Observation(key: "obs-2"), 3);
        machine.Apply("relation", "rel-1", "upsert", Relation(), 4);
        machine.Apply("observation", Doc.Key, "delete", new JsonObject { ["sync_id"] = Doc.Key, ["hard_delete"] = true, ["deleted_at"] = "2026-04-28 00:00:00" }, 5);
        Assert.Equal("orphaned", machine.Read(db => RelationTable.Find(db, "rel-1"))!.JudgmentStatus);
        Assert.Equal(VersionState.Gone, machine.Read(db => VersionTable.Find(db, Entity.Observation, Doc.Key))!.Value.State);
    }

    [Fact]
    public void SoftDelete_WithAndWithoutTheRow_EndsDeleted_ByTheVersionTime()
    {
        using var machine = WithSession();
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 2);
        machine.Apply("observation", Doc.Key, "delete", new JsonObject { ["sync_id"] = Doc.Key, ["deleted"] = true, ["deleted_at"] = "2026-04-28 00:00:00" }, 3);
        Assert.Equal(("2026-04-28 00:00:00", "text"), (machine.Observation(Doc.Key)! is var o ? (o.UpdatedAt, o.Content) : default));
        machine.Apply("observation", "obs-2", "delete", Doc.Observation("carried", deleted: "2026-04-27 09:00:00", key: "obs-2"), 4);
        Assert.Equal(("carried", "2026-04-27 09:00:00"), (machine.Observation("obs-2")! is var p ? (p.Content, p.DeletedAt) : default));
        machine.Apply("observation", "obs-3", "delete", new JsonObject { ["sync_id"] = "obs-3", ["deleted_at"] = "2026-04-28 00:00:00" }, 5);
        Assert.Null(machine.Observation("obs-3"));
        Assert.Equal(ApplyOutcome.Stale, machine.Apply("observation", "obs-3", "upsert", Doc.Observation(key: "obs-3"), 4));
        Assert.Equal(ApplyOutcome.Applied, machine.Apply("observation", "obs-3", "upsert", Doc.Observation(key: "obs-3"), 6));
    }

    [Fact]
    public void SessionRegisters_EachFieldHasItsOwnNumber()
    {
        using var machine = new MemoryMachine();
        machine.Apply("session", "s1", "upsert", new JsonObject { ["id"] = "s1", ["project"] = "demo", ["directory"] = "/five" }, 5);
        machine.Apply("session", "s1", "upsert", new JsonObject { ["id"] = "s1", ["project"] = "old", ["directory"] = "/three", ["ended_at"] = "2026-04-27 10:00:00" }, 3);
        var row = machine.Rows()["sessions"]![0]!;
        Assert.Equal(("demo", "/five", "2026-04-27 10:00:00"), ((string?)row["project"], (string?)row["directory"], (string?)row["ended_at"]));
        machine.Apply("session", "s1", "delete", new JsonObject { ["id"] = "s1", ["deleted_at"] = "2026-04-20 00:00:00" }, 4);
        row = machine.Rows()["sessions"]![0]!;
        Assert.Equal(("demo", "/five", null), ((string?)row["project"], (string?)row["directory"], (string?)row["ended_at"]));
    }

    [Fact]
    public void SessionInUse_DeleteWaits_AndIsAnsweredAtTheEndOfThePull()
    {
        using var machine = WithSession();
        machine.Enroll("demo");
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 2);
        Assert.Equal(ApplyOutcome.Deferred, machine.Apply("session", "s1", "delete", new JsonObject { ["id"] = "s1", ["project"] = "demo", ["deleted_at"] = "2026-04-28 00:00:00" }, 3));
        Assert.Equal(1, machine.Change(Answers.Write));
        Assert.Equal(("session", "s1", "upsert"), (machine.Journal().Single() is var j ? (j.Entity, j.EntityKey, j.Op) : default));
        Assert.Equal((0L, 0L), machine.Read(DeferredTable.Count));
    }

    [Fact]
    public void SessionInUse_ANewerUpsertRemovesTheWaitingDelete_AfterItBlankedWhatIsOlder()
    {
        using var machine = WithSession();
        machine.Apply("session", "s1", "upsert", Doc.Session(ended: "2026-04-27 10:00:00", summary: "old"), 2);
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation(), 3);
        machine.Apply("session", "s1", "delete", new JsonObject { ["id"] = "s1", ["deleted_at"] = "2026-04-20 00:00:00" }, 4);
        machine.Apply("session", "s1", "upsert", new JsonObject { ["id"] = "s1", ["project"] = "demo", ["directory"] = "/new" }, 5);
        var row = machine.Rows()["sessions"]![0]!;
        Assert.Equal(("/new", null, null), ((string?)row["directory"], (string?)row["ended_at"], (string?)row["summary"]));
        Assert.Equal((0L, 0L), machine.Read(DeferredTable.Count));
    }

    [Fact]
    public void PromptOfADeletedSession_IsRefused_AndItsDeleteIsAnswered()
    {
        using var machine = WithSession();
        machine.Enroll("demo");
        machine.Apply("session", "s1", "delete", new JsonObject { ["id"] = "s1", ["project"] = "demo", ["deleted_at"] = "2026-04-28 00:00:00" }, 2);
        Assert.Equal(ApplyOutcome.Stale, machine.Apply("prompt", Doc.PromptKey, "upsert", Doc.Prompt(), 3));
        Assert.Equal(1, machine.Change(Answers.Write));
        Assert.Equal(("prompt", "delete"), (machine.Journal().Single() is var j ? (j.Entity, j.Op) : default));
        Assert.Equal(0, machine.Change(Answers.Write));
    }

    [Fact]
    public void PassFromZero_AHeldNewerRowIsJournalledAgain_AnEqualOneTakesItsNumber()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation("newer", "2026-04-28 00:00:00"), Doc.Observation("equal", key: "obs-2")));
        machine.Enroll("demo");
        machine.Apply("observation", Doc.Key, "upsert", Doc.Observation("older"), 2, passFromZero: true);
        machine.Apply("observation", "obs-2", "upsert", Doc.Observation("equal", key: "obs-2"), 3, passFromZero: true);
        Assert.Equal("newer", machine.Observation(Doc.Key)!.Content);
        Assert.Equal(3, machine.Read(db => VersionTable.Find(db, Entity.Observation, "obs-2"))!.Value.Seq);
        machine.Change(Answers.Write);
        Assert.Equal([Doc.Key], machine.Journal().Where(static j => j.Entity == "observation").Select(static j => j.EntityKey));
    }

    private static MemoryMachine WithSession()
    {
        var machine = new MemoryMachine();
        machine.Apply("session", "s1", "upsert", Doc.Session(), 1);
        return machine;
    }

    private static JsonObject Relation(string id = "rel-1") => new()
    {
        ["sync_id"] = id, ["source_id"] = Doc.Key, ["target_id"] = "obs-2", ["relation"] = "supersedes", ["judgment_status"] = "judged",
        ["marked_by_actor"] = "ann", ["marked_by_kind"] = "human", ["project"] = "demo", ["created_at"] = "2026-04-27 09:00:00", ["updated_at"] = "2026-04-27 09:00:00",
    };
}
