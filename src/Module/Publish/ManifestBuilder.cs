using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Publish;

/// <summary>What of an own session's row goes into its manifest (spec 4.2, 6.2).</summary>
internal static class ManifestBuilder
{
    public static Manifest Build(
        WireFormat format, string origin, SessionRow row, IReadOnlyList<UsageEventRecord> usage, IReadOnlyList<string> segments) => new()
    {
        Version = format.ManifestVersion,
        Origin = origin,
        NativeSessionId = row.Session.Id,
        Session = row.Session.WithoutLocalState() with
        {
            Machine = origin,
            DisplayName = row.Session.DisplayName ?? row.SessionName,
        },
        SessionName = row.SessionName,
        Segments = [.. segments],
        UsageEvents = [.. usage],
        DataVersion = row.DataVersion,
        Generation = 1,
        SessionHasToolCalls = row.HasToolCalls,
        SessionHasContextData = row.HasContextData,
        SessionQualitySignals = row.Signals is { Version: > 0 } signals ? signals : null,
    };
}
