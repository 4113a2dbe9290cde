using System.Text;
using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tracker;
using static ArtifactSync.Tests.Tracker.SurgicalWorld;

namespace ArtifactSync.Tests.Tracker;

public sealed class SurgicalModesTests : SurgicalTests
{
    [Fact(DisplayName = "surgical_no_docs_requires_no_embed")]
    public async Task NoDocs_WithoutNoEmbed_IsRefusedBeforeAnything()
    {
        var fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => World.RunAsync(World.Request(Issue(7)) with { NoDocs = true }));
        Assert.Equal(ErrorCode.InvalidArgument, fault.Code);
        Assert.Contains("In surgical mode, -NoDocs requires -NoEmbed", fault.Message, StringComparison.Ordinal);
        Assert.Empty(World.Server.Requests);
        Assert.False(Directory.Exists(World.ArchivePath));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("zero")]
    [InlineData("type")]
    [InlineData("many")]
    [InlineData("project")]
    [InlineData("http")]
    [InlineData("user")]
    [InlineData("scheme")]
    [InlineData("embed")]
    public async Task Argument_Bad_IsRefusedBeforeAnything(string what)
    {
        var request = World.Request(Issue(7));
        request = what switch
        {
            "none" => request with { Items = [] },
            "zero" => request with { Items = [Issue(0)] },
            "type" => request with { Items = [new TrackedItem("epic", 1)] },
            "many" => request with { MaxEntities = 2, Items = [Issue(1), Issue(2), Issue(3)] },
            "project" => request with { Project = " " },
            "http" => request with { GitLabUri = "http://gitlab.example.com" },
            "user" => request with { GitLabUri = "https://me:hunter2@gitlab.example.com" },
            "scheme" => request with { GitLabUri = "ftp://gitlab.example.com" },
            _ => request with { Embed = new EmbedTarget("http://elsewhere.example.com", "m", true) },
        };
        var fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => World.RunAsync(request));
        Assert.Equal(what switch { "http" or "user" or "scheme" => ErrorCode.InvalidTarget, "embed" => ErrorCode.EmbedInsecure, _ => ErrorCode.InvalidArgument }, fault.Code);
        Assert.DoesNotContain("hunter2", fault.Message, StringComparison.Ordinal);
        Assert.Empty(World.Server.Requests);
        Assert.False(Directory.Exists(World.ArchivePath));
    }

    [Fact(DisplayName = "typed_preflight_failure_serialises_and_never_holds_the_token")]
    public async Task Failure_Report_SerialisesAndHoldsNoToken()
    {
        const string token = "glpat-secret-token-0123456789";
        World.AddBusyIssue(7);
        World.Server.Fail("issues/8", new("x", 404, "application/json", new Dictionary<string, string>(StringComparer.Ordinal), $$"""{"message":"404 for {{token}}"}"""));
        World.Server.Fail("issues/9", new("x", 429, "text/plain", new Dictionary<string, string>(StringComparer.Ordinal) { ["Retry-After"] = "500" }, $"Retry later, {token}"));

        var run = await World.RunAsync(Issue(7), Issue(8), Issue(9));

        var json = JsonSerializer.Serialize(SurgicalFailureReport.Of(run));
        using var document = JsonDocument.Parse(json);
        var failures = document.RootElement.GetProperty("Failures").EnumerateArray().OrderBy(f => f.GetProperty("Iid").GetInt64()).ToList();
        Assert.Equal((3, 2), (document.RootElement.GetProperty("Total").GetInt32(), failures.Count));
        Assert.Equal(("NotFound", 404, false), (failures[0].GetProperty("Code").GetString(), failures[0].GetProperty("HttpStatus").GetInt32(), failures[0].GetProperty("Retryable").GetBoolean()));
        Assert.Equal(("RateLimited", 500, true), (failures[1].GetProperty("Code").GetString(), failures[1].GetProperty("RetryAfterSeconds").GetInt32(), failures[1].GetProperty("Retryable").GetBoolean()));
        Assert.All(failures, f => Assert.NotEqual("", f.GetProperty("Action").GetString()));
        Assert.DoesNotContain(token, json + run.ErrorMessage, StringComparison.Ordinal);
        Assert.All(World.Server.Requests, r => Assert.Equal("Bearer " + token, r.Authorization));
        Assert.All(World.Server.Requests, r => Assert.DoesNotContain(token, r.Path + r.Query, StringComparison.Ordinal));
        foreach (var bytes in World.Files())
        {
            Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(token)) < 0 && bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(token)) < 0);
        }
    }

    [Fact(DisplayName = "preflight_only_leaves_content_and_queue_identical_and_has_a_ledger_row")]
    public async Task PreflightOnly_WritesTheLedgerAlone()
    {
        World.AddBusyIssue(1);
        World.AddBusyIssue(2);
        World.AddBusyIssue(3).Update("2026-01-01T00:00:00.000Z");
        await World.RunAsync(Issue(1), Issue(2), Issue(3));
        World.AddBusyIssue(2).Update("2025-01-01T00:00:00.000Z");
        World.AddBusyIssue(3).Update("2025-01-01T00:00:00.000Z");
        World.AddBusyIssue(4);
        var before = World.Content();

        var run = await World.RunAsync(World.Request(Issue(1), Issue(2), Issue(3), Issue(4)) with { PreflightOnly = true });

        Assert.Equal(before, World.Content());
        Assert.Equal((RunStatus.Succeeded, RunKind.Preflight, ProjectPath), (run.Status, run.Kind, run.Project));
        Assert.Equal(["unchanged", "update", "skipped_stale", "new"], run.Entities.OrderBy(e => e.Iid).Select(e => e.ErrorMessage!.Split(':')[0]));
        Assert.Equal(run.RunId, World.Engine.GetRuns(new RunQuery { Last = 1 }).Single().RunId);
        Assert.Contains(World.Server.Requests, r => r.Path.EndsWith("issues/4/discussions", StringComparison.Ordinal));
        Assert.Empty(World.Retryable());
    }

    [Fact(DisplayName = "what_if_makes_no_request_and_no_write_also_without_a_database")]
    public async Task WhatIf_AsksAndWritesNothing()
    {
        var request = World.Request(Issue(7), Issue(8)) with { PreflightOnly = true };
        var plan = World.Engine.PlanSurgical(request, default);
        Assert.Equal((RunStatus.Planned, null, 2), (plan.Status, plan.RunId, plan.Entities.Count));
        Assert.False(Directory.Exists(World.ArchivePath));

        World.AddBusyIssue(7);
        await World.RunAsync(Issue(7));
        var asked = World.Server.Requests.Count;
        var before = World.Files().Select(Convert.ToHexString).ToList();
        plan = World.Engine.PlanSurgical(request with { PreflightOnly = false }, default);
        Assert.Equal(["preflight to docs; in the archive as of 2024-09-27T09:01:06Z", "preflight to docs; not in the archive"], plan.Entities.Select(e => e.ErrorMessage));
        Assert.Equal(before, World.Files().Select(Convert.ToHexString));
        Assert.Equal(asked, World.Server.Requests.Count);
    }

    [Fact]
    public async Task NoDocsNoEmbed_LeavesTheDocumentsToTheDrain()
    {
        World.AddBusyIssue(7);
        var run = await World.RunAsync(World.Request(Issue(7)) with { NoDocs = true, NoEmbed = true });
        Assert.Equal((RunStatus.Succeeded, 0, 1), (run.Status, run.Counters.DocumentsRegenerated, World.Count("dirty_sources")));
        Assert.Empty(World.Retryable());
        Assert.Equal(1, (await World.UpdateIndexAsync()).Counters.DocumentsRegenerated);
        Assert.Single(await World.Engine.FindDocumentsAsync(new DocumentQuery { Text = "second note" }, default));
        Assert.Equal(0, (await World.UpdateIndexAsync()).Counters.DocumentsRegenerated);
    }

    [Fact]
    public async Task Lease_HeldByAnotherRun_FailsWithItsNameAndCanBeRetried()
    {
        World.AddBusyIssue(7);
        using (var other = ArchiveDatabase.Open(World.Options, ArchiveMode.Create))
        using (other.AcquireLease("run-other", TimeSpan.Zero, default))
        {
            var run = await World.RunAsync(Issue(7));
            Assert.Equal((RunStatus.Failed, nameof(ErrorCode.LeaseHeld)), (run.Status, run.ErrorCode));
            Assert.Contains("run-other", run.ErrorMessage!, StringComparison.Ordinal);
            Assert.Equal("", World.Content());
        }
        Assert.Equal(RunStatus.Succeeded, (await World.RetryAsync(Assert.Single(World.Retryable()))).Status);
    }

    [Fact(DisplayName = "lock_lost_fence_stops_a_run_that_was_declared_dead")]
    public async Task Lease_Lost_WritesNothingMore()
    {
        World.AddBusyIssue(7);
        World.Step = step =>
        {
            if (step == "dependents:claimed")
            {
                World.Write(db => db.Execute("UPDATE app_locks SET fence = fence + 1, run_id = 'thief'"));
            }
        };
        var run = await World.RunAsync(Issue(7));
        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.LeaseLost), 0), (run.Status, run.ErrorCode, World.Count("notes")));
        Assert.Equal(4, World.Count("dependent_queue", "status = 'aborted'"));
    }

    [Fact(DisplayName = "claimed_job_on_ctrl_c_ends_aborted")]
    public async Task Cancel_WithClaimedJobs_AbortsThem()
    {
        World.AddBusyIssue(7);
        World.AddBusyIssue(8);
        using var stop = new CancellationTokenSource();
        World.Step = step =>
        {
            if (step == "dependents:job")
            {
                stop.Cancel();
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => World.RunAsync(World.Request(Issue(7), Issue(8)), stop.Token));
        var run = World.Engine.GetRuns(new RunQuery { Last = 1, IncludeEntities = true }).Single();
        Assert.Equal((RunStatus.Aborted, nameof(ErrorCode.Cancelled)), (run.Status, run.ErrorCode));
        Assert.Equal((1, 7), (World.Count("dependent_queue", "status = 'done'"), World.Count("dependent_queue", "status = 'aborted' AND aborted_reason = 'Cancelled'")));
        World.Step = static _ => { };
        var retry = await World.RetryAsync(run);
        Assert.Equal((RunStatus.Succeeded, 2L), (retry.Status, retry.Counters.Requested));
    }

    [Fact]
    public async Task Cancel_DuringTheFetch_StopsSoon()
    {
        World.AddBusyIssue(7);
        using var stop = new CancellationTokenSource();
        World.Server.Intercept = async context =>
        {
            if (context.Request.Path.Value!.EndsWith("issues/7", StringComparison.Ordinal))
            {
                await stop.CancelAsync();
                var gone = new TaskCompletionSource();
                await using var _ = context.RequestAborted.Register(gone.SetResult);
                await gone.Task;
            }
            return false;
        };
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => World.RunAsync(World.Request(Issue(7)), stop.Token));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2));
        Assert.Equal("", World.Content());
    }
}
