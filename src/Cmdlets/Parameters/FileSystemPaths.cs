using System.Management.Automation;
using ArtifactSync.Errors;
using NoSuchDrive = System.Management.Automation.DriveNotFoundException;

namespace ArtifactSync.Cmdlets.Parameters;

/// <summary>Paths as the user means them: from <c>$PWD</c>, with PSDrives and <c>~</c>; only the file system holds what we read.</summary>
internal static class FileSystemPaths
{
    /// <summary>An absolute path; it need not exist. Wildcard characters mean themselves.</summary>
    public static string Literal(SessionState session, string path)
    {
        try
        {
            var absolute = session.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
            RequireFileSystem(provider, path);
            return absolute;
        }
        catch (Exception e) when (e is NoSuchDrive or ProviderNotFoundException or PSNotSupportedException)
        {
            throw new ArtifactSyncException(ErrorCode.PathNotFound, $"The path '{path}' cannot be resolved: {e.Message}", path, e);
        }
    }

    /// <summary>What <paramref name="path"/> names; a wildcard may name nothing, anything else must exist.</summary>
    public static IReadOnlyList<string> Wildcard(SessionState session, string path)
    {
        try
        {
            var found = session.Path.GetResolvedProviderPathFromPSPath(path, out var provider);
            RequireFileSystem(provider, path);
            return [.. found];
        }
        catch (Exception e) when (e is ItemNotFoundException or NoSuchDrive or ProviderNotFoundException)
        {
            throw NotFound(path, e);
        }
    }

    /// <summary>A path that exists as it is written is that one, brackets and all; else its wildcards count.</summary>
    public static IReadOnlyList<string> LiteralOrWildcard(SessionState session, string path)
    {
        var literal = Literal(session, path);
        return Path.Exists(literal) ? [literal] : Wildcard(session, path);
    }

    public static string Existing(SessionState session, string path)
    {
        var literal = Literal(session, path);
        return Path.Exists(literal) ? literal : throw NotFound(path, inner: null);
    }

    private static ArtifactSyncException NotFound(string path, Exception? inner) => new(
        ErrorCode.PathNotFound, $"The path '{path}' does not exist. Check it; wildcard characters need -LiteralPath.", path, inner);

    private static void RequireFileSystem(ProviderInfo provider, string path)
    {
        if (provider.Name != "FileSystem")
        {
            throw new ArtifactSyncException(
                ErrorCode.PathNotFileSystem, $"The path '{path}' belongs to the provider {provider.Name}; name a file or folder.", path);
        }
    }
}
