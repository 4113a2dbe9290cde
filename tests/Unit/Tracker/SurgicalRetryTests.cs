using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using static ArtifactSync.Tests.Tracker.SurgicalWorld;

namespace ArtifactSync.Tests.Tracker;

/// <summary>What is repeated: everything without terminal success, except what can't pass by itself.</summary>
public sealed class SurgicalRetryTests : SurgicalTests
{
    [Fact(DisplayName = "retry_set_after_one_404_is_the_nine_untouched_items")]
    public async Task Retry_AfterOneMissing_TakesTheNineOthersInOrder()
    {
        foreach (var iid in Enumerable.Range(1, 10).Where(i => i != 4))
        {
            World.AddBusyIssue(iid);
        }
        var asked = Enumerable.Range(1, 10).Reverse().Select(i => Issue(i)).ToArray();
        var run = await World.RunAsync(asked);
        Assert.Equal(run.RunId, Assert.Single(World.Retryable()).RunId);

        var retry = await World.RetryAsync(run);

        Assert.Equal((RunStatus.Succeeded, run.RunId, 9L, 9L), (retry.Status, retry.ParentRunId, retry.Counters.Requested, retry.Counters.Ingested));
        var left = retry.Entities.Single(e => e.Status == EntityStatus.Skipped);
        Assert.Equal((4L, "preflight", nameof(ErrorCode.NotFound)), (left.Iid!.Value, left.Stage, left.ErrorCode));
        Assert.Empty(World.Retryable());
        Assert.Equal(9, World.Count("issues"));
        Assert.Equal([.. asked.Where(i => i.Iid != 4)], SurgicalRecord.Read(World.Read(db => RunTable.FindRequest(db, retry.RunId!)!.RequestedJson)).Items);
    }

    [Fact(DisplayName = "retry_with_include_permanent_takes_the_missing_one_too")]
    public async Task Retry_IncludePermanent_TakesAll()
    {
        World.AddBusyIssue(1);
        var run = await World.RunAsync(Issue(1), Issue(2));
        World.AddBusyIssue(2);
        var retry = await World.RetryAsync(run, permanent: true);
        Assert.Equal((RunStatus.Succeeded, 2L), (retry.Status, retry.Counters.Ingested));
    }

    [Fact(DisplayName = "retry_of_a_run_that_only_failed_for_good_is_empty_and_succeeds")]
    public async Task Retry_OfOnlyPermanent_IsEmpty()
    {
        var run = await World.RunAsync(Issue(2));
        Assert.Empty(World.Retryable());
        var retry = await World.RetryAsync(run);
        Assert.Equal((RunStatus.Succeeded, 0L, 1), (retry.Status, retry.Counters.Requested, retry.Entities.Count));
    }

    [Fact(DisplayName = "retry_of_a_run_that_succeeded_is_empty")]
    public async Task Retry_OfASuccess_IsEmpty()
    {
        World.AddBusyIssue(1);
        var run = await World.RunAsync(Issue(1));
        var asked = World.Server.Requests.Count;
        var retry = await World.RetryAsync(run);
        Assert.Equal((RunStatus.Succeeded, 0L, asked), (retry.Status, retry.Counters.Requested, World.Server.Requests.Count));
    }

    [Fact(DisplayName = "retry_of_a_partial_run_takes_what_failed_in_docs")]
    public async Task Retry_OfPartial_TakesWhatFailed()
    {
        World.AddBusyIssue(1);
        World.AddBusyIssue(2);
        await World.RunAsync(Issue(1));
        World.Write(db => db.Execute("CREATE TRIGGER bad BEFORE INSERT ON documents BEGIN SELECT RAISE(ABORT, 'no more documents'); END"));
        var run = await World.RunAsync(Issue(1), Issue(2));
        Assert.Equal((RunStatus.Partial, nameof(ErrorCode.DocsFailed)), (run.Status, run.ErrorCode));
        Assert.Equal([Issue(2)], run.FailedIids);
        Assert.Equal(1, World.Count("dirty_sources")); // stays for the drain
        Assert.Equal("done", run.Phase);
        World.Write(db => db.Execute("DROP TRIGGER bad"));
        var retry = await World.RetryAsync(Assert.Single(World.Retryable()));
        Assert.Equal((RunStatus.Succeeded, 1L), (retry.Status, retry.Counters.DocumentsRegenerated));
        Assert.Equal([Issue(2)], SurgicalRecord.Read(World.Read(db => RunTable.FindRequest(db, retry.RunId!)!.RequestedJson)).Items);
    }

