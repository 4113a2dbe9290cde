namespace ArtifactSync.Memory.Cloud;

/// <summary>How long to leave a server alone after failures (memory spec 7.1). Pure but for the dice.</summary>
internal static class Backoff
{
    public static readonly TimeSpan Base = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Max = TimeSpan.FromMinutes(5);

    /// <param name="failures">Consecutive ones, from 1.</param>
    /// <param name="random">Spreads the machines that lost one server together.</param>
    public static TimeSpan Delay(int failures, Random random)
    {
        // The power is cut before it becomes a time: it overflows for many failures.
        var nominal = Math.Min(Base.TotalSeconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 60)), Max.TotalSeconds);
        var spread = nominal * ((random.NextDouble() - 0.5) / 2);
        return TimeSpan.FromSeconds(Math.Clamp(nominal + spread, Base.TotalSeconds / 2, Max.TotalSeconds));
    }
}
