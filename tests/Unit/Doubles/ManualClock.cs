namespace ArtifactSync.Tests.Doubles;

/// <summary>Stands still until it is moved.</summary>
public sealed class ManualClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    /// <summary>Starts at the time of the system, for what is compared with times of files.</summary>
    public static ManualClock AtSystemTime() => new(System.GetUtcNow());

    public override DateTimeOffset GetUtcNow() => Now;

    public void Advance(TimeSpan span) => Now += span;
}
