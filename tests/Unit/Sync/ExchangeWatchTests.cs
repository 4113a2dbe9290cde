using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Sync;

/// <summary>When a watch exchanges, in a time that is moved by hand.</summary>
[Trait("Category", "Transport")]
public sealed class ExchangeWatchTests : IDisposable
{
    private static readonly WatchSchedule Schedule = new() { Interval = TimeSpan.FromMinutes(5), Debounce = TimeSpan.FromSeconds(2) };
    private static readonly RunCounters Something = new() { Sent = 1 };

    private readonly TimerClock _clock = new();
    private readonly Double _double = new();

    public void Dispose() => _double.Dispose();

    [Fact]
    public async Task Run_Start_ExchangesAtOnceAndGivesTheRunEvenIfIdle()
    {
        await using Watch watch = Begin();

        Assert.Equal(RunStatus.Succeeded, (await watch.NextAsync()).Status);
        Assert.Empty(_double.Forgotten);
    }

    [Fact]
    public async Task Run_NothingChanges_ExchangesEveryIntervalAndGivesNothing()
    {
        await using Watch watch = Begin();
        await watch.NextAsync();

        for (int i = 1; i <= 3; i++)
        {
            await _clock.PassAsync(Schedule.Interval);
            await _double.ExchangedAsync(1 + i);
        }

        Assert.Equal(3, _double.Forgotten.Count);
        Assert.False(watch.HasMore);
    }

    [Fact]
    public async Task Run_Change_ExchangesWhenItHasBeenQuiet()
    {
        await using Watch watch = Begin();
        await watch.NextAsync();

        await _double.ChangeAsync("1");
        await _clock.PassAsync(TimeSpan.FromSeconds(1.5));
        await _double.ChangeAsync("2"); // still writing: the pause begins anew
        await _clock.PassAsync(TimeSpan.FromSeconds(1.5));
        Assert.Equal(1, _double.Exchanges);
        _double.Next.Enqueue(Run(Something));
        await _clock.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(Something, (await watch.NextAsync()).Counters);
    }

    [Fact]
    public async Task Run_NeverQuiet_ExchangesAtTheInterval()
    {
        await using Watch watch = Begin();
        await watch.NextAsync();

        for (int i = 0; i < 300 && _double.Exchanges == 1; i++)
        {
            await _double.ChangeAsync($"{i}");
            await _clock.PassAsync(TimeSpan.FromSeconds(1));
        }

        await _double.ExchangedAsync(2);
    }

    [Fact]
    public async Task Run_WritesThatMeanNothing_DoNotExchange()
    {
        await using Watch watch = Begin();
        await watch.NextAsync();

        await _double.ChangeAsync(mark: ""); // a heartbeat of some run
        await _clock.PassAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(1, _double.Exchanges);
    }

    [Fact]
    public async Task Run_ChangeDuringAnExchange_IsNotMissed()
    {
        _double.During = () => _double.MarkNow = "written meanwhile";
        await using Watch watch = Begin();
        await watch.NextAsync();
        _double.During = static () => { };

        await _clock.PassAsync(Schedule.Debounce);

        await _double.ExchangedAsync(2);
    }

    [Fact]
    public async Task Run_Failures_AreGivenAndTriedAgainAfterGrowingPauses()
    {
        foreach (int _ in Enumerable.Range(0, 9))
        {
            _double.Next.Enqueue(Failed(ErrorCode.TargetUnreachable));
        }

        await using Watch watch = Begin();
        List<TimeSpan> pauses = [];
        for (int i = 1; i <= 9; i++)
        {
            Assert.Equal(RunStatus.Failed, (await watch.NextAsync()).Status);
            pauses.Add(await _clock.NextWaitAsync());
            await _clock.PassAsync(pauses[^1]);
            await _double.ExchangedAsync(1 + i);
        }

        Assert.All(pauses.Index(), static p => Assert.InRange(
            p.Item.TotalSeconds, Math.Min(300, 5 * Math.Pow(2, p.Index)) / 2, Math.Min(300, 5 * Math.Pow(2, p.Index))));
        Assert.Equal(RunStatus.Succeeded, (await watch.NextOrNullAsync())?.Status ?? RunStatus.Succeeded);
    }

    [Fact]
    public async Task Run_FailureThatStays_EndsTheWatch()
    {
        _double.Next.Enqueue(Failed(ErrorCode.TargetOverlap));
        await using Watch watch = Begin();

        Assert.Equal(nameof(ErrorCode.TargetOverlap), (await watch.NextAsync()).ErrorCode);
        Assert.Equal(ErrorCode.TargetOverlap, (await Assert.ThrowsAsync<ArtifactSyncException>(watch.NextAsync)).Code);
        Assert.Equal(1, _double.Exchanges);
    }

