using System.Diagnostics;
using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using Xunit.Abstractions;
using static ArtifactSync.Tests.Tracker.SurgicalWorld;

namespace ArtifactSync.Tests.Tracker;

/// <summary>Child processes: killed at every step, and two at once.</summary>
public sealed class SurgicalCrashTests(ITestOutputHelper output) : SurgicalTests
{
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        World.AddBusyIssue(1);
        World.AddBusyIssue(2);
    }

    [Fact(DisplayName = "killed_at_each_step_recovers_and_the_retry_completes")]
    public async Task Run_KilledAtEveryStep_IsRecoveredAndRetried()
    {
        var steps = (await ChildAsync(0, 1, 2)).Output.Trim().Split(',');
        var complete = Rows();
        Assert.All(
            (string[])["phase:ingest", "ingest:commit", "phase:dependents", "dependents:claimed", "phase:docs", "docs:document", "phase:embed"],
            name => Assert.Contains(name, steps));
        for (var step = 1; step <= steps.Length; step++)
        {
            File.Delete(Path.Combine(World.ArchivePath, "archive.db"));
            File.Delete(Path.Combine(World.ArchivePath, "archive.db-wal"));
            File.Delete(Path.Combine(World.ArchivePath, "archive.db-shm"));
            Assert.Equal(137, (await ChildAsync(step, 1, 2)).ExitCode);
            await AssertRecoversAsync(steps[step - 1], isCommitted: steps.Index().First(s => s.Item == "phase:dependents").Index < step);
            await World.UpdateIndexAsync(); // what the dead run had marked is the drain's
            Assert.Equal(complete, Rows());
        }
        output.WriteLine($"killed at {steps.Length} steps: {string.Join(", ", steps)}");
    }

    [Fact(DisplayName = "two_processes_one_iid_fifty_rounds")]
    public async Task Run_InTwoProcessesOnOneItem_EndsSoundFiftyTimes()
    {
        for (var round = 1; round <= 50; round++)
        {
            World.AddBusyIssue(1).Update($"2024-09-27T10:{round:00}:00.000Z").AddNote(10_000 + round, $"note of round {round}");
            var runs = await Task.WhenAll(ChildAsync(0, 1), ChildAsync(0, 1));
            Assert.All(runs, r => Assert.True(r.ExitCode == 0, r.Output));
            World.Write(AssertSound);
            var issue = World.Stored(1);
            Assert.Equal((round, false), (issue.UpdatedAt.Minute, issue.ChildrenOwed));
            Assert.Contains(issue.Notes, n => n.Body == $"note of round {round}");
            Assert.Equal(0, World.Count("dirty_sources"));
        }
        Assert.Equal(100, World.Count("sync_runs", "status = 'succeeded'"));
    }

    private async Task AssertRecoversAsync(string step, bool isCommitted)
    {
        // As the kill left it: all rows or none.
        var rows = World.Count("issues");
        Assert.True(rows == (isCommitted ? 2 : 0), $"{step}: {rows} rows");
        using (var archive = ArchiveDatabase.Open(World.Options, ArchiveMode.ReadWrite))
        using (var run = RunRecorder.Begin(archive, id => new RunStart(id, RunKind.Import), NullObserver.Instance, default))
        {
            run.Finish();
        }
        World.Write(AssertSound);
        var dead = World.Engine.GetRuns(new RunQuery { Kinds = [RunKind.Surgical], IncludeEntities = true }).Single();
        if (dead.Status == RunStatus.Succeeded)
        {
            Assert.Equal("embed:document", step); // killed after its last word but one
            return;
        }
        Assert.True((RunStatus.Aborted, nameof(ErrorCode.RunCrashed), true) == (dead.Status, dead.ErrorCode, dead.Retryable), $"{step}: {dead.Status} {dead.ErrorCode}");
        Assert.NotEmpty(dead.FailedIids);
        World.Clock.Advance(DateTimeOffset.UtcNow.AddMinutes(1) - World.Clock.GetUtcNow()); // the child had the real time
        var retry = await World.RetryAsync(dead);
        Assert.True(retry.Status == RunStatus.Succeeded, $"{step}: {retry.ErrorCode} {retry.ErrorMessage}");
        Assert.Empty(World.Retryable());
    }

    /// <summary>Content without times, runs and queues.</summary>
    private string Rows() => string.Join('\n', World.Content(
        "fetched_at", "children_fetched_at", "last_run_id", "rebuilt_run_id", "rebuilt_at", "created_at", "id", "issue_id", "instance_url", "queued_at")
        .Split('\n').Where(row => !row.StartsWith("dependent_queue", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    private async Task<(int ExitCode, string Output)> ChildAsync(int step, params long[] iids)
    {
        var crasher = Path.Combine(AppContext.BaseDirectory, "ArtifactSync.Crasher.dll");
        string[] args =
        [
            crasher, "--surgical", World.ArchivePath, World.Server.Url, step.ToString(CultureInfo.InvariantCulture),
            .. iids.Select(i => i.ToString(CultureInfo.InvariantCulture)),
        ];
        using var process = Process.Start(new ProcessStartInfo("dotnet", args) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, process.ExitCode == 0 ? text : text + await error);
    }
}
