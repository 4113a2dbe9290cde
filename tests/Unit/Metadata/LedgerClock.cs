using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>A wall clock that stands where a test puts it, to the nanosecond. Its timers never ring.</summary>
internal sealed class LedgerClock : TimeProvider, INanosecondClock
{
    public static readonly Hlc Start = Parse("2026-11-21T080000.000000001Z");

    public Hlc WallTime { get; set; } = Start;

    /// <summary>A wall time as vectors write it: <c>YYYY-MM-DDThhmmss.nnnnnnnnnZ</c>.</summary>
    public static Hlc Parse(string wall) => Hlc.TryParse($"{wall}-{0:D20}", out Hlc value)
        ? value
        : throw new ArgumentException($"No wall time: {wall}", nameof(wall));

    public void Advance(TimeSpan time)
    {
        Int128 nanos = ((Int128)WallTime.Seconds * 1_000_000_000) + WallTime.Nanos + ((Int128)time.Ticks * 100);
        WallTime = new Hlc((long)(nanos / 1_000_000_000), (int)(nanos % 1_000_000_000), 0);
    }

    public override DateTimeOffset GetUtcNow() =>
        DateTimeOffset.FromUnixTimeSeconds(WallTime.Seconds).AddTicks(WallTime.Nanos / 100);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new SilentTimer();

    private sealed class SilentTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