    [Fact]
    public async Task Run_TargetIsToBeLeftAlone_ExchangesWhenThatIsOver()
    {
        _double.Backoff = _clock.GetUtcNow() + TimeSpan.FromSeconds(40);
        await using Watch watch = Begin();
        Task<SyncRun> first = watch.NextAsync();

        Assert.Equal(TimeSpan.FromSeconds(40), await _clock.NextWaitAsync());
        await _clock.PassAsync(TimeSpan.FromSeconds(39));
        Assert.Equal(0, _double.Exchanges);
        await _clock.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(RunStatus.Succeeded, (await first).Status);
    }

    [Fact]
    public async Task Run_FailureThatTheArchiveKnowsAPauseFor_KeepsToIt()
    {
        _double.Next.Enqueue(Failed(ErrorCode.TargetUnreachable));
        await using Watch watch = Begin();
        _double.During = () => _double.Backoff = _clock.GetUtcNow() + TimeSpan.FromSeconds(1.5);
        await watch.NextAsync();

        Assert.Equal(TimeSpan.FromSeconds(1.5), await _clock.NextWaitAsync());
    }

    [Fact]
    public async Task Run_Stopped_EndsWithoutWaiting()
    {
        Watch watch = Begin();
        await watch.NextAsync();

        Task<SyncRun> waiting = watch.NextAsync();
        watch.Stop();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private Watch Begin() => new(new ExchangeWatch(_double, Schedule, _clock, new Random(1)));

    private static SyncRun Run(RunCounters counters) => new() { RunId = "r", Status = RunStatus.Succeeded, Counters = counters };

    private static SyncRun Failed(ErrorCode code) => new() { RunId = "r", Status = RunStatus.Failed, ErrorCode = code.ToString(), ErrorMessage = "failed" };

    private sealed class Watch : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly IAsyncEnumerator<SyncRun> _runs;
        private Task<bool>? _next;

        public Watch(ExchangeWatch watch) => _runs = watch.RunAsync(_stop.Token).GetAsyncEnumerator(CancellationToken.None);

        public bool HasMore => (_next ??= _runs.MoveNextAsync().AsTask()).IsCompleted;

        public async Task<SyncRun> NextAsync()
        {
            Assert.True(await (_next ?? _runs.MoveNextAsync().AsTask()));
            SyncRun run = _runs.Current;
            _next = _runs.MoveNextAsync().AsTask(); // goes on to the next wait
            return run;
        }

        public async Task<SyncRun?> NextOrNullAsync() => HasMore ? await NextAsync() : null;

        public void Stop() => _stop.Cancel();

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            Exception end = await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                while (await (_next ?? _runs.MoveNextAsync().AsTask()))
                {
                    _next = null;
                }
            });
            Assert.True(end is OperationCanceledException or ArtifactSyncException, end.ToString());
            _stop.Dispose();
        }
    }

    private sealed class Double : IWatched
    {
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile int _exchanges;

        public Queue<SyncRun> Next { get; } = [];

        public List<SyncRun> Forgotten { get; } = [];

        public Action During { get; set; } = static () => { };

        public string MarkNow { get; set; } = "";

        public int Exchanges => _exchanges;

        public Task<SyncRun> ExchangeAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _exchanges);
            During();
            return Task.FromResult(Next.TryDequeue(out SyncRun? run) ? run : Run(new RunCounters()));
        }

        public string Mark() => MarkNow;

        public DateTimeOffset? Backoff { get; set; }

        public DateTimeOffset? BackoffUntil() => Backoff;

        public Task ChangedAsync(CancellationToken cancellationToken)
        {
            TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _changed = changed;
            cancellationToken.Register(() => changed.TrySetCanceled(cancellationToken));
            return changed.Task;
        }

        /// <summary>Something writes; returns when the watch listens again.</summary>
        public async Task ChangeAsync(string mark)
        {
            MarkNow = mark;
            TaskCompletionSource before = _changed;
            before.TrySetResult();
            await TimerClock.Until(() => _changed != before);
        }

        public Task ExchangedAsync(int count) => TimerClock.Until(() => _exchanges >= count);

        public void Forget(SyncRun run) => Forgotten.Add(run);

        public void Dispose()
        {
        }
    }
}
