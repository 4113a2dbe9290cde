using System.Text;
using System.Text.Json.Nodes;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Memory.Server;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>Faults of projects and rows, leases, other logs.</summary>
public sealed partial class CycleTests
{
    [Fact]
    public async Task Refusal_ThatSaysTheTokenBack_IsToldWithoutIt()
    {
        const string token = "tOkEn-of-the-memory-server";
        _server.Alter = (_, _, answer) => answer with { Status = 401, Body = Encoding.UTF8.GetBytes($$"""{"error":"no such token: {{token}}"}""") };
        using var client = _server.Client("A", token: new System.Net.NetworkCredential("", token).SecurePassword);
        var fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => client.PullAsync(0, 10, CancellationToken.None));
        Assert.Equal(ErrorCode.TargetUnauthorized, fault.Code);
        Assert.Contains("no such token: ***", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Token_WithALineBreak_IsRefusedBeforeAnyRequest()
    {
        var fault = Assert.Throws<ArtifactSyncException>(() => _server.Client("A", token: new System.Net.NetworkCredential("", "a\nb").SecurePassword));
        Assert.Equal(ErrorCode.InvalidArgument, fault.Code);
    }

    [Fact]
    [Trait("Case", "60")]
    public void Case60_OnlyUnenrolledRowsPending_Blocked_PullRunsAndDoesNotClearIt()
    {
        Seed(_a, "o1");
        _a.Unenroll("p");
        _server.Append("p", "session", "foreign", "upsert", """{"id":"foreign","project":"p","directory":"/f"}""");
        Assert.Null(_a.Cycle().Failure);
        Assert.DoesNotContain(_server.Requests, request => request.Route.EndsWith("push", StringComparison.Ordinal));
        Assert.Equal(("degraded", "non_enrolled_pending_mutations"), (_a.State.Lifecycle, _a.State.ReasonCode));
        Assert.Contains("p=2", _a.State.ReasonMessage, StringComparison.Ordinal);
        Assert.True(MemorySessionTable.Exists(_a.Db, "foreign"));
        Assert.Equal(2, _a.Pending);
    }

    [Fact]
    [Trait("Case", "61")]
    [Trait("Case", "96")]
    public void Case61And96_OneProjectRefused_TheOthersArePushed_AndThePullRuns()
    {
        Enroll(_a, "q");
        _a.CreateSession("sp", "p", "/d");
        _a.CreateSession("sq", "q", "/d");
        _server.Append("q", "session", "foreign", "upsert", """{"id":"foreign","project":"q","directory":"/f"}""");
        _server.Pause("p", paused: true);
        var report = _a.Cycle();
        Assert.Null(report.Failure);
        Assert.Equal((ErrorCode.SyncPaused, "p"), (report.PushFault!.Code, report.PushFault.Key));
        Assert.Equal(1, report.Pushed["q"]);
        Assert.True(MemorySessionTable.Exists(_a.Db, "foreign"));
        Assert.Equal(("degraded", "paused"), (_a.State.Lifecycle, _a.State.ReasonCode));
        _server.Pause("p", paused: false);
        Assert.Equal(1, _a.Cycle().Pushed["p"]);
        Assert.Equal("healthy", _a.State.Lifecycle);
    }

    [Fact]
    public void OneProjectFails_ItsLaterRowsStay_InOrder()
    {
        Enroll(_a, "q");
        _a.CreateSession("sp", "p", "/d");
        _a.CreateSession("sq", "q", "/d");
        for (var i = 0; i < 150; i++)
        {
            _a.Save($"p{i:000}", "sp", "c");
        }

        _server.Allow("A", "q");
        Assert.Equal(ErrorCode.TargetForbidden, _a.Cycle().PushFault!.Code);
        Assert.Equal(1, _server.Requests.Count(request => request.Status == 403));
        _server.Allow("A", "p", "q");
        _a.Cycle();
        var keys = _server.Entries.Where(e => e.Project == "p" && e.Entity == "observation").Select(e => e.EntityKey).ToList();
        Assert.Equal(150, keys.Count);
        Assert.Equal(keys.Order(StringComparer.Ordinal), keys);
    }

    [Fact]
    public void RefusedEntry_IsQuarantined_TheRestGoesWithTheNextCycle()
    {
        Seed(_a, "o1");
        _a.Save("o2", "s", "fine");
        var refuse = true;
        _server.Alter = (_, route, answer) =>
        {
            if (!refuse || !route.EndsWith("push", StringComparison.Ordinal))
            {
                return answer;
            }

            _server.KeepUpTo(0);
            refuse = false;
            return LogAnswer.Invalid([(1, "content", "observation")]);
        };
        var report = _a.Cycle();
        Assert.Null(report.Failure);
        Assert.Contains(report.Faults, fault => fault is { EntityType: "observation", Key: "o1", Code: ErrorCode.MutationRefused });
        Assert.Equal(2, _a.Pending);
        Assert.Null(_a.Cycle().Failure);
        Assert.Equal(["s", "o2"], _server.Entries.Select(entry => entry.EntityKey));
        Assert.Equal(1, _a.Db.Scalar<long>("SELECT count(*) FROM memory_mutations WHERE disposition = 'quarantined'"));
    }

    [Fact]
    public void LargeRows_AreSplitBelow8MiB()
    {
        _a.CreateSession("s", "p", "/d");
        for (var i = 0; i < 40; i++)
        {
            _a.Save($"o{i}", "s", new string('\u0001', 50_000)); // six bytes each on the wire
        }

        Assert.Null(_a.Cycle().Failure);
        Assert.Equal(0, _a.Pending);
        Assert.True(_server.Requests.Count(r => r.Route.EndsWith("push", StringComparison.Ordinal)) >= 2);
        Assert.All(_server.Requests, request => Assert.True((request.Body?.Length ?? 0) < PushBatch.MaxBody));
    }

    [Fact]
    [Trait("Case", "93")]
    public void Case93_AnswerTooLarge_HalvesTheLimitDownToOne()
    {
        _a.Settings = _a.Settings with { PageSize = 100 };
        _server.Append("p", "session", "s", "upsert", """{"id":"s","project":"p","directory":"/d"}""");
        _server.Append("p", "session", "t", "upsert", """{"id":"t","project":"p","directory":"/d"}""");
        _server.Alter = (_, route, answer) =>
        {
            using var page = System.Text.Json.JsonDocument.Parse(answer.Body);
            return page.RootElement.GetProperty("mutations").GetArrayLength() > 1 ? answer with { Body = new byte[MutationClient.MaxAnswer + 1] } : answer;
        };
        Assert.Null(_a.Cycle().Failure);
        Assert.Equal(2, MemorySessionTable.All(_a.Db).Count());
        Assert.Contains("limit=1", _server.Requests[^1].Query, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Case", "34")]
    public void Lease_IsRenewedBeforeEveryRequest_AndASecondProcessWaits()
    {
        Seed(_a, "o1");
        var until = new List<long?>();
        _server.Before = (_, _) =>
        {
            _a.Clock.Advance(TimeSpan.FromSeconds(50)); // two such requests outlive a lease of 60 s
            until.Add(_a.State.LeaseUntil - _a.Clock.Now.ToUnixTimeMilliseconds());
            Assert.False(TryLease("other"));
        };
        Assert.Null(_a.Cycle().Failure);
        Assert.True(until.Count >= 2);
        Assert.All(until, left => Assert.Equal(10_000, left));
        Assert.Null(_a.State.LeaseOwner);
        Assert.True(TryLease("other"));
        Assert.Throws<ArtifactSyncException>(() => _a.Cycle());
        _a.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Null(_a.Cycle().Failure);
    }

    [Fact]
    [Trait("Case", "34")]
    public void Case34_LeaseLostInBetween_StopsTheCycle()
    {
        Seed(_a, "o1");
        _server.After = (_, route) =>
        {
            if (route.EndsWith("push", StringComparison.Ordinal))
            {
                _a.Clock.Advance(TimeSpan.FromSeconds(61));
                Assert.True(TryLease("other"));
            }
        };
        Assert.Equal(ErrorCode.SyncInProgress, _a.Cycle().Failure!.Code);
        Assert.DoesNotContain(_server.Requests, request => request.Route.EndsWith("/pull", StringComparison.Ordinal));
        Assert.Equal("other", _a.State.LeaseOwner);
    }

    [Fact]
    [Trait("Case", "36")]
    public void Case36_TargetKeys_AddressOneRow_AndAMissingRowIsMade()
    {
        _a.Write(change =>
        {
            change.Db.Execute("DELETE FROM memory_targets");
            Assert.Equal(0, MemoryTargetTable.Cursor(change.Db));
            MemoryTargetTable.Advance(change.Db, 5, new CursorMark("session", "s", "upsert", ""), change.NowMs);
            MemoryTargetTable.SetHealthy(change.Db, " Cloud ", change.NowMs);
            MemoryTargetTable.SetFailure(change.Db, "CLOUD", "transport_failed", "m", null, change.NowMs);
            MemoryTargetTable.SetHealthy(change.Db, "", change.NowMs);
        });
        Assert.Equal(5, _a.State.Cursor);
        Assert.Equal(1, _a.Db.Scalar<long>("SELECT count(*) FROM memory_targets"));
    }

    [Fact]
    [Trait("Case", "71")]
    public void Case71_PendingEdit_IsNotOverwrittenByAnEcho()
    {
        Seed(_a, "o1");
        _a.Cycle();
        _a.Edit("o1", "v2");
        _server.After = (_, route) =>
        {
            if (route.EndsWith("/pull", StringComparison.Ordinal) && _a.Pending == 0)
            {
                _server.After = null;
                _a.Edit("o1", "v3");
            }
        };
        _a.Cycle();
        Assert.Equal("v3", ObservationTable.Find(_a.Db, "o1")!.Content);
        _a.Cycle();
        _b.Cycle();
        Assert.Equal("v3", ObservationTable.Find(_b.Db, "o1")!.Content);
    }

    [Fact]
    [Trait("Case", "100")]
    public void Case100_NumbersRestarted_AMachineThatOnlyPullsResetsToo()
    {
        Seed(_a, "o1");
        _a.Cycle();
        _b.Cycle();
        _server.KeepUpTo(0);
        var report = _b.Cycle();
        Assert.True(report.WasReset);
        Assert.Equal(2, report.Queued);
        Assert.Null(_b.Cycle().Failure);
        Assert.Equal(2, _server.Head);
    }

    [Fact]
    [Trait("Case", "105")]
    public void Case105_AProjectAllowedLater_ItsRowsBelowTheCursorArrive()
    {
        Enroll(_a, "side");
        _server.Allow("B", "p");
        _a.CreateSession("side-s", "side", "/d");
        _a.Save("side-1", "side-s", "c");
        Seed(_a, "o1");
        _a.Cycle();
        _b.Cycle();
        Assert.False(ObservationTable.Exists(_b.Db, "side-1"));
        _server.Allow("B", "p", "side");
        _a.Save("side-2", "side-s", "c");
        _a.Cycle();
        Assert.Null(_b.Cycle().Failure);
        Assert.Equal(_a.Content(), _b.Content());
    }

    [Fact]
    public void AnotherServer_IsReadFromItsBeginning_AndGetsWhatItLacks()
    {
        Seed(_a, "o1");
        _a.Cycle();
        Assert.Equal(2, _a.State.Cursor);
        _server.KeepUpTo(0); // stands for an empty server at another address
        var report = _a.Run((cycle, token) => cycle.RunAsync(TimeSpan.Zero, token), "http://127.0.0.1:2");
        Assert.True(report.WasReset);
        Assert.Equal(2, report.Queued);
        Assert.Equal("http://127.0.0.1:2", _a.State.ServerUrl);
        report = _a.Run((cycle, token) => cycle.RunAsync(TimeSpan.Zero, token), "http://127.0.0.1:2");
        Assert.Equal(2, report.Pushed["p"]);
    }

    [Fact]
    public void IdleCycle_AsksOnceAndWritesNoJournal()
    {
        Seed(_a, "o1");
        _a.Cycle();
        _a.Cycle();
        _server.Requests.Clear();
        var before = _a.Db.Scalar<long>("SELECT count(*) FROM memory_mutations");
        _a.Cycle();
        Assert.Single(_server.Requests);
        Assert.Equal(before, _a.Db.Scalar<long>("SELECT count(*) FROM memory_mutations"));
    }
}
