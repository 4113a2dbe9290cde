using System.Globalization;

namespace ArtifactSync.Archive;

/// <summary>Times in text columns: UTC with milliseconds, as the wire and the original programs write them.</summary>
internal static class IsoTime
{
    public static string Of(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
