using ArtifactSync.Archive;

namespace ArtifactSync.Transcripts;

/// <summary>
/// Names of Codex threads, which are not in the transcripts but in <c>session_index.jsonl</c> beside their folder. The last
/// line about a thread counts.
/// </summary>
internal sealed class CodexThreadNames
{
    public const string Format = "codex-index";
    public const string FileName = "session_index.jsonl";
    private const long LargestFile = 64 << 20;
    private readonly Dictionary<string, Index?> _byFolder = new(StringComparer.Ordinal);

    /// <summary>Names by session id, and the stat of the file they come from.</summary>
    public sealed record Index(string Path, FileStat Stat, IReadOnlyDictionary<string, string> Names);

    /// <summary>The index that goes with a transcript; null when there is none.</summary>
    public Index? For(string transcript)
    {
        string? folder = Path.GetDirectoryName(transcript);
        for (int i = 0; i < 5 && folder is not null; i++, folder = Path.GetDirectoryName(folder))
        {
            if (Path.GetFileName(folder) is "sessions" or "archived_sessions" && Path.GetDirectoryName(folder) is { } home)
            {
                return In(home);
            }
        }

        return null;
    }

    private Index? In(string home)
    {
        if (!_byFolder.TryGetValue(home, out Index? index))
        {
            string path = Path.Combine(home, FileName);
            index = FileStat.Of(path) is { } stat && stat.Size <= LargestFile ? new Index(path, stat, Read(path)) : null;
            _byFolder.Add(home, index);
        }

        return index;
    }

    private static Dictionary<string, string> Read(string path)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
            using var lines = new LineReader(stream, 0, TranscriptParser.LongestLine);
            while (lines.Read(out ReadOnlySpan<byte> line))
            {
                JsonValue entry = JsonValue.ParseOrNone(line);
                string id = JsonText.Sanitize(entry["id"u8].Text()), name = JsonText.Sanitize(entry["thread_name"u8].Text());
                if (id.Length > 0 && name.Length > 0)
                {
                    names["codex:" + id] = name;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without it sessions have no names, which is no reason to leave them out.
            names.Clear();
        }

        return names;
    }

    /// <summary>What to remember of an index once its names are in the archive.</summary>
    public static TranscriptFile Row(Index index) =>
        new(index.Path, Format, index.Stat.Size, index.Stat.MtimeNs, index.Stat.Inode, index.Stat.Size, "", 0, [], null);
}
