using System.Globalization;

namespace ArtifactSync.Archive;

/// <summary>Ids of runs: UTC time and six random hex digits, e.g. <c>20261121T085200.123Z-4f3a9c</c>; text order is time order.</summary>
internal static class RunId
{
    public static string Create(TimeProvider clock, Random random) => string.Create(
        CultureInfo.InvariantCulture, $"{clock.GetUtcNow().UtcDateTime:yyyyMMdd'T'HHmmss.fff'Z'}-{random.Next(0x1000000):x6}");
}
