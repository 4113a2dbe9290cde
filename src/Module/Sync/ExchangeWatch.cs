using System.Runtime.CompilerServices;
using ArtifactSync.Errors;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>When a watch exchanges besides at its start.</summary>
public sealed record WatchSchedule
{
    /// <summary>At least so often, for what others published (default 5 min).</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);
    /// <summary>How long it has to be quiet here after a change (default 2 s).</summary>
    public TimeSpan Debounce { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The defaults for a target. A cycle with a memory server is one small request: it may come sooner (memory spec 7.1).</summary>
    public static WatchSchedule For(string target) => EngramTarget.Is(target)
        ? new WatchSchedule { Interval = TimeSpan.FromSeconds(30), Debounce = TimeSpan.FromMilliseconds(500) }
        : new WatchSchedule();
}

/// <summary>What a watch works with; a test puts its own in.</summary>
internal interface IWatched : IDisposable
{
    /// <summary>One exchange.</summary>
    Task<SyncRun> ExchangeAsync(CancellationToken cancellationToken);

    /// <summary>Equal to an earlier one while this machine has made nothing that is to be published.</summary>
    string Mark();

    /// <summary>Completes when something may have changed here since the last call, perhaps without need.</summary>
    Task ChangedAsync(CancellationToken cancellationToken);

    /// <summary>Until when the target is to be left alone, as the archive knows from failures; null = it knows of none.</summary>
    DateTimeOffset? BackoffUntil();

    /// <summary>Takes the row of a run that found nothing to do out of the ledger.</summary>
    void Forget(SyncRun run);
}

/// <summary>
/// Exchanges at once, then after changes here and at least every interval; one run an exchange that did something. A failure
/// that can pass is tried again after pauses that grow; one that can't ends the watch. Between exchanges it holds nothing.
/// </summary>
internal sealed class ExchangeWatch(IWatched watched, WatchSchedule schedule, TimeProvider clock, Random random)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);

    /// <summary>A write that a file tells of can be read by then.</summary>
    private static readonly TimeSpan Visible = TimeSpan.FromMilliseconds(50);
    private int _failures;

    /// <exception cref="ArtifactSyncException">A failure that repeating can't cure.</exception>
    public async IAsyncEnumerable<SyncRun> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await RestAsync(cancellationToken); // failures of an earlier process count, too
        for (var first = true; ; first = false)
        {
            var before = watched.Mark();
            var run = await watched.ExchangeAsync(cancellationToken);
            if (first || !IsIdle(run))
            {
                yield return run;
            }
            else
            {
                watched.Forget(run);
            }
            if (run.Status == RunStatus.Failed)
            {
                await PauseAsync(run, cancellationToken);
                continue;
            }
            _failures = 0;
            // What was written while the exchange was under way may have missed it; a further one finds out, silently.
            await WaitAsync(before, again: watched.Mark() != before, cancellationToken);
        }
    }

    /// <summary>Nothing was moved, imported or refused.</summary>
    private static bool IsIdle(SyncRun run) => run.Status == RunStatus.Succeeded && run.Entities.Count == 0
        && run.Counters with { FilesSkipped = 0, MalformedLines = 0, BytesReceived = 0 } == new RunCounters(); // it was looked, no more

    private async Task PauseAsync(SyncRun run, CancellationToken cancellationToken)
    {
        if (Enum.TryParse<ErrorCode>(run.ErrorCode, out var code) && !ErrorCatalog.IsRetryable(code))
        {
            throw new ArtifactSyncException(code, run.ErrorMessage!, run.Target);
        }
        if (await RestAsync(cancellationToken))
        {
            return;
        }
        var longest = schedule.Interval > FirstPause ? schedule.Interval : FirstPause;
        var pause = Math.Min(longest.TotalSeconds, FirstPause.TotalSeconds * Math.Pow(2, Math.Min(_failures++, 30)));
        await Task.Delay(TimeSpan.FromSeconds(pause * (0.5 + (random.NextDouble() / 2))), clock, cancellationToken);
    }

    /// <summary>Waits while the target is to be left alone; false when it need not be.</summary>
    private async Task<bool> RestAsync(CancellationToken cancellationToken)
    {
        var rest = watched.BackoffUntil() - clock.GetUtcNow();
        if (rest is not { } pause || pause <= TimeSpan.Zero)
        {
            return false;
        }
        await Task.Delay(pause, clock, cancellationToken);
        return true;
    }

    /// <summary>
    /// Until the interval is over, or until it is quiet after a change of this machine, whichever comes first. What changed is looked at when
    /// it is quiet: a file tells of a write before the write can be read.
    /// </summary>
    private async Task WaitAsync(string mark, bool again, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var interval = Task.Delay(schedule.Interval, clock, stop.Token);
        try
        {
            var changed = watched.ChangedAsync(stop.Token);
            while (!interval.IsCompleted)
            {
                if (!again)
                {
                    await Task.WhenAny(interval, changed);
                    if (interval.IsCompleted)
                    {
                        break;
                    }
                }
                changed = await QuietAsync(changed, interval, stop.Token);
                if (again || watched.Mark() != mark)
                {
                    return;
                }
            }
            await interval;
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    /// <summary>Until nothing changed for a while; the change that is waited for then.</summary>
    private async Task<Task> QuietAsync(Task changed, Task interval, CancellationToken cancellationToken)
    {
        do
        {
            var quiet = Task.Delay(schedule.Debounce > Visible ? schedule.Debounce : Visible, clock, cancellationToken);
            if (changed.IsCompleted)
            {
                changed = watched.ChangedAsync(cancellationToken);
            }
            await Task.WhenAny(interval, changed, quiet);
            cancellationToken.ThrowIfCancellationRequested();
        }
        while (changed.IsCompleted && !interval.IsCompleted);
        return changed;
    }
}
