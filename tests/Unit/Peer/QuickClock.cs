namespace ArtifactSync.Tests.Peer;

/// <summary>Begins at a given time; waits for a twentieth of what it is asked to, so that pauses between attempts take no test time.</summary>
internal sealed class QuickClock(DateTimeOffset start) : TimeProvider
{
    private const int Haste = 20;
    private readonly long _began = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => start + System.GetElapsedTime(_began);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Hurry(dueTime), Hurry(period));

    private static TimeSpan Hurry(TimeSpan time) => time <= TimeSpan.Zero ? time : time / Haste;
}
