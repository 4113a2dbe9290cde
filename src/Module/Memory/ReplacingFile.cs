using ArtifactSync.Store;

namespace ArtifactSync.Memory;

/// <summary>Writes a file beside its final name and renames it: a reader sees all of the old one or all of the new one.</summary>
internal static class ReplacingFile
{
    /// <exception cref="Errors.ArtifactSyncException">DiskFull, TargetReadOnly, TargetUnreachable: nothing is left behind, and what was
    /// there stays.</exception>
    public static void Write(string path, Action<Stream> write) => Write(path, stream =>
    {
        write(stream);
        return path;
    });

    /// <param name="path">Where the temporary file goes, with a suffix.</param>
    /// <param name="write">Writes and tells the final name, which may depend on the content; null = keep nothing.</param>
    public static void Write(string path, Func<Stream, string?> write)
    {
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            string? final;
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 64 * 1024))
            {
                final = write(stream);
                stream.Flush(flushToDisk: final is not null);
            }

            if (final is null)
            {
                File.Delete(temporary);
                return;
            }

            File.Move(temporary, final, overwrite: true);
            FolderIO.System.SyncDirectory(Path.GetDirectoryName(final)!);
        }
        catch (Exception e)
        {
            Discard(temporary);
            if (FolderErrors.IsFileFault(e))
            {
                throw FolderErrors.Writing(e, path, FolderUse.Shared);
            }

            throw;
        }
    }

    private static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (FolderErrors.IsFileFault(e))
        {
            // the first fault is the one to tell
        }
    }
}
