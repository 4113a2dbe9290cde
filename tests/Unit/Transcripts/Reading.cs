using ArtifactSync.Archive;
using ArtifactSync.Transcripts;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Transcripts;

/// <summary>A file that was read without an archive.</summary>
internal sealed record Reading(FileResult Result, List<MessageRecord> Messages, List<SessionChunk> Chunks)
{
    public ParsedSession Session => Result.Session!;

    public SessionRecord Row => Session.Row;

    public static Reading Of(string path, TranscriptFile? known = null, bool distrust = false)
    {
        List<SessionChunk> chunks = [];
        var parser = new TranscriptParser(path, FileStat.Of(path)!.Value, known, distrust);
        FileResult result = parser.Read(chunks.Add, CancellationToken.None);
        return new Reading(result, [.. chunks.SelectMany(c => c.Messages)], chunks);
    }
}

/// <summary>A folder that goes with the test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("transcripts-").FullName;

    /// <summary>Writes a file, making its folders; returns its path.</summary>
    public string Write(string relative, string text) => Write(relative, System.Text.Encoding.UTF8.GetBytes(text));

    public string Write(string relative, byte[] bytes)
    {
        string path = System.IO.Path.Combine(Path, relative);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
