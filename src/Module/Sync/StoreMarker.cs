using ArtifactSync.Archive;
using ArtifactSync.Errors;

namespace ArtifactSync.Sync;

/// <summary>
/// A file in the local store whose id the archive repeats: when it is gone, so is the store, and the catalog speaks of
/// files that aren't there.
/// </summary>
internal static class StoreMarker
{
    private const string FileName = ".store";

    public static bool IsIntact(ArchiveDatabase archive)
    {
        try
        {
            var path = Path.Combine(archive.ArtifactsFolder, FileName);
            return StateTable.Get(archive.Reader, StateTable.StoreId) is { } id && File.Exists(path) && File.ReadAllText(path) == id;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactSyncException(ErrorCode.AccessDenied,
                $"The local store '{archive.ArtifactsFolder}' can't be read: {e.Message} Check its permissions.", archive.ArtifactsFolder, e);
        }
    }

    /// <summary>Whether anything is left below the store: then only the marker was lost, and what else is missing shows one by one.</summary>
    public static bool HoldsAnything(ArchiveDatabase archive) =>
        Directory.Exists(archive.ArtifactsFolder) && Directory.EnumerateDirectories(archive.ArtifactsFolder).Any();

    /// <summary>In the transaction that cleared the catalog: without its commit the next run does it all again.</summary>
    public static void Create(ArchiveDatabase archive, Database db)
    {
        var id = Convert.ToHexStringLower(BitConverter.GetBytes(archive.Options.Random.NextInt64()));
        try
        {
            Directory.CreateDirectory(archive.ArtifactsFolder);
            File.WriteAllText(Path.Combine(archive.ArtifactsFolder, FileName), id);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactSyncException(ErrorCode.ArchiveReadOnly,
                $"The local store '{archive.ArtifactsFolder}' can't be written: {e.Message} Check its permissions.", archive.ArtifactsFolder, e);
        }
        StateTable.Set(db, StateTable.StoreId, id);
    }
}
