using ArtifactSync.Errors;

namespace ArtifactSync.Store;

/// <summary>
/// A folder in which a name, once it appears, has its complete content and never changes (spec 2.3). What is written goes
/// into a temporary file beside its final name, is made durable, and only then gets the name, without replacing anything.
/// Below the root no link is ever followed.
/// </summary>
internal sealed class WriteOnceFolder
{
    /// <summary>Names that a reader must not take for content, and that a crash may leave behind.</summary>
    public const string TemporaryPrefix = ".tmp-";

    private const long NotSeen = -1;

    private readonly Lazy<bool> _syncsVolume;
    private long _device = NotSeen;

    public WriteOnceFolder(string root, FolderUse use, FolderIO? io = null)
    {
        (Root, Use, IO) = (root, use, io ?? FolderIO.System);
        _syncsVolume = new(() => IO.CanSyncVolume(Root));
    }

    public string Root { get; }
    public FolderUse Use { get; }
    public FolderIO IO { get; }

    /// <summary>One flush of the volume serves a whole batch; otherwise each file is flushed when it is finished.</summary>
    public bool SyncsVolume => _syncsVolume.Value;

    /// <summary>Creates the root and its missing parents.</summary>
    /// <exception cref="ArtifactSyncException">TargetNotDirectory, TargetReadOnly, AccessDenied, DiskFull.</exception>
    public void CreateRoot()
    {
        try
        {
            if (FindRoot() is null)
            {
                IO.CreateDirectory(Root, FolderModes.Directory(Use));
                if (Path.GetDirectoryName(Root) is { Length: > 0 } parent)
                {
                    IO.SyncDirectory(parent);
                }
            }
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Writing(error, Root, Use);
        }
    }

    /// <summary>
    /// The root as it is now; null when it is not there and never was. What was unmounted in between is an error instead:
    /// the empty folder under a mount must neither be read as the target nor be written to.
    /// </summary>
    /// <exception cref="ArtifactSyncException">TargetNotDirectory; TargetNotFound: it is gone, or on another volume than before.</exception>
    /// <exception cref="IOException">It can't be looked at.</exception>
    public FileStat? FindRoot()
    {
        var found = FileStat.OfTarget(Root);
        if (found is { Type: not EntryType.Directory })
        {
            throw new ArtifactSyncException(ErrorCode.TargetNotDirectory, $"'{Root}' is not a folder. Name a folder, or move what lies there.", Root);
        }

        var device = found is { } there ? (long)(there.Device & long.MaxValue) : NotSeen;
        var before = Interlocked.CompareExchange(ref _device, device, NotSeen);
        return before == NotSeen || before == device
            ? found
            : throw new ArtifactSyncException(
                ErrorCode.TargetNotFound, $"'{Root}' is gone or was mounted anew while it was in use. Check the mount and run again.", Root);
    }

    public WriteOnceBatch BeginBatch(Action<string>? step = null) => new(this, step);

    /// <summary>Writes one file; false = the name is taken and nothing was changed.</summary>
    /// <param name="directory">Path below the root with forward slashes; created when missing.</param>
    /// <exception cref="ArtifactSyncException">As <see cref="WriteOnceBatch"/>.</exception>
    public bool Write(string directory, string name, ReadOnlySpan<byte> content)
    {
        using var batch = BeginBatch();
        using var file = batch.Create(directory);
        file.Append(content);
        file.Finish(name);
        var unsettled = batch.Commit(CancellationToken.None);
        return unsettled switch
        {
            [] => true,
            [{ Error: { } error }] => throw error,
            _ => false,
        };
    }
}
