using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport;

/// <summary>
/// A target that is a folder: local, a network mount, or one that a file synchroniser carries about (spec 2, 10.3). The
/// folder itself may be reached through links; below it none is followed.
/// </summary>
internal sealed class FolderTransport : ITransport
{
    /// <summary>Marks a folder of the released format; what its journal names is never touched.</summary>
    public const string ReleasedMarker = ".agentsview-artifacts.json";

    private const string CorruptSuffix = ".corrupt";

    private static readonly Task<PutOutcome> Created = Task.FromResult(PutOutcome.Created), Exists = Task.FromResult(PutOutcome.Exists);

    private readonly WriteOnceFolder _folder;
    private readonly ListingToken _token;
    private readonly NameSorter _ignored = new();
    private readonly PutQueue _puts;
    private readonly ConcurrentDictionary<(string Origin, ArtifactKind Kind), bool> _directories = new();

    /// <param name="root">Full path, checked by <see cref="TargetPath"/>. When it does not exist, listings are empty.</param>
    /// <param name="clock">Tells whether a directory has rested long enough for its times to prove anything.</param>
    /// <param name="io">For tests.</param>
    /// <param name="step">Called at named steps of a flush, for tests that kill there.</param>
    public FolderTransport(string root, TimeProvider clock, FolderIO? io = null, Action<string>? step = null)
    {
        _folder = new WriteOnceFolder(root, FolderUse.Shared, io);
        _token = new ListingToken(clock);
        _puts = new PutQueue(_folder, step);
    }

    public string Name => _folder.Root;

    public IgnoredNames Ignored => _ignored.Total;

    public TransportTraits Traits { get; } = new() { CanRemove = true, VerifyOnContact = true };

    public Task<IReadOnlyList<string>> ListOriginsAsync(
        Action<string, ArtifactSyncException> onFault, CancellationToken cancellationToken) =>
        Run(_folder.Root, IReadOnlyList<string> () =>
        {
            var origins = new List<string>();
            if (_folder.FindRoot() is null)
            {
                return origins;
            }

            foreach (var (name, type) in DirectoryReader.Read(_folder.Root))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!OriginId.IsValid(name))
                {
                    _ignored.Ignore(name);
                }
                else if (type == EntryType.Directory)
                {
                    origins.Add(name);
                }
                else
                {
                    onFault(name, NotRealDirectory(Path.Combine(_folder.Root, name)));
                }
            }

