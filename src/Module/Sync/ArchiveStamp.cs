using ArtifactSync.Archive;

namespace ArtifactSync.Sync;

/// <summary>
/// Size and time of the files that hold an archive: another one after every commit, whichever process made it. An empty log is as good as
/// none, since opening an archive to look makes one; otherwise looking would seem a change, and a watch would look for ever.
/// </summary>
internal readonly record struct ArchiveStamp(FileStamp Database, FileStamp Log)
{
    public static ArchiveStamp Of(string folder) => new(
        FileStamp.Of(Path.Combine(folder, ArchiveFiles.DatabaseName)), FileStamp.Of(Path.Combine(folder, ArchiveFiles.DatabaseName + "-wal")));
}

/// <summary>Zero for a file that is empty or missing.</summary>
internal readonly record struct FileStamp(long Length, DateTime Written)
{
    public static FileStamp Of(string path) =>
        new FileInfo(path) is { Exists: true, Length: > 0 } file ? new FileStamp(file.Length, file.LastWriteTimeUtc) : default;
}
