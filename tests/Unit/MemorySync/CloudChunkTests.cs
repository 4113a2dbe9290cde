using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Memory.Server;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>Chunks that a server keeps, sent and merged by our client (memory spec 4.4, 4.5; cases 26, 27, 84, 85).</summary>
[Trait("Category", "Memory")]
public sealed partial class CloudChunkTests : IDisposable
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };
    private const string Target = "engram+" + LogServer.Url;
    private static readonly DateTimeOffset s_now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly LogServer _server = new();
    private readonly MemoryMachine _a;
    private readonly MemoryMachine _b;

    public CloudChunkTests()
    {
        (_a, _b) = (new MemoryMachine("A", _server, s_now), new MemoryMachine("B", _server, s_now));
        _a.Enroll("p");
        _b.Enroll("p");
    }

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _server.Dispose();
    }

    [Fact]
    [Trait("Case", "26")]
    public async Task Case26_ProjectThatIsNotEnrolled_IsBlockedBeforeAnyRequest()
    {
        foreach (var work in (Action[])[() => _a.ExportCloud("Nope"), () => _a.ImportCloud("nope")])
        {
            Assert.Equal(ErrorCode.MemoryNotEnrolled, Assert.Throws<ArtifactSyncException>(work).Code);
            var state = MemoryTargetTable.Read(_a.Db, "cloud:nope");
            Assert.Equal(("degraded", "blocked_unenrolled"), (state.Lifecycle, state.ReasonCode));
            var run = _a.Engine.GetRuns(new RunQuery { Last = 1 }).Single();
            Assert.Equal((RunKind.MemoryImport, RunStatus.Failed, "MemoryNotEnrolled"), (run.Kind, run.Status, run.ErrorCode));
        }

        var blank = new CloudChunkRequest { Target = Target, Project = " " };
        var fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => _a.Engine.ImportCloudChunksAsync(blank, NullObserver.Instance, default));
        Assert.Equal(ErrorCode.InvalidArgument, fault.Code);
        Assert.Empty(_server.Requests);

        _a.Engine.EnableMemoryProject("nope");
        Assert.Null(MemoryTargetTable.Read(_a.Db, "cloud:nope").ReasonCode);
    }

    [Fact]
    [Trait("Case", "27")]
    public void Case27_ManifestThatNamesAMissingChunk_IsAnError_AndNothingIsRecorded()
    {
        Seed();
        _a.ExportCloud("p");
        _server.Alter = (_, route, answer) => route == "/sync/pull" ? Replace(answer, "\"chunks\":[", "\"chunks\":[{\"id\":\"ffffffff\"},") : answer;
        var result = _b.ImportCloud("p");
        Assert.Equal(("Failed", nameof(ErrorCode.MemoryChunkInvalid), 0L), (result.Status, result.ErrorCode, result.ChunksImported));
        Assert.Contains("ffffffff", result.ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(Chunks(_b));
        Assert.Equal(RunStatus.Partial, _b.Engine.GetRuns(new RunQuery { Last = 1 }).Single().Status);
        _server.Alter = null;
        Assert.Equal(1, _b.ImportCloud("p").ChunksImported);
    }

    [Fact]
    [Trait("Case", "84")]
    public void Case84_DeletesRelationsAndSessionsWithoutDirectory_StayPending_AndReachEverybodyByTheNextCycles()
    {
        Seed("keep", "soft", "hard");
        _a.AddPrompt("pr1", "s");
        _a.AddPrompt("pr2", "s");
        _a.CreateSession("homeless", "p");
        _a.Save("far", "homeless", "c");
        Relate(_a, "rel-1", "keep", "soft");
        _a.SoftDelete("soft");
        _a.HardDelete("hard");
        _a.DeletePrompt("pr2");

        var chunk = Assert.Single(_a.ExportCloud("p"));
        Assert.Equal(("Exported", 1, 1, 1, 3), (chunk.Status, chunk.Sessions, chunk.Observations, chunk.Prompts, chunk.Deletes));
        Assert.Equal(
            ["delete hard", "delete pr2", "delete soft", "upsert far", "upsert homeless", "upsert rel-1", "upsert soft"],
            PendingRows(_a));
        Assert.Equal(_a.Pending, chunk.Pending);
        Assert.Equal(["s", "keep", "pr1"], _server.Entries.Select(e => e.EntityKey));

        _b.Cycle();
        for (var round = 0; round < 2; round++)
        {
            Assert.Null(_a.Cycle().Failure);
            Assert.Null(_b.Cycle().Failure);
        }

        Assert.Equal(0, _a.Pending);
        Assert.Equal(_a.Content(), _b.Content());
        Assert.Equal(["far", "keep"], Live(_a));
        Assert.True(MemorySessionTable.Exists(_b.Db, "homeless"));
        Assert.NotNull(RelationTable.Find(_b.Db, "rel-1"));
        Assert.Null(PromptTable.Find(_b.Db, "pr2"));
    }

    [Fact]
    [Trait("Case", "85")]
    public void Case85_DownloadedChunkWhoseHashIsNotItsId_IsImported()
    {
        Seed("o1", "o2");
        _a.SoftDelete("o2");
        var id = Assert.Single(_a.ExportCloud("p")).ChunkId!;
        _server.Alter = (_, route, answer) => route == "/sync/pull/" + id
            ? answer with { Body = Encoding.UTF8.GetBytes(JsonNode.Parse(answer.Body.Span)!.ToJsonString(s_indented)) } : answer;
        var result = _b.ImportCloud("p");
        Assert.Equal(("Imported", 1L, 0L), (result.Status, result.ChunksImported, result.ChunksSkipped));
        Assert.Equal(["o1"], Live(_b));
        Assert.Equal([id], Chunks(_b));
        Assert.Equal(("Unchanged", 1L), (_b.ImportCloud("p") is var again ? (again.Status, again.ChunksSkipped) : default));
    }

    [Fact]
    public void Export_Acks_AndAgain_SendsNothing_AlsoWhileDeletesWait()
    {
        Seed("o1", "o2");
        _a.SoftDelete("o2");
        var chunk = Assert.Single(_a.ExportCloud("p"));
        Assert.Equal([chunk.ChunkId!], Chunks(_a));
        Assert.Equal(0, Version(_a, "o1").Seq);
        Assert.Null(Version(_a, "o2").Seq);
        Assert.Equal("pending", MemoryTargetTable.Read(_a.Db, "cloud:p").Lifecycle);
        var requests = Posts();
        Assert.Equal("Unchanged", Assert.Single(_a.ExportCloud("p")).Status);
        Assert.Equal(requests, Posts());
        Assert.Equal((0L, 1L), (_a.ImportCloud("p") is var own ? (own.ChunksImported, own.ChunksSkipped) : default));

        _a.Clock.Advance(TimeSpan.FromMinutes(1));
        _a.Edit("o1", "edited");
        Assert.Equal((1, 0), (Assert.Single(_a.ExportCloud("p")) is var next ? (next.Observations, next.Deletes) : default));
        _a.Cycle();
        Assert.True(Version(_a, "o1").Seq > 0);
        Assert.Equal("healthy", MemoryTargetTable.Read(_a.Db, "cloud:p").Lifecycle);
        Assert.Empty(Proof(_a));
    }

    [Fact]
    public void Export_WithNothingToSend_LeavesTheBlockOfTheProject()
    {
        Seed("o1");
        _a.ExportCloud("p");
        _a.Write(change => MemoryTargetTable.SetBlocked(change.Db, "cloud:p", "paused", "by an administrator", change.NowMs));
        Assert.Equal("Unchanged", Assert.Single(_a.ExportCloud("p")).Status);
        Assert.Equal("paused", MemoryTargetTable.Read(_a.Db, "cloud:p").ReasonCode);
        _a.Edit("o1", "edited");
        Assert.Equal("Exported", Assert.Single(_a.ExportCloud("p")).Status);
        Assert.Null(MemoryTargetTable.Read(_a.Db, "cloud:p").ReasonCode);
    }

    [Fact]
    public void Export_ToAServerThatBeganAnew_CarriesDeletesAgain()
    {
        Seed("o1", "o2");
        _a.ExportCloud("p");
        _a.SoftDelete("o2");
        Assert.Equal(1, Assert.Single(_a.ExportCloud("p")).Deletes);
        Assert.Equal("Unchanged", Assert.Single(_a.ExportCloud("p")).Status);
        _a.Write(change => MemoryTargetTable.Reset(change.Db, LogServer.Url, change.NowMs));
        Assert.Empty(Chunks(_a));
        Assert.Contains(_a.ExportCloud("p"), static chunk => chunk.Deletes == 1);
    }

    [Fact]
    public void Export_OfTwoChangesInOneSecond_CarriesTheLastAlone()
    {
        Seed("o1");
        _a.Edit("o1", "later");
        _a.ExportCloud("p");
        Assert.Equal(0, _a.Pending);
        using var body = JsonDocument.Parse(_server.LastPush);
        Assert.Equal(2, body.RootElement.GetProperty("data").GetProperty("mutations").GetArrayLength());
        _b.ImportCloud("p");
        Assert.Equal("later", ObservationTable.Find(_b.Db, "o1")!.Content);
    }

    [Fact]
    public void Export_RunsThePassThatEnrollmentOwes_First()
    {
        Seed("o1");
        Sync(_a);
        Sync(_b);
        _b.Unenroll("p");
        _b.Edit("o1", "old edit, made while the project was not enrolled");
        _a.Clock.Advance(TimeSpan.FromHours(1));
        _a.Edit("o1", "newer");
        Sync(_a);

        _b.Enroll("p");
        var chunks = _b.ExportCloud("p");
        Assert.Equal("Unchanged", Assert.Single(chunks).Status);
        Assert.Equal("newer", ObservationTable.Find(_b.Db, "o1")!.Content);
        Assert.False(MemoryProjectTable.Owing(_b.Db).Any());
    }

    [Fact]
    public void Export_ToAnotherServerThanBefore_ReadsItsLogFirst_AndSendsWhatItLacks()
    {
        Seed("o1");
        Sync(_a);
        _server.KeepUpTo(0);
        Assert.Equal("Exported", Assert.Single(_a.ExportCloud("p", url: "http://127.0.0.1:2")).Status);
        Assert.Equal("http://127.0.0.1:2", _a.State.ServerUrl);
        Assert.Equal(["s", "o1"], _server.Entries.Select(e => e.EntityKey));
    }

    [Fact]
    public void Export_OfMoreThanAChunkHolds_GoesInSeveral_EachBelow8MiB()
    {
        _a.CreateSession("s", "p", "/d");
        for (var i = 0; i < 40; i++)
        {
            _a.Save($"o{i}", "s", new string('\u0001', 50_000)); // six bytes each in a row, seven in a payload
        }

        var chunks = _a.ExportCloud("p");
        Assert.True(chunks.Count >= 3, $"{chunks.Count}");
        Assert.Equal(40, chunks.Sum(chunk => chunk.Observations));
        Assert.Equal(0, _a.Pending);
        Assert.All(_server.Requests, request => Assert.True((request.Body?.Length ?? 0) < PushBatch.MaxBody));
        Assert.Equal(chunks.Count, _b.ImportCloud("p").ChunksImported);
        Assert.Equal(_a.Content(), _b.Content());
    }

    [Fact]
    public void Export_OfARowThatNoChunkHasRoomFor_LeavesItPending_AndGoesOn()
    {
        Seed("o1");
        _a.Save("huge", "s", new string('x', 5 << 20));
        _a.Save("o2", "s", "c");
        Assert.Equal(2, _a.ExportCloud("p").Sum(chunk => chunk.Observations));
        Assert.Equal(["upsert huge"], PendingRows(_a));
        _a.Cycle();
        Assert.Equal(0, _a.Pending);
    }

    [Fact]
    public void Export_OfMoreThanAPageOfChanges_GoesOnBehindIt()
    {
        _a.CreateSession("s", "p", "/d");
        _a.Write(change =>
        {
            for (var i = 0; i < CloudChunkPlan.PageSize + 5; i++)
            {
                change.SaveObservation(new Observation
                {
                    SyncId = $"o{i}", SessionId = "s", Type = "note", Title = "t", Content = "c", Project = "p", Scope = "project",
                    RevisionCount = 1, DuplicateCount = 1, CreatedAt = _a.Now, UpdatedAt = _a.Now,
                });
            }
        });
        Assert.Equal([CloudChunkPlan.PageSize - 1L, 6L], _a.ExportCloud("p").Select(chunk => chunk.Observations));
        Assert.Equal(0, _a.Pending);
    }

    [Fact]
    public void Export_LeavesRowsOfASessionOfAnotherProject_ToTheMutationPush()
    {
        _a.CreateSession("q", "q", "/q");
        _a.Save("o1", "q", "c", project: "p");
        Assert.Equal("Unchanged", Assert.Single(_a.ExportCloud("p")).Status);
        Assert.Equal(["upsert o1"], PendingRows(_a));
        Assert.Equal("q", MemorySessionTable.ProjectOf(_a.Db, "q"));
    }

    [Fact]
    public void Export_OfTextThatNoServerStores_SendsReplacementCharacters()
    {
        Seed();
        _a.Save("o1", "s", "a\0b");
        Assert.Equal("Exported", Assert.Single(_a.ExportCloud("p")).Status);
        Assert.Equal("a\0b", ObservationTable.Find(_a.Db, "o1")!.Content);
        Assert.Contains("a\uFFFDb", _server.Entries[^1].Payload, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIf_WritesNothing_NeitherHereNorThere_AndTellsTheTruth()
    {
        Seed("o1");
        var plan = Assert.Single(_a.ExportCloud("p", whatIf: true));
        Assert.Equal(("Planned", 1, 1, 0), (plan.Status, plan.Sessions, plan.Observations, plan.Pending));
        Assert.Empty(_server.Requests);
        Assert.Equal(2, _a.Pending);
        Assert.Empty(_a.Engine.GetRuns(new RunQuery()));
        var sent = Assert.Single(_a.ExportCloud("p"));
        Assert.Equal((plan.Sessions, plan.Observations), (sent.Sessions, sent.Observations));

        var planned = _b.ImportCloud("p", whatIf: true);
        Assert.Equal(("Planned", 1L, 1L), (planned.Status, planned.ChunksImported, planned.ObservationsInserted));
        Assert.Empty(_b.Content());
        Assert.Empty(Chunks(_b));
        Assert.Null(_b.State.ServerUrl);
        Assert.Throws<ArtifactSyncException>(() => _b.ExportCloud("nope", whatIf: true));
        Assert.Equal("idle", MemoryTargetTable.Read(_b.Db, "cloud:nope").Lifecycle);
    }

    [Fact]
    public async Task RetryFailed_RepeatsAnImportAndAnExport()
    {
        foreach (var import in (bool[])[false, true])
        {
            _server.Before = (_, _) => throw new HttpRequestException("down");
            Assert.Throws<ArtifactSyncException>(() => _ = import ? (object)_a.ImportCloud("p") : _a.ExportCloud("p"));
            _server.Before = null;
            var failed = _a.Engine.GetRuns(new RunQuery()).Single(run => run.ParentRunId is null && run.Phase == (import ? "import" : "export"));
            Assert.Equal((RunStatus.Failed, "TargetUnreachable", Target, true), (failed.Status, failed.ErrorCode, failed.Target, failed.Retryable));
            Assert.Equal("transport_failed", MemoryTargetTable.Read(_a.Db, "cloud:p").ReasonCode);

            // The engine's own client finds nothing at that port: what counts is that it asks again, as a child of that run.
            var fault = await Assert.ThrowsAsync<ArtifactSyncException>(() =>
                _a.Engine.RetryAsync(new RetryRequest { RunId = failed.RunId! }, NullObserver.Instance, default));
            Assert.Equal(ErrorCode.TargetUnreachable, fault.Code);
            Assert.Single(_a.Engine.GetRuns(new RunQuery()), run => run.ParentRunId == failed.RunId && run.Status == RunStatus.Failed);
        }
    }

    [Fact]
    public async Task Cancelled_TheRunIsAborted_AndNothingIsAcked()
    {
        Seed("o1");
        Sync(_a);
        _a.Edit("o1", "more");
        using var stop = new CancellationTokenSource();
        _server.Before = (_, route) =>
        {
            if (route == "/sync/push")
            {
                stop.Cancel();
                stop.Token.ThrowIfCancellationRequested();
            }
        };
        var runner = new CloudChunkRunner(
            _a.Archive, () => _server.Client("A"), new CloudChunkRequest { Target = Target, Project = "p" }, NullObserver.Instance);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.ExportAsync(_ => ValueTask.CompletedTask, stop.Token));
        Assert.Equal(RunStatus.Aborted, _a.Engine.GetRuns(new RunQuery { Last = 1 }).Single().Status);
        Assert.Equal(1, _a.Pending);
        Assert.Null(_a.State.LeaseOwner);
    }

    private void Seed(params string[] observations)
    {
        _a.CreateSession("s", "p", "/d");
        foreach (var id in observations)
        {
            _a.Save(id, "s", "c");
        }
    }

    /// <summary>The cycle that reads the log, as enrollment owes it, and the one that sends.</summary>
    private static void Sync(MemoryMachine machine)
    {
        Assert.Null(machine.Cycle().Failure);
        Assert.Null(machine.Cycle().Failure);
    }

    private static void Relate(MemoryMachine machine, string id, string source, string target) => machine.Write(change =>
        change.SaveRelation(new Relation
        {
            SyncId = id, SourceId = source, TargetId = target, Kind = "supersedes", JudgmentStatus = "judged", MarkedByActor = "ann",
            MarkedByKind = "user", CreatedAt = machine.Now, UpdatedAt = machine.Now,
        }));

    private static LogAnswer Replace(LogAnswer answer, string old, string text) =>
        answer with { Body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(answer.Body.Span).Replace(old, text, StringComparison.Ordinal)) };

    private static IReadOnlyList<string> Chunks(MemoryMachine machine) =>
        [.. machine.Db.Query("SELECT chunk_id FROM memory_chunks WHERE target_key = 'cloud:p' ORDER BY chunk_id", static row => row.Text(0))];

    private static IReadOnlyList<string> PendingRows(MemoryMachine machine) =>
        [.. JournalTable.PendingOf(machine.Db, "p", 0).Select(row => $"{row.Op} {row.EntityKey}").Order(StringComparer.Ordinal)];

    private static IReadOnlyList<string> Live(MemoryMachine machine) =>
        [.. ObservationTable.All(machine.Db).Where(row => row.DeletedAt is null).Select(row => row.SyncId).Order(StringComparer.Ordinal)];

    private static EntityVersion Version(MemoryMachine machine, string id) => VersionTable.Find(machine.Db, Entity.Observation, id)!.Value;

    private static EntityVersion Register(MemoryMachine machine, string field) =>
        VersionTable.Find(machine.Db, SessionRegisters.Entity(field), "s")!.Value;

    private int Posts() => _server.Requests.Count(request => request.Body is not null);

    private IReadOnlyList<ProofDeviation> Proof(MemoryMachine machine)
    {
        using var api = _server.Client(machine.Name);
        var sync = new ArtifactSync.Memory.Cloud.MemorySync(machine.Archive, api, new MemorySyncSettings { IsFull = true }, "run", NullObserver.Instance);
        return new MemoryProof(sync, ["p"]).LookAsync(CancellationToken.None).GetAwaiter().GetResult();
    }
}
