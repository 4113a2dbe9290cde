using ArtifactSync.Errors;

namespace ArtifactSync.Transcripts;

/// <summary>A path of a request: a file with its stat, or what is wrong with it.</summary>
internal sealed record FoundFile(string Path, FileStat Stat, ErrorCode? Fault = null, string? Message = null);

/// <summary>The transcript files that a request means, in the order of their paths, each once.</summary>
internal static class TranscriptFinder
{
    private const int MaxDepth = 32;

    /// <summary>Where Claude Code and Codex keep transcripts, as far as the folders exist.</summary>
    public static IReadOnlyList<string> DefaultFolders()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string claude = Environment.GetEnvironmentVariable("CLAUDE_CONFIG_DIR") is { Length: > 0 } c ? c : Path.Combine(home, ".claude");
        string codex = Environment.GetEnvironmentVariable("CODEX_HOME") is { Length: > 0 } x ? x : Path.Combine(home, ".codex");
        string[] folders = [Path.Combine(claude, "projects"), Path.Combine(codex, "sessions")];
        return [.. folders.Where(Directory.Exists).Select(Path.GetFullPath)];
    }

    public static List<FoundFile> Find(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<string, FoundFile>(StringComparer.Ordinal);
        foreach (string path in paths)
        {
            if (Directory.Exists(path))
            {
                Walk(path, found, [], cancellationToken);
            }
            else if (FileStat.Of(path) is { } stat)
            {
                found[path] = new FoundFile(path, stat);
            }
            else
            {
                found[path] = new FoundFile(path, default, ErrorCode.PathNotFound, $"There is no file or folder '{path}'.");
            }
        }

        return [.. found.Values];
    }

    private static void Walk(
        string folder, SortedDictionary<string, FoundFile> found, List<string> ancestors, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // A link may lead back up; its real path is then among the real paths of where it lies.
        string real = ancestors.Count == 0 || new DirectoryInfo(folder).LinkTarget is not null ? RealPath(folder) : folder;
        if (ancestors.Count > MaxDepth || ancestors.Contains(real))
        {
            return;
        }

        ancestors.Add(real);
        try
        {
            foreach (string entry in Directory.EnumerateFileSystemEntries(folder))
            {
                if (Directory.Exists(entry))
                {
                    Walk(entry, found, ancestors, cancellationToken);
                }
                else if (entry.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase)
                    && Path.GetFileName(entry) != CodexThreadNames.FileName && FileStat.Of(entry) is { } stat)
                {
                    found[entry] = new FoundFile(entry, stat);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found[folder] = new FoundFile(
                folder, default, ErrorCode.TranscriptUnreadable, $"The folder '{folder}' cannot be listed: {e.Message}");
        }
        finally
        {
            ancestors.RemoveAt(ancestors.Count - 1);
        }
    }

    private static string RealPath(string folder)
    {
        try
        {
            return Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(folder);
        }
        catch (IOException)
        {
            // A link in a circle; listing it says so.
            return folder;
        }
    }
}
