using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>What two machines and a server show together: journal, deletes, names, logs that began anew, several pages.</summary>
public sealed partial class CycleTests
{
    [Fact]
    [Trait("Case", "33")]
    public void Case33_PulledData_IsNotPushedAgain_AfterARestartOrAnotherEnrollment()
    {
        Seed(_a, "o1");
        _a.AddPrompt("m1", "s");
        _a.Cycle();
        _b.Cycle();
        _b.Restart();
        Assert.Null(_b.Cycle().Failure);
        _b.Unenroll("p");
        _b.Enroll("p");
        Assert.True(_b.Cycle().ReadFromZero);
        Assert.Null(_b.Cycle().Failure);
        Assert.DoesNotContain(_server.Requests, request => request is { Machine: "B", Body: not null });
        Assert.Equal((0, 3), (_b.Pending, _server.Head));
    }

    [Fact]
    [Trait("Case", "52")]
    public void Case52_OwnNumbersBehindAForeignOne_TheCursorPassesItOnlyByConsumingIt()
    {
        Seed(_a, "o1");
        _a.Cycle();
        _server.Append("p", "session", "foreign", "upsert", """{"id":"foreign","project":"p","directory":"/f"}""");
        _a.Save("o2", "s", "c");
        long? afterPush = null;
        _server.After = (_, route) => afterPush = route.EndsWith("push", StringComparison.Ordinal) ? _a.State.Cursor : afterPush;
        Assert.Null(_a.Cycle().Failure);
        Assert.True(afterPush <= 2, $"the cursor stood on {afterPush}");
        Assert.Equal(4, _a.State.Cursor);
        Assert.True(MemorySessionTable.Exists(_a.Db, "foreign"));
    }

    /// <summary>There is no pause of its own (docs/design.md): an upgrade takes the lease of the cycle and gives it back.</summary>
    [Fact]
    [Trait("Case", "59")]
    public void Case59_WhoHoldsTheLease_StopsCyclesAndKeepsIt_AfterwardsOneRuns()
    {
        Seed(_a, "o1");
        Assert.True(TryLease("upgrade"));
        Assert.Equal(ErrorCode.SyncInProgress, Assert.Throws<ArtifactSyncException>(() => _a.Cycle()).Code);
        Assert.Empty(_server.Requests);
        Assert.Equal(("upgrade", 2), (_a.State.LeaseOwner, _a.Pending));
        Release("upgrade");
        Assert.Equal(2, _a.Cycle().Pushed["p"]);
    }

    [Fact]
    [Trait("Case", "34")]
    public void Case34_ReleaseByAStranger_HasNoEffect()
    {
        Assert.True(TryLease("owner"));
        Release("stranger");
        Assert.Equal("owner", _a.State.LeaseOwner);
        Assert.False(TryLease("stranger"));
        Assert.True(TryLease("owner")); // renewed
        Release("owner");
        Assert.True(TryLease("stranger"));
    }

    [Fact]
    [Trait("Case", "75")]
    public void Case75_TwoRowsWithOneId_APulledDeleteLeavesNoLiveCopy()
    {
        Seed(_a, "o1");
        _a.Cycle();
        _b.Cycle();
        _b.Write(change => ObservationTable.Insert(change.Db, ObservationTable.Find(change.Db, "o1")! with { Content = "twin" }));
        Assert.Equal(2, ObservationTable.All(_b.Db).Count());
        _a.SoftDelete("o1");
        _a.Cycle();
        Assert.Null(_b.Cycle().Failure);
        Assert.NotNull(Assert.Single(ObservationTable.All(_b.Db)).DeletedAt);
    }

    [Fact]
    [Trait("Case", "87")]
    public void Case87_SessionDelete_LeavesTombstonesOnAuthorAndPeer()
    {
        _a.CreateSession("s", "p", "/d");
        _a.AddPrompt("m1", "s");
        _a.Cycle();
        _b.Cycle();
        _a.DeleteSession("s");
        _a.Cycle();
        Assert.Null(_b.Cycle().Failure);
        foreach (var machine in (MemoryMachine[])[_a, _b])
        {
            Assert.False(MemorySessionTable.Exists(machine.Db, "s"));
            Assert.Equal("m1", Assert.Single(PromptTable.Tombstones(machine.Db, null)).SyncId);
        }
    }

