namespace ArtifactSync.Tests.Archive;

/// <summary>
/// Manual time in which a wait (a one-shot timer) passes at once and moves the clock by its length; periodic timers tick in
/// <see cref="Advance"/>.
/// </summary>
internal sealed class SteppingClock : TimeProvider
{
    private readonly List<PeriodicTimerDouble> _timers = [];
    private long _ticks;

    public static DateTimeOffset Start { get; } = new(2026, 11, 21, 8, 52, 0, 123, TimeSpan.Zero);

    /// <summary>Called at every wait, e.g. to let another party act meanwhile.</summary>
    public Action? OnWait { get; set; }

    public TimeSpan Waited { get; private set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Start.AddTicks(Interlocked.Read(ref _ticks));

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public void Advance(TimeSpan span)
    {
        Interlocked.Add(ref _ticks, span.Ticks);
        foreach (var timer in _timers.ToArray())
        {
            timer.Tick();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period == Timeout.InfiniteTimeSpan)
        {
            Interlocked.Add(ref _ticks, dueTime.Ticks);
            Waited += dueTime;
            OnWait?.Invoke();
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }

        var timer = new PeriodicTimerDouble(this, () => callback(state));
        _timers.Add(timer);
        return timer;
    }

    private sealed class PeriodicTimerDouble(SteppingClock clock, Action tick) : ITimer
    {
        public void Tick() => tick();

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() => clock._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
