using System.Text;
using System.Text.Json.Nodes;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Memory.Server;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>Push and pull, case by case (memory spec 9.5; the numbers in the names are those of the cases).</summary>
[Trait("Category", "Memory")]
public sealed partial class CycleTests : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 4, 27, 10, 0, 0, TimeSpan.Zero);
    private readonly LogServer _server = new();
    private readonly MemoryMachine _a;
    private readonly MemoryMachine _b;

    public CycleTests() => (_a, _b) = (Machine("A"), Machine("B"));

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _server.Dispose();
    }

    [Fact]
    [Trait("Case", "46")]
    public void Case46_NothingPending_NoPush()
    {
        Assert.Null(_a.Cycle().Failure);
        Assert.DoesNotContain(_server.Requests, request => request.Route.EndsWith("push", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Case", "47")]
    public void Case47_TransportFailure_NoAck_LocalWritesWork()
    {
        Seed(_a, "o1");
        _server.Before = (_, _) => throw new HttpRequestException("down");
        var report = _a.Cycle();
        Assert.Equal(ErrorCode.TargetUnreachable, report.Failure!.Code);
        Assert.Equal(("degraded", "transport_failed", 1), (_a.State.Lifecycle, _a.State.ReasonCode, _a.State.ConsecutiveFailures));
        Assert.NotNull(_a.State.BackoffUntil);
        Assert.Equal(2, _a.Pending);
        _a.Save("o2", "s", "still works");
        Assert.Equal(3, _a.Pending);
    }

    [Theory]
    [Trait("Case", "48")]
    [Trait("Case", "94")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("[1,2,3]")]
    [InlineData("[1,0]")]
    [InlineData("[1,-2]")]
    [InlineData("[2,2]")]
    [InlineData("[1,\"2\"]")]
    [InlineData(null)]
    public void Case48And94_AcceptedSeqsThatConfirmNothing_NothingIsAckedOrMapped(string? seqs)
    {
        Seed(_a, "o1");
        _server.Alter = (_, route, answer) => !route.EndsWith("push", StringComparison.Ordinal) ? answer
            : answer with { Body = Encoding.UTF8.GetBytes(seqs is null ? "{}" : $"{{\"accepted_seqs\":{seqs}}}") };
        var report = _a.Cycle();
        Assert.Equal(ErrorCode.TargetProtocolError, report.Failure!.Code);
        Assert.Equal(2, _a.Pending);
        Assert.Equal(0, _a.Db.Scalar<long>("SELECT count(*) FROM memory_mapping"));
        Assert.Equal("transport_failed", _a.State.ReasonCode);
        Assert.Contains(seqs is null or "null" ? "confirmed nothing" : "", report.Failure.Message, StringComparison.Ordinal);
        _server.Alter = null;
        Assert.Null(_a.Cycle().Failure);
        Assert.Equal(0, _a.Pending);
    }

    [Fact]
    [Trait("Case", "49")]
    public void Case49_MappedButNotAcked_IsAckedWithoutASecondPush()
    {
        Seed(_a, "o1");
        _server.Append("p", "session", "s", "upsert", """{"id":"s","project":"p"}""");
        _a.Write(change =>
        {
            foreach (var entry in JournalTable.Sendable(change.Db, 0, 10))
            {
                MappingTable.Put(change.Db, entry.Seq, entry.Seq, change.NowMs);
            }
        });
        _server.Append("p", "observation", "o1", "upsert", """{"sync_id":"o1","session_id":"s"}""");
        Assert.Null(_a.Cycle().Failure);
        Assert.DoesNotContain(_server.Requests, request => request.Route.EndsWith("push", StringComparison.Ordinal));
        Assert.Equal(0, _a.Pending);
    }

    [Fact]
    [Trait("Case", "50")]
    public void Case50_LostAnswer_OneMappingRowWithTheLatestNumber()
    {
        Seed(_a, "o1");
        _server.LosesAnswerOf.Add("A");
        Assert.NotNull(_a.Cycle().Failure);
        Assert.Null(_a.Cycle().Failure);
        Assert.Equal(4, _server.Head);
        Assert.Equal(4, _a.State.Cursor);
        Assert.Equal(4, VersionTable.Find(_a.Db, Entity.Observation, "o1")!.Value.Seq);
        _b.Cycle();
        Assert.Equal(_a.Content(), _b.Content());
    }

    /// <summary>The example of 7.4: A stands at 100, B stores 101-107, A pushes three rows and gets 108-110.</summary>
    [Fact]
    [Trait("Case", "51")]
    public void Case51_ForeignMutationsBetweenPullAndPush_AreApplied()
    {
        Seed(_a, "o0");
        _a.Cycle();
        _server.Burn(98);
        Assert.Equal(2, _a.State.Cursor);
        _b.Cycle();
        for (var i = 0; i < 7; i++)
        {
            _b.Save($"foreign{i}", "s", "c");
        }

        _b.Cycle();
        Assert.Equal(107, _server.Head);
        for (var i = 0; i < 3; i++)
        {
            _a.Save($"own{i}", "s", "c");
        }

        var report = _a.Cycle();
        Assert.Equal(3, report.Pushed["p"]);
        Assert.Equal(110, _a.State.Cursor);
        Assert.Equal(11, ObservationTable.All(_a.Db).Count());
        Assert.Equal(3, report.Echoes);
    }

    [Fact]
    [Trait("Case", "53")]
    public void Case53_EmptyPageAndLatestSeq_DoNotMoveTheCursor()
    {
        Seed(_a, "o1");
        _a.Cycle();
        _server.Alter = (_, route, answer) => !route.EndsWith("/pull", StringComparison.Ordinal) ? answer : Edit(answer, page => page["latest_seq"] = 99);
        _a.Cycle();
        Assert.Equal(2, _a.State.Cursor);
    }

    [Fact]
    [Trait("Case", "54")]
    public void Case54_HasMoreWithoutProgress_IsAnErrorAfterOneRepeat()
    {
        _a.Settings = _a.Settings with { ChecksCursor = false };
        _server.Append("p", "session", "s", "upsert", """{"id":"s","project":"p","directory":"/d"}""");
        _server.Alter = (_, route, answer) => Edit(answer, page => page["has_more"] = true);
        var report = _a.Cycle();
        Assert.Equal(ErrorCode.TargetProtocolError, report.Failure!.Code);
        Assert.Equal(2, _server.Requests.Count);
        Assert.Equal(1, _a.State.Cursor);
    }

    [Fact]
    [Trait("Case", "55")]
    public void Case55_FailureAtTheSecondOfThree_CursorAtTheFirst_ResumesThere()
    {
        foreach (var (id, i) in new[] { "s1", "s2", "s3" }.Select((id, i) => (id, i)))
        {
            _server.Append("p", "session", id, "upsert", $$"""{"id":"{{id}}","project":"p","directory":"/{{i}}"}""");
        }

        var count = 0;
        // The page as a whole fails at its second mutation, then the second one alone.
        _a.Step = step =>
        {
            if (step == "memory:applied" && ++count is 2 or 4)
            {
                throw new InvalidOperationException("injected");
            }
        };
        var report = _a.Cycle();
        Assert.Equal(ErrorCode.UnexpectedError, report.Failure!.Code);
        Assert.Equal("internal_error", _a.State.ReasonCode);
        Assert.Equal(1, _a.State.Cursor);
        Assert.Equal(["s1"], MemorySessionTable.All(_a.Db).Select(s => s.Id));
        _a.Step = null;
        Assert.Null(_a.Cycle().Failure);
        Assert.Equal(3, MemorySessionTable.All(_a.Db).Count());
        Assert.Equal(3, _a.State.Cursor);
    }

    [Fact]
    [Trait("Case", "56")]
    public void Case56_Backoff_StaysWithinAQuarterOfNominal()
    {
        var random = new Random(1);
        for (var failures = 1; failures < 200; failures++)
        {
            var nominal = Math.Min(Math.Pow(2, Math.Min(failures - 1, 30)), Backoff.Max.TotalSeconds);
            var draws = Enumerable.Range(0, 500).Select(_ => Backoff.Delay(failures, random).TotalSeconds).ToList();
            Assert.All(draws, delay => Assert.InRange(delay, Math.Max(nominal * 0.75, 0.5) - 1e-9, Math.Min(nominal * 1.25, Backoff.Max.TotalSeconds) + 1e-9));
            Assert.Contains(draws, delay => delay < nominal);
        }

        Assert.InRange(Backoff.Delay(int.MaxValue, random).TotalSeconds, 1, Backoff.Max.TotalSeconds);
    }

    [Fact]
    [Trait("Case", "57")]
    public void Case57_Success_ClearsFailuresAndReasons()
    {
        Seed(_a, "o1");
        _server.Before = (_, _) => throw new HttpRequestException("down");
        _a.Cycle();
        _a.Cycle();
        Assert.Equal(2, _a.State.ConsecutiveFailures);
        _server.Before = null;
        _a.Cycle();
        Assert.Equal(("healthy", 0, null, null), (_a.State.Lifecycle, _a.State.ConsecutiveFailures, _a.State.ReasonCode, (long?)_a.State.BackoffUntil));
    }

    private bool TryLease(string owner)
    {
        using var transaction = _a.Archive.BeginLedger();
        var now = _a.Clock.Now.ToUnixTimeMilliseconds();
        var taken = MemoryTargetTable.TryLease(transaction.Db, owner, now + 60_000, now);
        transaction.Commit();
        return taken;
    }

    private static LogAnswer Edit(LogAnswer answer, Action<JsonNode> edit)
    {
        var page = JsonNode.Parse(answer.Body.Span)!;
        edit(page);
        return answer with { Body = Encoding.UTF8.GetBytes(page.ToJsonString()) };
    }

    private static void Seed(MemoryMachine machine, string observation)
    {
        machine.CreateSession("s", "p", "/d");
        machine.Save(observation, "s", "c");
    }

    private static void Enroll(MemoryMachine machine, string project)
    {
        machine.Enroll(project);
        machine.Write(change => Backfill.Run(change, project));
    }

    private MemoryMachine Machine(string name)
    {
        var machine = new MemoryMachine(name, _server, s_start);
        Enroll(machine, "p");
        return machine;
    }
}