    [Fact]
    [Trait("Case", "87")]
    public void Case87_DeletedBeforeEnrollment_StaysDeleted_WhateverUpsertsThePendingJournalHolds()
    {
        _a.Unenroll("p");
        _a.CreateSession("s", "p", "/d");
        _a.AddPrompt("m1", "s");
        _a.Write(change =>
        {
            JournalTable.Append(change.Db, "session", "s", "upsert", "p", """{"id":"s","project":"p","directory":"/d"}"""u8, change.NowMs);
            JournalTable.Append(change.Db, "prompt", "m1", "upsert", "p", """{"sync_id":"m1","session_id":"s","content":"c","project":"p"}"""u8, change.NowMs);
        });
        _a.DeleteSession("s");
        _a.Enroll("p");
        _a.Cycle();
        Assert.Null(_a.Cycle().Failure);
        Assert.Null(_b.Cycle().Failure);
        Assert.Equal(["prompt delete", "session delete"], _server.Entries.Select(entry => $"{entry.Entity} {entry.Op}"));
        Assert.Empty(_b.Content());
        Assert.Equal(0, _a.Pending);
    }

    [Fact]
    [Trait("Case", "88")]
    public void Case88_TextThatNoServerStores_TheQueueDrains()
    {
        _a.CreateSession("s", "p", "/d");
        _a.Save("o1", "s", "a\0b");
        Assert.Null(_a.Cycle().Failure);
        Assert.Equal(0, _a.Pending);
        Assert.Equal(["a\uFFFDb"], _server.Entries.Where(entry => entry.Entity == "observation").Select(entry => Content(entry.Payload)));
        Assert.Equal("a\0b", ObservationTable.Find(_a.Db, "o1")!.Content);
    }

    [Fact]
    [Trait("Case", "91")]
    public void Case91_Names_AreSentNormalised()
    {
        Enroll(_a, "new-name");
        _a.CreateSession("s", " New--Name ", "/d");
        _a.Save("o1", "s", "c", project: "NEW--Name");
        Assert.Null(_a.Cycle().Failure);
        using var sent = JsonDocument.Parse(_server.LastPush);
        var projects = sent.RootElement.GetProperty("entries").EnumerateArray().Select(entry => entry.Text("project")).ToList();
        Assert.Equal(["new-name", "new-name"], projects);
        Assert.Equal(0, _a.Pending);
    }

    /// <param name="kept">Of the log: nothing, or what is older than the row on the machine that only pulls.</param>
    [Theory]
    [Trait("Case", "100")]
    [InlineData(0)]
    [InlineData(2)]
    public void Case100_NumbersRestarted_ANewerRowOfAMachineThatOnlyPulls_SurvivesAndIsQueuedAgain(long kept)
    {
        Seed(_a, "o1");
        _a.Cycle();
        _a.Clock.Advance(TimeSpan.FromMinutes(1));
        _a.Edit("o1", "newer");
        _a.Cycle();
        _b.Cycle();
        _server.KeepUpTo(kept);
        _server.Append("p", "session", "t", "upsert", """{"id":"t","project":"p","directory":"/t"}"""); // numbers are given anew
        var report = _b.Cycle();
        Assert.True(report.WasReset);
        Assert.True(report.Queued >= 1);
        Assert.Null(_b.Cycle().Failure);
        Assert.Null(_a.Cycle().Failure);
        Assert.Null(_a.Cycle().Failure);
        Assert.Equal("newer", ObservationTable.Find(_b.Db, "o1")!.Content);
        Assert.Equal("newer", Content(_server.Entries.Last(entry => entry.EntityKey == "o1").Payload));
        Assert.Equal(_a.Content(), _b.Content());
    }

    [Fact]
    [Trait("Case", "105")]
    public void Case105_AReReadOfSeveralPagesBelowTheCursor_IsNoProtocolError()
    {
        _a.CreateSession("s", "p", "/d");
        for (var i = 0; i < 11; i++)
        {
            _a.Save($"o{i}", "s", "c");
        }

        _a.Cycle();
        _b.Cycle();
        _server.Requests.Clear();
        _b.Restart();
        Assert.Null(_b.Cycle().Failure);
        Assert.Equal(4, _server.Requests.Count); // twelve numbers, three a page, all below the cursor
        Assert.Contains("since_seq=0", _server.Requests[0].Query, StringComparison.Ordinal);
        Assert.Equal(12, _b.State.Cursor);
    }

    private static string? Content(string payload)
    {
        using var document = JsonDocument.Parse(payload);
        return document.RootElement.Text("content");
    }

    private void Release(string owner)
    {
        using var transaction = _a.Archive.BeginLedger();
        MemoryTargetTable.ReleaseLease(transaction.Db, owner);
        transaction.Commit();
    }
}
