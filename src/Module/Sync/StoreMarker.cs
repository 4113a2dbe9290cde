using System.Security.Cryptography;
using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Retention;

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

    /// <summary>
    /// What this store may be called in front of others: equal for the same store alone, and no way back to its id. Null when
    /// there is no store yet.
    /// </summary>
    public static string? Identity(string archiveFolder)
    {
        try
        {
            var path = Path.Combine(archiveFolder, "artifacts", FileName);
            return File.Exists(path) ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("store:" + File.ReadAllText(path)))) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The user (or a disk) took the store away: everything is fetched or made again, under the same names (spec 6.4).</summary>
    public static void Recover(ExchangeContext context, CancellationToken cancellationToken)
    {
        var archive = context.Archive;
        if (IsIntact(archive))
        {
            return;
        }
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        // A reset that was killed after its move owes all of it, whatever was made since.
        var lost = HoldsAnything(archive) && StateTable.Get(transaction.Db, StateTable.StoreAside) is null ? 0 : CatalogTable.Count(transaction.Db);
        if (lost > 0)
        {
            LostStore.Note(archive, transaction.Db);
        }
        Create(archive, transaction.Db);
        transaction.Commit();
        if (lost > 0)
        {
            context.Observer.Warning($"The local store '{archive.ArtifactsFolder}' was lost with {lost} artifacts; it is made again from the archive and the target.");
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
