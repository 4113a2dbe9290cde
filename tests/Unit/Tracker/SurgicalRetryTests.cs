using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using static ArtifactSync.Tests.Tracker.SurgicalWorld;

namespace ArtifactSync.Tests.Tracker;

/// <summary>What is repeated: everything without terminal success, except what can't pass by itself.</summary>
[Trait("Category", "Surgical")]
public sealed class SurgicalRetryTests : IAsyncLifetime
{
    private SurgicalWorld _world = null!;

    public async Task InitializeAsync() => _world = await StartAsync();

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact(DisplayName = "retry_set_after_one_404_is_the_nine_untouched_items")]
    public async Task Retry_AfterOneMissing_TakesTheNineOthersInOrder()
    {
        foreach (var iid in Enumerable.Range(1, 10).Where(i => i != 4))
        {
            _world.AddBusyIssue(iid);
        }
        var asked = Enumerable.Range(1, 10).Reverse().Select(i => Issue(i)).ToArray();
        var run = await _world.RunAsync(asked);
        Assert.Equal(run.RunId, Assert.Single(_world.Retryable()).RunId);

        var retry = await _world.RetryAsync(run);

        Assert.Equal((RunStatus.Succeeded, run.RunId, 9L, 9L), (retry.Status, retry.ParentRunId, retry.Counters.Requested, retry.Counters.Ingested));
        var left = retry.Entities.Single(e => e.Status == EntityStatus.Skipped);
        Assert.Equal((4L, "preflight", nameof(ErrorCode.NotFound)), (left.Iid!.Value, left.Stage, left.ErrorCode));
        Assert.Empty(_world.Retryable());
        Assert.Equal(9, _world.Count("issues"));
        Assert.Equal([.. asked.Where(i => i.Iid != 4)], SurgicalRecord.Read(_world.Read(db => RunTable.FindRequest(db, retry.RunId!)!.RequestedJson)).Items);
    }

    [Fact(DisplayName = "retry_with_include_permanent_takes_the_missing_one_too")]
    public async Task Retry_IncludePermanent_TakesAll()
    {
        _world.AddBusyIssue(1);
        var run = await _world.RunAsync(Issue(1), Issue(2));
        _world.AddBusyIssue(2);
        var retry = await _world.RetryAsync(run, permanent: true);
        Assert.Equal((RunStatus.Succeeded, 2L), (retry.Status, retry.Counters.Ingested));
    }

    [Fact(DisplayName = "retry_of_a_run_that_only_failed_for_good_is_empty_and_succeeds")]
    public async Task Retry_OfOnlyPermanent_IsEmpty()
    {
        var run = await _world.RunAsync(Issue(2));
        Assert.Empty(_world.Retryable());
        var retry = await _world.RetryAsync(run);
        Assert.Equal((RunStatus.Succeeded, 0L, 1), (retry.Status, retry.Counters.Requested, retry.Entities.Count));
    }

    [Fact(DisplayName = "retry_of_a_run_that_succeeded_is_empty")]
    public async Task Retry_OfASuccess_IsEmpty()
    {
        _world.AddBusyIssue(1);
        var run = await _world.RunAsync(Issue(1));
        var asked = _world.Server.Requests.Count;
        var retry = await _world.RetryAsync(run);
        Assert.Equal((RunStatus.Succeeded, 0L, asked), (retry.Status, retry.Counters.Requested, _world.Server.Requests.Count));
    }

    [Fact(DisplayName = "retry_of_a_partial_run_takes_what_failed_in_docs")]
    public async Task Retry_OfPartial_TakesWhatFailed()
    {
        _world.AddBusyIssue(1);
        _world.AddBusyIssue(2);
        await _world.RunAsync(Issue(1));
        _world.Write(db => db.Execute("CREATE TRIGGER bad BEFORE INSERT ON documents BEGIN SELECT RAISE(ABORT, 'no more documents'); END"));
        var run = await _world.RunAsync(Issue(1), Issue(2));
        Assert.Equal((RunStatus.Partial, nameof(ErrorCode.DocsFailed)), (run.Status, run.ErrorCode));
        Assert.Equal([Issue(2)], run.FailedIids);
        Assert.Equal(1, _world.Count("dirty_sources")); // stays for the drain
        Assert.Equal("done", run.Phase);
        _world.Write(db => db.Execute("DROP TRIGGER bad"));
        var retry = await _world.RetryAsync(Assert.Single(_world.Retryable()));
        Assert.Equal((RunStatus.Succeeded, 1L), (retry.Status, retry.Counters.DocumentsRegenerated));
        Assert.Equal([Issue(2)], SurgicalRecord.Read(_world.Read(db => RunTable.FindRequest(db, retry.RunId!)!.RequestedJson)).Items);
    }

    [Fact(DisplayName = "an_item_that_failed_in_dependents_gets_no_document_and_the_others_go_on")]
    public async Task Dependents_FailedForOne_OthersGoOn()
    {
        _world.AddBusyIssue(1);
        _world.AddBusyIssue(2);
        _world.Write(db => db.Execute("CREATE TRIGGER bad BEFORE INSERT ON notes WHEN new.gitlab_id = 101 BEGIN SELECT RAISE(ABORT, 'not this note'); END"));
        var run = await _world.RunAsync(Issue(1), Issue(2));
        Assert.Equal((RunStatus.Partial, nameof(ErrorCode.DependentFailed)), (run.Status, run.ErrorCode));
        Assert.Equal([Issue(1)], run.FailedIids);
        Assert.Equal(1, _world.Count("documents"));
        Assert.Equal((1, 3), (_world.Count("dependent_queue", "status = 'failed'"), _world.Count("dependent_queue", "status = 'aborted'")));
        Assert.True(_world.Stored(1).ChildrenOwed);
        var drain = await _world.UpdateIndexAsync();
        Assert.Equal([EntityStatus.Deferred], drain.Entities.Where(e => e.Stage == "dependents").Select(e => e.Status));
        Assert.Contains(run.RunId!, drain.Entities.Single(e => e.Stage == "dependents").ErrorMessage!, StringComparison.Ordinal);
        _world.Write(db => db.Execute("DROP TRIGGER bad"));
        Assert.Equal(RunStatus.Succeeded, (await _world.RetryAsync(run)).Status);
        Assert.False(_world.Stored(1).ChildrenOwed);
    }

    [Fact(DisplayName = "retry_of_a_running_run_is_refused")]
    public async Task Retry_OfARunningRun_IsRefused()
    {
        _world.Write(db => RunTable.Insert(
            db, new RunStart("run-alive", RunKind.Surgical) { RequestedJson = "{}", InstanceUrl = "x", Project = "p" }, ProcessIdentity.Current, _world.Clock.GetUtcNow()));
        var run = _world.Engine.GetRuns(new RunQuery { RunIds = ["run-alive"] }).Single();
        var fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => _world.RetryAsync(run));
        Assert.Equal(ErrorCode.InvalidArgument, fault.Code);
        fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => _world.RetryAsync(run with { RunId = "run-none" }));
        Assert.Equal(ErrorCode.RunNotFound, fault.Code);
        _world.Write(db => db.Execute("DELETE FROM sync_runs"));
    }

    [Fact(DisplayName = "retry_of_a_crashed_run_without_rows_takes_all")]
    public async Task Retry_OfACrash_TakesAll()
    {
        _world.AddBusyIssue(1);
        _world.AddBusyIssue(2);
        // As a process that was killed while it fetched left it.
        _world.Write(db => RunTable.Insert(
            db,
            new RunStart("run-dead", RunKind.Surgical)
            {
                InstanceUrl = _world.Server.Url, Project = ProjectPath, Phase = "preflight",
                RequestedJson = SurgicalRecord.Write(_world.Request(Issue(2), Issue(1))), OptionsJson = new SurgicalOptions("docs", null, null).Write(),
            },
            ProcessIdentity.Current with { ProcessId = 999_999 }, _world.Clock.GetUtcNow()));
        await _world.UpdateIndexAsync(); // any run that writes reaps
        var dead = Assert.Single(_world.Retryable());
        Assert.Equal((RunStatus.Aborted, nameof(ErrorCode.RunCrashed)), (dead.Status, dead.ErrorCode));
        var retry = await _world.RetryAsync(dead);
        Assert.Equal((RunStatus.Succeeded, 2L), (retry.Status, retry.Counters.Ingested));
        Assert.Equal([Issue(2), Issue(1)], SurgicalRecord.Read(_world.Read(db => RunTable.FindRequest(db, retry.RunId!)!.RequestedJson)).Items);
        Assert.Empty(_world.Retryable());
    }

    [Fact]
    public async Task Retry_TwiceFromOneParent_IsHarmless()
    {
        _world.AddBusyIssue(1);
        var run = await _world.RunAsync(Issue(1), Issue(2));
        Assert.Equal(RunStatus.Succeeded, (await _world.RetryAsync(run)).Status);
        Assert.Equal(RunStatus.Succeeded, (await _world.RetryAsync(run)).Status);
        Assert.Equal(1, _world.Count("issues"));
    }

    [Fact]
    public async Task Plan_OfARetry_AsksAndWritesNothing()
    {
        _world.AddBusyIssue(1);
        var run = await _world.RunAsync(Issue(1), Issue(2));
        var (asked, before) = (_world.Server.Requests.Count, _world.Files().Select(Convert.ToHexString).ToList());
        var plan = await _world.Engine.PlanRetryAsync(new RetryRequest { RunId = run.RunId! }, NullObserver.Instance, default);
        Assert.Equal((RunStatus.Planned, run.RunId), (plan.Status, plan.ParentRunId));
        Assert.Equal([(1L, EntityStatus.Planned), (2L, EntityStatus.Skipped)], plan.Entities.Select(e => (e.Iid!.Value, e.Status)));
        Assert.Equal(asked, _world.Server.Requests.Count);
        Assert.Equal(before, _world.Files().Select(Convert.ToHexString));
    }
}
