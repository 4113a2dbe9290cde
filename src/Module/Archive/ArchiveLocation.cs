using ArtifactSync.Errors;

namespace ArtifactSync.Archive;

/// <summary>
/// Where the archive of this user lies when nobody names one: <c>$ARTIFACTSYNC_ARCHIVE</c>, else the user's data folder
/// (Linux <c>$XDG_DATA_HOME/artifactsync</c> or <c>~/.local/share/artifactsync</c>, macOS
/// <c>~/Library/Application Support/ArtifactSync</c>, Windows <c>%LOCALAPPDATA%\ArtifactSync</c>).
/// </summary>
public static class ArchiveLocation
{
    public const string Variable = "ARTIFACTSYNC_ARCHIVE";

    /// <summary>The default folder, absolute.</summary>
    /// <exception cref="ArtifactSyncException">InvalidArgument: the account has no home and no variable is set.</exception>
    public static string Default() => Default(Environment.GetEnvironmentVariable);

    internal static string Default(Func<string, string?> variable)
    {
        if (variable(Variable) is { Length: > 0 } named)
        {
            return Path.GetFullPath(named);
        }

        if (OperatingSystem.IsWindows())
        {
            return Path.Combine(Require(variable("LOCALAPPDATA")
                ?? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)), "ArtifactSync");
        }

        if (OperatingSystem.IsMacOS())
        {
            return Path.Combine(Home(variable), "Library", "Application Support", "ArtifactSync");
        }

        // The XDG rule: a relative value is invalid and ignored.
        return variable("XDG_DATA_HOME") is { Length: > 0 } data && Path.IsPathRooted(data)
            ? Path.Combine(data, "artifactsync")
            : Path.Combine(Home(variable), ".local", "share", "artifactsync");
    }

    private static string Home(Func<string, string?> variable) =>
        Require(variable("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    private static string Require(string? folder) =>
        !string.IsNullOrEmpty(folder)
            ? folder
            : throw new ArtifactSyncException(
                ErrorCode.InvalidArgument,
                $"This account has no home folder to keep an archive in. Name one with -ArchivePath or the variable {Variable}.");
}