            origins.Sort(StringComparer.Ordinal);
            return origins;
        }, cancellationToken);

    public Task<string?> GetListingTokenAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken)
    {
        var path = PathOf(origin, kind);
        return Run(path, () => _token.Of(_folder.Root, FindDirectory(origin, kind) ? FileStat.Of(path) : null), cancellationToken);
    }

    public async IAsyncEnumerable<RemoteEntry> ListAsync(
        string origin, ArtifactKind kind, string? startAfter, Action<ArtifactRef, ArtifactSyncException> onFault,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = PathOf(origin, kind);
        if (!await Run(path, () => FindDirectory(origin, kind), cancellationToken))
        {
            yield break;
        }

        using var entries = DirectoryReader.Read(path).GetEnumerator();
        while (Do(path, entries.MoveNext))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (name, type) = entries.Current;
            if (name.StartsWith(WriteOnceFolder.TemporaryPrefix, StringComparison.Ordinal)
                || !ArtifactName.TryParse(origin, kind, name, out var artifact))
            {
                _ignored.Ignore(name);
            }
            else if (type == EntryType.File)
            {
                yield return new RemoteEntry(artifact);
            }
            else
            {
                onFault(artifact, NotRegular(Path.Combine(path, name)));
            }
        }
    }

    public Task<RemoteEntry?> FindAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        var path = PathOf(artifact);
        return Run(path, () => FindFile(artifact, path) is { } found ? new RemoteEntry(artifact, found.Size, found.Modified) : (RemoteEntry?)null, cancellationToken);
    }

    public Task<Stream> OpenReadAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        var path = PathOf(artifact);
        return Run(path, Stream () =>
        {
            if (FindFile(artifact, path) is null)
            {
                throw NotFound(artifact, path, null);
            }

            try
            {
                return new CappedStream(FolderIO.OpenRead(path), Limits.Encoded(artifact.Kind) + 1);
            }
            catch (FileNotFoundException error)
            {
                throw NotFound(artifact, path, error);
            }
        }, cancellationToken);
    }

    public Task<PutOutcome> PutAsync(ArtifactRef artifact, Stream wire, long wireSize, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = PathOf(artifact);
            if (Do(path, () => FindFile(artifact, path)) is not null)
            {
                return Exists;
            }

            _puts.Put(artifact, wire, wireSize, cancellationToken);
            return Created;
        }
        catch (Exception error) when (error is ArtifactSyncException or OperationCanceledException)
        {
            return Task.FromException<PutOutcome>(error);
        }
    }

    public Task<IReadOnlyList<UnsettledPut>> FlushAsync(CancellationToken cancellationToken) => _puts.FlushAsync(cancellationToken);

    public Task<bool> SetAsideDamagedAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        var path = PathOf(artifact);
        if (artifact.Kind == ArtifactKind.Checkpoints)
        {
            return Task.FromResult(false); // a damaged checkpoint is a conflict, not a matter of healing (spec 2.4)
        }

        return Run(path, () =>
        {
            if (IsReleasedFormat())
            {
                return false;
            }

            if (FindFile(artifact, path) is not null) // else somebody else did it
            {
                Writing(path, () => File.Move(path, path + CorruptSuffix, overwrite: true));
            }

            return true;
        }, cancellationToken);
    }

    public Task<bool> RemoveAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        var path = PathOf(artifact);
        return Run(path, () =>
        {
            if (IsReleasedFormat())
            {
                return false;
            }

            if (FindFile(artifact, path) is not null)
            {
                Writing(path, () => File.Delete(path));
            }

            return true;
        }, cancellationToken);
    }

    public Task CompleteAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _puts.DisposeAsync();

    private static ArtifactSyncException NotRealDirectory(string path) => new(
        ErrorCode.TargetEntryInvalid, $"'{path}' has the name of a folder of artifacts but is a link or a file. Move it away.", path);

    private static ArtifactSyncException NotRegular(string path) => new(
        ErrorCode.TargetEntryInvalid, $"'{path}' has the name of an artifact but is not a regular file. Move it away.", path);

    private static ArtifactSyncException NotFound(ArtifactRef artifact, string path, Exception? inner) => new(
        ErrorCode.ArtifactNotFound, $"'{path}' is not there (any more). Run again.", artifact.Path, inner);

    private static void Writing(string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Writing(error, path, FolderUse.Shared);
        }
    }

    private static T Do<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Reading(error, path, FolderUse.Shared);
        }
    }

    /// <summary>Runs on the calling thread: workers bring their own. Failures come as a failed task.</summary>
    private static Task<T> Run<T>(string path, Func<T> action, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Task.FromResult(Do(path, action));
        }
        catch (Exception error) when (error is ArtifactSyncException or OperationCanceledException)
        {
            return Task.FromException<T>(error);
        }
    }

    private string PathOf(string origin, ArtifactKind kind) => Path.Combine(_folder.Root, StorePath.Directory(origin, kind));

    private string PathOf(ArtifactRef artifact) => Path.Combine(PathOf(artifact.Origin, artifact.Kind), StorePath.FileName(artifact));

    private bool IsReleasedFormat() => FileStat.Of(Path.Combine(_folder.Root, ReleasedMarker)) is not null;

    /// <summary>The file of an artifact, null when there is none; throws when something else has its name.</summary>
    private FileStat? FindFile(ArtifactRef artifact, string path)
    {
        if (!KnowsDirectory(artifact.Origin, artifact.Kind) || FileStat.Of(path) is not { } found)
        {
            return null;
        }

        return found.Type == EntryType.File ? found : throw NotRegular(path);
    }

    /// <summary>As <see cref="FindDirectory"/>, looked at once.</summary>
    private bool KnowsDirectory(string origin, ArtifactKind kind)
    {
        if (_directories.ContainsKey((origin, kind)))
        {
            return true;
        }

        var found = FindDirectory(origin, kind);
        if (found)
        {
            _directories.TryAdd((origin, kind), true);
        }

        return found;
    }

    /// <summary>Whether the directory of (origin, kind) is there; throws when something else is in its place.</summary>
    private bool FindDirectory(string origin, ArtifactKind kind)
    {
        if (_folder.FindRoot() is null)
        {
            return false;
        }

        var path = _folder.Root;
        foreach (var part in StorePath.Directory(origin, kind).Split('/'))
        {
            path = Path.Combine(path, part);
            if (FileStat.Of(path) is not { } found)
            {
                return false;
            }

            if (found.Type != EntryType.Directory)
            {
                throw NotRealDirectory(path);
            }
        }

        return true;
    }
}
