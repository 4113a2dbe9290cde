using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>
/// What lies in the folder of the local store and should not: names that are none of artifacts, left-over temporary files,
/// and artifacts that the catalog does not name. While another run is under way, files that nobody knows yet are its own.
/// </summary>
internal sealed class LocalFolderVerifier(ArchiveDatabase archive, LocalStore store, FindingSink sink)
{
    private readonly Database _db = archive.Reader;
    private readonly List<ArtifactRef> _unknown = [];
    private readonly List<string> _temporary = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(archive.ArtifactsFolder))
        {
            await RootAsync(cancellationToken);
            await SettleAsync(cancellationToken);
        }
    }

    private async Task RootAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, type) in Read(archive.ArtifactsFolder))
        {
            if (OriginId.IsValid(name) && type == EntryType.Directory)
            {
                await OriginAsync(name, cancellationToken);
            }
            else if (name != StoreMarkerName)
            {
                await sink.StrayAsync(name, null, $"'{Path.Combine(archive.ArtifactsFolder, name)}' is no folder of an origin.");
            }
        }
    }

    private const string StoreMarkerName = ".store";

    private async Task OriginAsync(string origin, CancellationToken cancellationToken)
    {
        foreach (var (name, type) in Read(Path.Combine(archive.ArtifactsFolder, origin)))
        {
            if (ArtifactName.TryParseKind(name, out var kind) && type == EntryType.Directory)
            {
                await KindAsync(origin, kind, cancellationToken);
            }
            else
            {
                await sink.StrayAsync($"{origin}/{name}", null, $"'{Path.Combine(archive.ArtifactsFolder, origin, name)}' is no folder of a kind of artifacts.");
            }
        }
    }

    private async Task KindAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken)
    {
        var directory = Path.Combine(archive.ArtifactsFolder, StorePath.Directory(origin, kind));
        foreach (var (name, _) in Read(directory))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = $"{origin}/{ArtifactName.KindDirectory(kind)}/{name}";
            if (name.StartsWith(WriteOnceFolder.TemporaryPrefix, StringComparison.Ordinal))
            {
                _temporary.Add(path);
            }
            else if (!ArtifactName.TryParse(origin, kind, name, out var artifact))
            {
                await sink.StrayAsync(path, null, $"'{Path.Combine(directory, name)}' has a name that is none of an artifact.");
            }
            else if (!CatalogTable.Contains(_db, artifact))
            {
                _unknown.Add(artifact);
            }
        }
    }

    /// <summary>Looks at suspects once more, while nobody can be in the middle of entering them into the catalog.</summary>
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        if ((_unknown.Count == 0 && _temporary.Count == 0) || IsSomebodyAtWork())
        {
            return;
        }
        List<ArtifactRef> unknown = [.. _unknown.Where(artifact => !CatalogTable.Contains(_db, artifact) && LocalFiles.Stat(store.PathOf(artifact)) is not null)];
        foreach (var artifact in unknown)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await sink.FoundAsync(artifact, null, ArtifactProblem.Uncatalogued, ErrorCode.ArtifactUncatalogued,
                $"'{store.PathOf(artifact)}' is not in the catalog; a run that was cut off left it.");
        }
        foreach (var path in _temporary.Where(path => LocalFiles.Stat(Path.Combine(archive.ArtifactsFolder, path)) is not null))
        {
            await sink.StrayAsync(path, null, $"'{Path.Combine(archive.ArtifactsFolder, path)}' is a temporary file that a run left which was cut off.");
        }
    }

    private bool IsSomebodyAtWork()
    {
        if (archive.IsReadOnly)
        {
            return RetentionTable.OtherRunSince(_db, sink.RunId) is not null;
        }
        // Edits publish within a transaction: once this one is open, none is under way.
        using var transaction = archive.BeginLedger();
        return RetentionTable.OtherRunSince(transaction.Db, sink.RunId) is not null;
    }

    private static List<(string Name, EntryType Type)> Read(string directory)
    {
        try
        {
            return [.. DirectoryReader.Read(directory)];
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Reading(error, directory, FolderUse.Private);
        }
    }
}
