namespace ArtifactSync.Tests.Doubles;

/// <summary>Timers fire when the time that is moved by hand reaches them.</summary>
internal sealed class TimerClock : TimeProvider
{
    /// <summary>Of real time: what takes longer never comes.</summary>
    private static readonly TimeSpan s_hangs = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private readonly List<(TimeSpan Within, TaskCompletionSource Armed)> _waiting = [];
    private DateTimeOffset _now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            var timer = new Timer(this, () => callback(state), _now + dueTime);
            // Heartbeats are nothing that anybody waits for.
            if (dueTime >= TimeSpan.Zero && period == Timeout.InfiniteTimeSpan)
            {
                _timers.Add(timer);
                Tell();
            }

            return timer;
        }
    }

    /// <summary>The next wait, once there is one.</summary>
    public async Task<TimeSpan> NextWaitAsync()
    {
        await ArmedAsync(TimeSpan.MaxValue).WaitAsync(s_hangs);
        lock (_gate)
        {
            return _timers.Min(static t => t.Due) - _now;
        }
    }

    /// <summary>Completes when something waits for a time that is not farther away than this.</summary>
    public Task ArmedAsync(TimeSpan within)
    {
        var armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add((within, armed));
            Tell();
        }

        return armed.Task;
    }

    /// <summary>Lets time pass; returns after what was due has been told.</summary>
    public async Task PassAsync(TimeSpan span)
    {
        await ArmedAsync(TimeSpan.MaxValue).WaitAsync(s_hangs);
        List<Timer> due;
        lock (_gate)
        {
            _now += span;
            due = [.. _timers.Where(t => t.Due <= _now)];
            _timers.RemoveAll(due.Contains);
        }

        due.ForEach(static timer => timer.Fire());
        for (var i = 0; i < 100; i++)
        {
            await Task.Yield();
        }
    }

    /// <summary>For what other threads bring about without telling.</summary>
    public static async Task Until(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 1_000_000, "it never came");
            await Task.Yield();
        }
    }

    private void Tell()
    {
        foreach (var (_, armed) in _waiting.Where(waiting => _timers.Exists(timer => timer.Due - _now <= waiting.Within)).ToList())
        {
            _waiting.RemoveAll(waiting => waiting.Armed == armed);
            armed.SetResult();
        }
    }

    private sealed class Timer(TimerClock clock, Action fire, DateTimeOffset due) : ITimer
    {
        public DateTimeOffset Due => due;

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
            lock (clock._gate)
            {
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
