
using ArtifactSync.Archive;

namespace ArtifactSync.Cmdlets.Pipeline;

/// <summary>Which archive is meant: the parameter, else <c>$env:ARTIFACTSYNC_ARCHIVE</c>, else the user's data directory.</summary>
internal static class ArchiveFolder
{
    /// <param name="given">What the user named, or null.</param>
    /// <param name="resolve">Makes a path absolute from where the user is, not from where the process is.</param>
    public static string Resolve(string? given, Func<string, string> resolve) =>
        given is not null ? resolve(given)
        : Environment.GetEnvironmentVariable(ArchiveLocation.Variable) is { Length: > 0 } named ? resolve(named)
        : ArchiveLocation.Default();
}
