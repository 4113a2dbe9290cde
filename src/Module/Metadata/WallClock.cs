using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>A time provider that counts nanoseconds; DateTime counts 100 of them at once.</summary>
internal interface INanosecondClock
{
    /// <summary>The wall time now; the logical part is 0.</summary>
    Hlc WallTime { get; }
}

/// <summary>Reads the injected wall clock as finely as it counts.</summary>
internal static class WallClock
{
    public static Hlc Now(TimeProvider clock) =>
        clock is INanosecondClock fine ? fine.WallTime : Hlc.FromTime(clock.GetUtcNow());
}
