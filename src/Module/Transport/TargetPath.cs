using System.Text.RegularExpressions;
using ArtifactSync.Errors;
using ArtifactSync.Store;

namespace ArtifactSync.Transport;

/// <summary>What a target text means, and whether a folder may be one (spec 2.5, 10.3).</summary>
internal static partial class TargetPath
{
    private const int LongestLinkChain = 40;

    /// <summary>
    /// True for everything but URLs (<c>://</c>) and what looks like <c>host:port</c>; a Windows drive path is a folder.
    /// A folder may still be relative: the caller resolves it before anything else is asked here.
    /// </summary>
    public static bool IsFolder(string target) =>
        DrivePath().IsMatch(target) || (!target.Contains("://", StringComparison.Ordinal) && !HostAndPort().IsMatch(target));

    /// <summary>
    /// Checks a folder before anything is created, then creates it when missing and <paramref name="create"/>.
    /// </summary>
    /// <param name="path">Full path.</param>
    /// <param name="archive">Full path of the archive folder, which the target must neither contain nor lie in.</param>
    /// <returns>The path to use.</returns>
    /// <exception cref="ArtifactSyncException">
    /// InvalidTarget, TargetOverlap, TargetNotDirectory, TargetReadOnly, AccessDenied, DiskFull.
    /// </exception>
    public static string RequireFolder(string path, string archive, bool create)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal) || !Path.IsPathFullyQualified(path))
        {
            throw new ArtifactSyncException(ErrorCode.InvalidTarget, $"'{path}' is not a full path of a folder.", path);
        }

        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        try
        {
            RequireApart(root, Path.TrimEndingDirectorySeparator(Path.GetFullPath(archive)));
            RequireDirectoryOrNothing(root);
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Reading(error, root, FolderUse.Shared);
        }

        if (create)
        {
            new WriteOnceFolder(root, FolderUse.Shared).CreateRoot();
        }

        return root;
    }

    /// <summary>By resolved path, and by identity: bind mounts and other spellings lead to the same folder too.</summary>
    private static void RequireApart(string target, string archive)
    {
        var (realTarget, realArchive) = (ResolveLinks(target), ResolveLinks(archive));
        if (Contains(realArchive, realTarget) || Contains(realTarget, realArchive))
        {
            throw new ArtifactSyncException(
                ErrorCode.TargetOverlap,
                $"The target '{target}' and the archive '{archive}' lie in one another. Choose a folder outside the archive.", target);
        }
    }

    /// <summary>Whether <paramref name="path"/> is <paramref name="folder"/> or lies in it.</summary>
    private static bool Contains(string folder, string path)
    {
        var identity = FileStat.OfTarget(folder);
        for (var ancestor = path; ancestor is not null; ancestor = Path.GetDirectoryName(ancestor))
        {
            if (string.Equals(ancestor, folder, PathComparison)
                || (identity is { } wanted && FileStat.OfTarget(ancestor) is { } found && wanted.IsSameEntry(found)))
            {
                return true;
            }
        }

        return false;
    }

    private static StringComparison PathComparison =>
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>The path with the links of all its existing parts resolved; parts that don't exist stay as they are.</summary>
    private static string ResolveLinks(string path)
    {
        for (var links = 0; links < LongestLinkChain; links++)
        {
            if (ResolveFirstLink(path) is not { } resolved)
            {
                return path;
            }

            path = resolved;
        }

        throw new ArtifactSyncException(ErrorCode.InvalidTarget, $"'{path}' leads through too many links.", path);
    }

    private static string? ResolveFirstLink(string path)
    {
        var root = Path.GetPathRoot(path)!;
        var parts = path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        var done = root;
        for (var index = 0; index < parts.Length; index++)
        {
            var parent = done;
            done = Path.Combine(parent, parts[index]);
            switch (FileStat.Of(done)?.Type)
            {
                case null:
                    return null;
                case EntryType.Link:
                    var link = new FileInfo(done).LinkTarget ?? throw new IOException($"The link '{done}' can't be read.");
                    return Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine([link, .. parts[(index + 1)..]]), parent));
                default:
                    break;
            }
        }

        return null;
    }

    private static void RequireDirectoryOrNothing(string root)
    {
        for (var path = root; path is not null; path = Path.GetDirectoryName(path))
        {
            if (FileStat.OfTarget(path) is { } found)
            {
                if (found.Type == EntryType.Directory)
                {
                    return;
                }

                throw new ArtifactSyncException(
                    ErrorCode.TargetNotDirectory, $"'{path}' is not a folder, so '{root}' can't be a target. Name a folder.", root);
            }

            if (FileStat.Of(path) is not null)
            {
                throw new ArtifactSyncException(ErrorCode.TargetNotDirectory, $"'{path}' is a link that leads nowhere. Name a folder.", root);
            }
        }
    }

    [GeneratedRegex(@"^[A-Za-z]:[\\/]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DrivePath();

    [GeneratedRegex(@"^(\[[0-9A-Fa-f:.]+\]|[^/\\:\s]+):[0-9]{1,5}([/?].*)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HostAndPort();
}
