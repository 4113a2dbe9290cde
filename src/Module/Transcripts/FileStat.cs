namespace ArtifactSync.Transcripts;

/// <summary>What tells an unchanged file without opening it. Inode and device are 0 where the platform has none to offer.</summary>
internal readonly record struct FileStat(long Size, long MtimeNs, long Inode, long Device)
{
    /// <summary>The file behind a path, links followed; null when there is none that can be seen.</summary>
    public static FileStat? Of(string path)
    {
        try
        {
            return Store.FileStat.OfTarget(path) is { } found
                ? new FileStat(found.Size, found.Modified, unchecked((long)found.Inode), unchecked((long)found.Device))
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