    [Fact(DisplayName = "an_item_that_failed_in_dependents_gets_no_document_and_the_others_go_on")]
    public async Task Dependents_FailedForOne_OthersGoOn()
    {
        World.AddBusyIssue(1);
        World.AddBusyIssue(2);
        World.Write(db => db.Execute("CREATE TRIGGER bad BEFORE INSERT ON notes WHEN new.gitlab_id = 101 BEGIN SELECT RAISE(ABORT, 'not this note'); END"));
        var run = await World.RunAsync(Issue(1), Issue(2));
        Assert.Equal((RunStatus.Partial, nameof(ErrorCode.DependentFailed)), (run.Status, run.ErrorCode));
        Assert.Equal([Issue(1)], run.FailedIids);
        Assert.Equal(1, World.Count("documents"));
        Assert.Equal((1, 3), (World.Count("dependent_queue", "status = 'failed'"), World.Count("dependent_queue", "status = 'aborted'")));
        Assert.True(World.Stored(1).ChildrenOwed);
        var drain = await World.UpdateIndexAsync();
        Assert.Equal([EntityStatus.Deferred], drain.Entities.Where(e => e.Stage == "dependents").Select(e => e.Status));
        Assert.Contains(run.RunId!, drain.Entities.Single(e => e.Stage == "dependents").ErrorMessage!, StringComparison.Ordinal);
        World.Write(db => db.Execute("DROP TRIGGER bad"));
        Assert.Equal(RunStatus.Succeeded, (await World.RetryAsync(run)).Status);
        Assert.False(World.Stored(1).ChildrenOwed);
    }

    [Fact(DisplayName = "retry_of_a_running_run_is_refused")]
    public async Task Retry_OfARunningRun_IsRefused()
    {
        World.Write(db => RunTable.Insert(
            db, new RunStart("run-alive", RunKind.Surgical) { RequestedJson = "{}", InstanceUrl = "x", Project = "p" }, ProcessIdentity.Current, World.Clock.GetUtcNow()));
        var run = World.Engine.GetRuns(new RunQuery { RunIds = ["run-alive"] }).Single();
        var fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => World.RetryAsync(run));
        Assert.Equal(ErrorCode.InvalidArgument, fault.Code);
        fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => World.RetryAsync(run with { RunId = "run-none" }));
        Assert.Equal(ErrorCode.RunNotFound, fault.Code);
        World.Write(db => db.Execute("DELETE FROM sync_runs"));
    }

    [Fact(DisplayName = "retry_of_a_crashed_run_without_rows_takes_all")]
    public async Task Retry_OfACrash_TakesAll()
    {
        World.AddBusyIssue(1);
        World.AddBusyIssue(2);
        // As a process that was killed while it fetched left it.
        World.Write(db => RunTable.Insert(
            db,
            new RunStart("run-dead", RunKind.Surgical)
            {
                InstanceUrl = World.Server.Url, Project = ProjectPath, Phase = "preflight",
                RequestedJson = SurgicalRecord.Write(World.Request(Issue(2), Issue(1))), OptionsJson = new SurgicalOptions("docs", null, null).Write(),
            },
            ProcessIdentity.Current with { ProcessId = 999_999 }, World.Clock.GetUtcNow()));
        await World.UpdateIndexAsync(); // any run that writes reaps
        var dead = Assert.Single(World.Retryable());
        Assert.Equal((RunStatus.Aborted, nameof(ErrorCode.RunCrashed)), (dead.Status, dead.ErrorCode));
        var retry = await World.RetryAsync(dead);
        Assert.Equal((RunStatus.Succeeded, 2L), (retry.Status, retry.Counters.Ingested));
        Assert.Equal([Issue(2), Issue(1)], SurgicalRecord.Read(World.Read(db => RunTable.FindRequest(db, retry.RunId!)!.RequestedJson)).Items);
        Assert.Empty(World.Retryable());
    }

    [Fact]
    public async Task Retry_TwiceFromOneParent_IsHarmless()
    {
        World.AddBusyIssue(1);
        var run = await World.RunAsync(Issue(1), Issue(2));
        Assert.Equal(RunStatus.Succeeded, (await World.RetryAsync(run)).Status);
        Assert.Equal(RunStatus.Succeeded, (await World.RetryAsync(run)).Status);
        Assert.Equal(1, World.Count("issues"));
    }

    [Fact]
    public async Task Plan_OfARetry_AsksAndWritesNothing()
    {
        World.AddBusyIssue(1);
        var run = await World.RunAsync(Issue(1), Issue(2));
        var (asked, before) = (World.Server.Requests.Count, World.Files().Select(Convert.ToHexString).ToList());
        var plan = await World.Engine.PlanRetryAsync(new RetryRequest { RunId = run.RunId! }, NullObserver.Instance, default);
        Assert.Equal((RunStatus.Planned, run.RunId), (plan.Status, plan.ParentRunId));
        Assert.Equal([(1L, EntityStatus.Planned), (2L, EntityStatus.Skipped)], plan.Entities.Select(e => (e.Iid!.Value, e.Status)));
        Assert.Equal(asked, World.Server.Requests.Count);
        Assert.Equal(before, World.Files().Select(Convert.ToHexString));
    }
}
