using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Ingest;
using ArtifactSync.Memory.Server;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Peer;

/// <summary>
/// The archive behind a listener. Queries run on connections of their own; what peers send goes through one queue; runs
/// (import, publication) go one after the other. The lease is held for single batches only.
/// </summary>
internal sealed class PeerStore : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ArchiveDatabase _archive;
    private readonly LocalStore _store;
    private readonly ReaderPool _readers;
    private readonly SemaphoreSlim _workers;
    private readonly ReceiveQueue _queue;
    private readonly PeerRuns _runs;
    private readonly Func<ArtifactRef, Stream, CancellationToken, string> _hash;
    private readonly bool _readOnly;

    private PeerStore(ArchiveDatabase archive, PeerListenOptions options)
    {
        (_archive, _readOnly) = (archive, options.ReadOnly);
        _store = new LocalStore(archive, options.Verify);
        _hash = options.Verify is { } verify
            ? (artifact, wire, token) => verify(artifact, wire, token).Identity.Sha256
            : static (artifact, wire, token) => ArtifactReader.Hash(artifact.Kind, wire, token);
        _readers = new ReaderPool(archive);
        _workers = new SemaphoreSlim(options.Limits.Workers);
        _queue = new ReceiveQueue(_store, _readers, _workers, options.Limits, _stop.Token);
        _runs = new PeerRuns(archive, _readers, _stop.Token);
        (Mutations, Chunks) = (new MutationLog(archive), new ChunkLog(archive));
    }

    /// <summary>The log of memory mutations that this archive serves.</summary>
    public MutationLog Mutations { get; }

    /// <summary>The chunks of memories that this archive keeps.</summary>
    public ChunkLog Chunks { get; }

    public TimeProvider Clock => _archive.Clock;

    /// <summary>What this store is called in front of clients, so that one that is its own target notices.</summary>
    public string? Identity => StoreMarker.Identity(_archive.Folder);

    /// <summary>Private; for bodies that are too large for memory. What a crash left there is gone.</summary>
    public string SpoolFolder { get; private init; } = "";

    /// <exception cref="ArtifactSyncException">What opening an archive throws.</exception>
    public static PeerStore Open(PeerListenOptions options)
    {
        var engine = options.Engine with { LeaseTimeout = options.Limits.Lease };
        var archive = ArchiveDatabase.Open(engine, options.ReadOnly ? ArchiveMode.ReadWrite : ArchiveMode.Create);
        try
        {
            var store = new PeerStore(archive, options) { SpoolFolder = options.ReadOnly ? "" : MakeSpool(archive.Folder) };
            if (!options.ReadOnly && !StoreMarker.IsIntact(archive))
            {
                store._runs.Do("prepare", context => StoreMarker.Recover(context, CancellationToken.None));
            }
            return store;
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    public T Query<T>(Func<Database, T> query) => _readers.Use(query);

    public static string? OwnOrigin(Database db) => OriginAdoption.Current(db);

    public SyncPeer Peer(Database db, string origin, string? own) => PeerStatus.Read(_store, db, origin, own);

    /// <summary>
    /// The wire bytes of an artifact that was proven to be what the catalog says; a damaged one is noted for repair.
    /// </summary>
    /// <exception cref="ArtifactSyncException">ArtifactNotFound; HashMismatch or ArtifactCorrupt turned into UnexpectedError.</exception>
    public async Task<(Stream Wire, long Length)> OpenAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        var entry = Query(db => _store.Find(artifact, db)) ?? throw new ArtifactSyncException(
            ErrorCode.ArtifactNotFound, $"'{artifact}' is not in the local store.", artifact.Path);
        await _workers.WaitAsync(cancellationToken);
        try
        {
            return (await Task.Run(() => OpenVerified(entry, cancellationToken), cancellationToken), entry.WireSize);
        }
        catch (ArtifactSyncException fault) when (Faults.IsDamage(fault.Code) || fault.Code == ErrorCode.ArtifactTooLarge)
        {
            if (!_readOnly)
            {
                await _runs.ReportDamageAsync(entry);
            }
            throw new ArtifactSyncException(ErrorCode.UnexpectedError, fault.Message, artifact.Path, fault); // the fault is ours
        }
        finally
        {
            _workers.Release();
        }
    }

    /// <summary>Takes an artifact in.</summary>
    /// <exception cref="ArtifactSyncException">OriginPair and what <see cref="ReceiveQueue.ReceiveAsync"/> throws.</exception>
    public Task<Received> ReceiveAsync(ArtifactRef artifact, Stream wire, CancellationToken cancellationToken)
    {
        RefusePair(artifact.Origin);
        return _queue.ReceiveAsync(artifact, wire, cancellationToken);
    }

    /// <summary>The next import is due with <c>finalize</c> or with the next artifact that asks for one.</summary>
    public void OweImport() => _runs.ImportOwed = true;

    public bool IsImportOwed => _runs.ImportOwed;

    /// <summary>Imports what arrived.</summary>
    public Task<PeerImport> ImportAsync() => _runs.ImportAsync();

    /// <summary>Publishes own sessions that changed, when an origin was adopted (spec 10.6: as N); several callers share one.</summary>
    public Task PublishAsync(CancellationToken cancellationToken) => _readOnly ? Task.CompletedTask : _runs.PublishAsync(cancellationToken);

    /// <summary>Running imports end at their next step.</summary>
    public void Stop() => _stop.Cancel();

    public void Dispose()
    {
        _stop.Cancel();
        _queue.Idle.Wait(CancellationToken.None); // ends soon: it waits for nobody but the lease, and that wait is cancelled
        _runs.Dispose();
        _archive.Dispose();
        _workers.Dispose();
        _stop.Dispose();
        if (SpoolFolder.Length > 0)
        {
            Clear(SpoolFolder);
        }
    }

    private Stream OpenVerified(CatalogEntry entry, CancellationToken cancellationToken)
    {
        var wire = _store.OpenWire(entry);
        try
        {
            if (_hash(entry.Artifact, wire, cancellationToken) != entry.Sha256)
            {
                throw ArtifactReader.Mismatch(entry);
            }
            wire.Position = 0;
            return wire;
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    /// <summary>Ids of which one is the other plus "-…" break original programs: the newcomer stays out (spec 1.1).</summary>
    private void RefusePair(string origin)
    {
        var known = Query(db => PeerTable.Origins(db, OwnOrigin(db)));
        if (!known.Contains(origin) && known.Find(other => OriginId.IsPair(origin, other)) is { } other)
        {
            throw new ArtifactSyncException(ErrorCode.OriginPair,
                $"the origin '{origin}' is the known origin '{other}' with '-…' added or taken away", origin);
        }
    }

    private static string MakeSpool(string folder)
    {
        var spool = Path.Combine(folder, "incoming", $"{Environment.ProcessId}-{Guid.NewGuid():n}");
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(spool); // private like the archive
        }
        else
        {
            Directory.CreateDirectory(spool, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        ClearDead(folder, spool);
        return spool;
    }

    /// <summary>Folders of listeners whose process is gone.</summary>
    private static void ClearDead(string folder, string own)
    {
        foreach (var other in Directory.EnumerateDirectories(Path.Combine(folder, "incoming")))
        {
            if (other != own && int.TryParse(Path.GetFileName(other).Split('-')[0], out var pid) && pid != Environment.ProcessId && !IsAlive(pid))
            {
                Clear(other);
            }
        }
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static void Clear(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next listener tries again.
        }
    }
}
