using System.Text;
using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tracker;
using static ArtifactSync.Tests.Tracker.SurgicalWorld;

namespace ArtifactSync.Tests.Tracker;

[Trait("Category", "Surgical")]
public sealed class SurgicalModesTests : IAsyncLifetime
{
    private SurgicalWorld _world = null!;

    public async Task InitializeAsync() => _world = await StartAsync();

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact(DisplayName = "surgical_no_docs_requires_no_embed")]
    public async Task NoDocs_WithoutNoEmbed_IsRefusedBeforeAnything()
    {
        var fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => _world.RunAsync(_world.Request(Issue(7)) with { NoDocs = true }));
        Assert.Equal(ErrorCode.InvalidArgument, fault.Code);
        Assert.Contains("In surgical mode, -NoDocs requires -NoEmbed", fault.Message, StringComparison.Ordinal);
        Assert.Empty(_world.Server.Requests);
        Assert.False(Directory.Exists(_world.ArchivePath));
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
        var request = _world.Request(Issue(7));
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
        var fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => _world.RunAsync(request));
        Assert.Equal(what switch { "http" or "user" or "scheme" => ErrorCode.InvalidTarget, "embed" => ErrorCode.EmbedInsecure, _ => ErrorCode.InvalidArgument }, fault.Code);
        Assert.DoesNotContain("hunter2", fault.Message, StringComparison.Ordinal);
        Assert.Empty(_world.Server.Requests);
        Assert.False(Directory.Exists(_world.ArchivePath));
    }

    [Fact(DisplayName = "typed_preflight_failure_serialises_and_never_holds_the_token")]
    public async Task Failure_Report_SerialisesAndHoldsNoToken()
    {
        const string token = "glpat-secret-token-0123456789";
        _world.AddBusyIssue(7);
        _world.Server.Fail("issues/8", new("x", 404, "application/json", new Dictionary<string, string>(StringComparer.Ordinal), $$"""{"message":"404 for {{token}}"}"""));
        _world.Server.Fail("issues/9", new("x", 429, "text/plain", new Dictionary<string, string>(StringComparer.Ordinal) { ["Retry-After"] = "500" }, $"Retry later, {token}"));

        var run = await _world.RunAsync(Issue(7), Issue(8), Issue(9));

        var json = JsonSerializer.Serialize(SurgicalFailureReport.Of(run));
        using var document = JsonDocument.Parse(json);
        var failures = document.RootElement.GetProperty("Failures").EnumerateArray().OrderBy(f => f.GetProperty("Iid").GetInt64()).ToList();
        Assert.Equal((3, 2), (document.RootElement.GetProperty("Total").GetInt32(), failures.Count));
        Assert.Equal(("NotFound", 404, false), (failures[0].GetProperty("Code").GetString(), failures[0].GetProperty("HttpStatus").GetInt32(), failures[0].GetProperty("Retryable").GetBoolean()));
        Assert.Equal(("RateLimited", 500, true), (failures[1].GetProperty("Code").GetString(), failures[1].GetProperty("RetryAfterSeconds").GetInt32(), failures[1].GetProperty("Retryable").GetBoolean()));
        Assert.All(failures, f => Assert.NotEqual("", f.GetProperty("Action").GetString()));
        Assert.DoesNotContain(token, json + run.ErrorMessage, StringComparison.Ordinal);
        Assert.All(_world.Server.Requests, r => Assert.Equal("Bearer " + token, r.Authorization));
        Assert.All(_world.Server.Requests, r => Assert.DoesNotContain(token, r.Path + r.Query, StringComparison.Ordinal));
        foreach (var bytes in _world.Files())
        {
            Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(token)) < 0 && bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(token)) < 0);
        }
    }

    [Fact(DisplayName = "preflight_only_leaves_content_and_queue_identical_and_has_a_ledger_row")]
    public async Task PreflightOnly_WritesTheLedgerAlone()
    {
        _world.AddBusyIssue(1);
        _world.AddBusyIssue(2);
        _world.AddBusyIssue(3).Update("2026-01-01T00:00:00.000Z");
        await _world.RunAsync(Issue(1), Issue(2), Issue(3));
        _world.AddBusyIssue(2).Update("2025-01-01T00:00:00.000Z");
        _world.AddBusyIssue(3).Update("2025-01-01T00:00:00.000Z");
        _world.AddBusyIssue(4);
        var before = _world.Content();

        var run = await _world.RunAsync(_world.Request(Issue(1), Issue(2), Issue(3), Issue(4)) with { PreflightOnly = true });

        Assert.Equal(before, _world.Content());
        Assert.Equal((RunStatus.Succeeded, RunKind.Preflight, ProjectPath), (run.Status, run.Kind, run.Project));
        Assert.Equal(["unchanged", "update", "skipped_stale", "new"], run.Entities.OrderBy(e => e.Iid).Select(e => e.ErrorMessage!.Split(':')[0]));
        Assert.Equal(run.RunId, _world.Engine.GetRuns(new RunQuery { Last = 1 }).Single().RunId);
        Assert.Contains(_world.Server.Requests, r => r.Path.EndsWith("issues/4/discussions", StringComparison.Ordinal));
        Assert.Empty(_world.Retryable());
    }

    [Fact(DisplayName = "what_if_makes_no_request_and_no_write_also_without_a_database")]
    public async Task WhatIf_AsksAndWritesNothing()
    {
        var request = _world.Request(Issue(7), Issue(8)) with { PreflightOnly = true };
        var plan = _world.Engine.PlanSurgical(request, default);
        Assert.Equal((RunStatus.Planned, null, 2), (plan.Status, plan.RunId, plan.Entities.Count));
        Assert.False(Directory.Exists(_world.ArchivePath));

        _world.AddBusyIssue(7);
        await _world.RunAsync(Issue(7));
        var asked = _world.Server.Requests.Count;
        var before = _world.Files().Select(Convert.ToHexString).ToList();
        plan = _world.Engine.PlanSurgical(request with { PreflightOnly = false }, default);
        Assert.Equal(["preflight to docs; in the archive as of 2024-09-27T09:01:06Z", "preflight to docs; not in the archive"], plan.Entities.Select(e => e.ErrorMessage));
        Assert.Equal(before, _world.Files().Select(Convert.ToHexString));
        Assert.Equal(asked, _world.Server.Requests.Count);
    }

    [Fact]
    public async Task NoDocsNoEmbed_LeavesTheDocumentsToTheDrain()
    {
        _world.AddBusyIssue(7);
        var run = await _world.RunAsync(_world.Request(Issue(7)) with { NoDocs = true, NoEmbed = true });
        Assert.Equal((RunStatus.Succeeded, 0, 1), (run.Status, run.Counters.DocumentsRegenerated, _world.Count("dirty_sources")));
        Assert.Empty(_world.Retryable());
        Assert.Equal(1, (await _world.UpdateIndexAsync()).Counters.DocumentsRegenerated);
        Assert.Single(await _world.Engine.FindDocumentsAsync(new DocumentQuery { Text = "second note" }, default));
        Assert.Equal(0, (await _world.UpdateIndexAsync()).Counters.DocumentsRegenerated);
    }

    [Fact]
    public async Task Lease_HeldByAnotherRun_FailsWithItsNameAndCanBeRetried()
    {
        _world.AddBusyIssue(7);
        using (var other = ArchiveDatabase.Open(_world.Options, ArchiveMode.Create))
        using (other.AcquireLease("run-other", TimeSpan.Zero, default))
        {
            var run = await _world.RunAsync(Issue(7));
            Assert.Equal((RunStatus.Failed, nameof(ErrorCode.LeaseHeld)), (run.Status, run.ErrorCode));
            Assert.Contains("run-other", run.ErrorMessage!, StringComparison.Ordinal);
            Assert.Equal("", _world.Content());
        }
        Assert.Equal(RunStatus.Succeeded, (await _world.RetryAsync(Assert.Single(_world.Retryable()))).Status);
    }

    [Fact(DisplayName = "lock_lost_fence_stops_a_run_that_was_declared_dead")]
    public async Task Lease_Lost_WritesNothingMore()
    {
        _world.AddBusyIssue(7);
        _world.Step = step =>
        {
            if (step == "dependents:claimed")
            {
                _world.Write(db => db.Execute("UPDATE app_locks SET fence = fence + 1, run_id = 'thief'"));
            }
        };
        var run = await _world.RunAsync(Issue(7));
        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.LeaseLost), 0), (run.Status, run.ErrorCode, _world.Count("notes")));
        Assert.Equal(4, _world.Count("dependent_queue", "status = 'aborted'"));
    }

    [Fact(DisplayName = "claimed_job_on_ctrl_c_ends_aborted")]
    public async Task Cancel_WithClaimedJobs_AbortsThem()
    {
        _world.AddBusyIssue(7);
        _world.AddBusyIssue(8);
        using var stop = new CancellationTokenSource();
        _world.Step = step =>
        {
            if (step == "dependents:job")
            {
                stop.Cancel();
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _world.RunAsync(_world.Request(Issue(7), Issue(8)), stop.Token));
        var run = _world.Engine.GetRuns(new RunQuery { Last = 1, IncludeEntities = true }).Single();
        Assert.Equal((RunStatus.Aborted, nameof(ErrorCode.Cancelled)), (run.Status, run.ErrorCode));
        Assert.Equal((1, 7), (_world.Count("dependent_queue", "status = 'done'"), _world.Count("dependent_queue", "status = 'aborted' AND aborted_reason = 'Cancelled'")));
        _world.Step = static _ => { };
        var retry = await _world.RetryAsync(run);
        Assert.Equal((RunStatus.Succeeded, 2L), (retry.Status, retry.Counters.Requested));
    }

    [Fact]
    public async Task Cancel_DuringTheFetch_StopsSoon()
    {
        _world.AddBusyIssue(7);
        using var stop = new CancellationTokenSource();
        _world.Server.Intercept = async context =>
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
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _world.RunAsync(_world.Request(Issue(7)), stop.Token));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2));
        Assert.Equal("", _world.Content());
    }
}
