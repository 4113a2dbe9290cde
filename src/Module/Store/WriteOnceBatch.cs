using System.Collections.Concurrent;
using ArtifactSync.Errors;

namespace ArtifactSync.Store;

/// <summary>
/// Files that become durable together and visible after that. Creating and filling files may run concurrently;
/// <see cref="Commit"/> is called once, after all are finished. Whatever has no final name when the batch is disposed is
/// removed.
/// Errors name the path: DiskFull, AccessDenied, TargetReadOnly or ArchiveReadOnly, TargetEntryInvalid (a directory is
/// none), TargetNotFound (the root is gone), TargetUnreachable or UnexpectedError for the rest.
/// </summary>
internal sealed class WriteOnceBatch : IDisposable
{
    /// <summary>Up to here single flushes cost less than one of a volume on which others write too.</summary>
    private const int FewFiles = 3;

    private readonly WriteOnceFolder _folder;
    private readonly Action<string>? _step;
    private readonly Lock _gate = new();
    private readonly List<StagedFile> _finished = [];
    private readonly ConcurrentDictionary<string, string> _directories = new(StringComparer.Ordinal);
    private readonly HashSet<string> _toSync = new(StringComparer.Ordinal);
    private bool _otherVolume;

    internal WriteOnceBatch(WriteOnceFolder folder, Action<string>? step) => (_folder, _step) = (folder, step);

    internal WriteOnceFolder Folder => _folder;

    /// <summary>Files finished so far.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _finished.Count;
            }
        }
    }

    /// <summary>False once a directory turned out to lie on another volume than the root, which is then flushed file by file.</summary>
    internal bool SyncsVolume => _folder.SyncsVolume && !Volatile.Read(ref _otherVolume);

    /// <summary>An empty temporary file in <paramref name="directory"/> (below the root, forward slashes; created when missing).</summary>
    public StagedFile Create(string directory) => StagedFile.Create(this, Require(directory));

    /// <summary>The full path of a directory below the root, created when missing, surely no link.</summary>
    public string Require(string directory)
    {
        if (_directories.TryGetValue(directory, out var known))
        {
            return known;
        }

        lock (_gate)
        {
            return _directories.GetOrAdd(directory, RequireOnDisk);
        }
    }

    internal void Add(StagedFile file)
    {
        lock (_gate)
        {
            _finished.Add(file);
        }
    }

    /// <summary>
    /// Makes all finished files durable, then gives them their names, lower <see cref="StagedFile.Order"/> first, then makes
    /// the names durable.
    /// </summary>
    /// <returns>Files that did not get their name: it was taken (<see cref="StagedFile.Error"/> null), or for its error.</returns>
    public IReadOnlyList<StagedFile> Commit(CancellationToken cancellationToken)
    {
        if (_finished.Count == 0)
        {
            return [];
        }

        var byVolume = SyncsVolume && _finished.Count > FewFiles;
        _step?.Invoke("staged");
        SyncContents(byVolume, cancellationToken);
        _step?.Invoke("synced");
        var unsettled = Publish(cancellationToken);
        _step?.Invoke("named");
        SyncNames(byVolume);
        _step?.Invoke("published");
        return unsettled;
    }

    /// <summary>After <see cref="Commit"/>: tries once more to give a file its name, which was freed meanwhile.</summary>
    public void PublishAgain(StagedFile file)
    {
        if (!file.Publish())
        {
            throw file.Error ?? new ArtifactSyncException(
                ErrorCode.UnexpectedError, $"'{file.FinalPath}' was taken again while it was replaced. Run again.", file.FinalPath);
        }

        Do(file.Directory, () => _folder.IO.SyncDirectory(file.Directory));
    }

    public void Dispose()
    {
        foreach (var file in _finished)
        {
            file.Discard();
        }

        _finished.Clear();
    }

    private void SyncContents(bool byVolume, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (byVolume)
        {
            Do(_folder.Root, () => _folder.IO.SyncVolume(_folder.Root));
            return;
        }

        foreach (var file in _finished)
        {
            cancellationToken.ThrowIfCancellationRequested();
            file.Sync();
        }
    }

    private List<StagedFile> Publish(CancellationToken cancellationToken)
    {
        var unsettled = new List<StagedFile>();
        foreach (var file in _finished.OrderBy(file => file.Order))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!file.Publish())
            {
                unsettled.Add(file);
            }
            else
            {
                _toSync.Add(file.Directory);
            }
        }

        return unsettled;
    }

    private void SyncNames(bool byVolume)
    {
        if (byVolume)
        {
            Do(_folder.Root, () => _folder.IO.SyncVolume(_folder.Root));
            return;
        }

        foreach (var directory in _toSync)
        {
            Do(directory, () => _folder.IO.SyncDirectory(directory));
        }
    }

    private string RequireOnDisk(string directory)
    {
        var path = _folder.Root;
        var rootDevice = RequireRoot().Device;
        foreach (var part in directory.Split('/'))
        {
            var parent = path;
            path = Path.Combine(parent, part);
            if (FileStatOrNull(path) is null)
            {
                Do(path, () => _folder.IO.CreateDirectory(path, FolderModes.Directory(_folder.Use)));
                _toSync.Add(parent);
            }

            if (Inspect(path).Device != rootDevice)
            {
                Volatile.Write(ref _otherVolume, true);
            }
        }

        return path;
    }

    private FileStat RequireRoot()
    {
        FileStat? found = null;
        Do(_folder.Root, () => found = _folder.FindRoot());
        return found ?? throw Gone(_folder.Root);
    }

    private FileStat Inspect(string path) => FileStatOrNull(path) switch
    {
        { Type: EntryType.Directory } directory => directory,
        null => throw Gone(path),
        _ => throw new ArtifactSyncException(
            ErrorCode.TargetEntryInvalid, $"'{path}' is not a real folder (a link or a file). Move it away; nothing is written through it.", path),
    };

    private FileStat? FileStatOrNull(string path)
    {
        FileStat? found = null;
        Do(path, () => found = FileStat.Of(path));
        return found;
    }

    private static ArtifactSyncException Gone(string path) =>
        new(ErrorCode.TargetNotFound, $"The folder '{path}' is gone. Check that it is mounted.", path);

    private void Do(string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Writing(error, path, _folder.Use);
        }
    }
}
