using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Store;

internal enum StoreResult
{
    Added,
    /// <summary>The store had it already.</summary>
    Duplicate,
    /// <summary>A damaged file lay under its name; that is in quarantine now.</summary>
    Repaired,
    /// <summary>Left out, for the error given.</summary>
    Refused,
}

internal readonly record struct StoreOutcome(ArtifactRef Artifact, StoreResult Result, ArtifactSyncException? Error = null);

/// <summary>
/// Artifacts on their way into the store. Adding may run concurrently. <see cref="Publish"/> makes the files durable and
/// visible, dependencies first, without needing the lease; <see cref="Catalog"/> then makes them live in a transaction of
/// the caller, who must make that durable before anything is believed on its strength. <see cref="Commit"/> is both.
/// Disposed before that, nothing stays.
/// </summary>
internal sealed class StoreBatch : IDisposable
{
    private readonly LocalStore _store;
    private readonly WriteOnceBatch _files;
    private readonly Dictionary<ArtifactRef, RepairEntry> _repairs;
    private readonly Lock _gate = new();
    private readonly List<StoreItem> _items = [];

    internal StoreBatch(LocalStore store, WriteOnceBatch files, IEnumerable<RepairEntry> repairs) =>
        (_store, _files, _repairs) = (store, files, repairs.ToDictionary(repair => repair.Artifact));

    /// <summary>Artifacts added so far.</summary>
    public int Count => _files.Count;

    /// <summary>Bytes of the files added so far.</summary>
    public long WireBytes { get; private set; }

    /// <summary>An artifact whose name is known only when all its bytes are written.</summary>
    public StoreWrite Begin(string origin, ArtifactKind kind) => new(this, origin, kind, _files.Create(StorePath.Directory(origin, kind)));

    /// <summary>An artifact from elsewhere: verifies and keeps its bytes in one pass.</summary>
    /// <exception cref="ArtifactSyncException">
    /// What the reception check throws; HashMismatch or CheckpointConflict: a repair waits for other content.
    /// </exception>
    public ArtifactInfo Receive(ArtifactRef artifact, Stream wire, CancellationToken cancellationToken)
    {
        using var write = Begin(artifact.Origin, artifact.Kind);
        using var copying = new CopyingStream(wire, write.Stream);
        var info = _store.Verify(artifact, copying, cancellationToken);
        if (copying.ReadByte() >= 0)
        {
            throw new ArtifactSyncException(ErrorCode.ArtifactCorrupt, $"'{artifact}' goes on after its end.", artifact.Path);
        }

        write.Complete(artifact, info);
        return info;
    }

    /// <summary>Publishes and catalogues in one transaction of the lease.</summary>
    public IReadOnlyList<StoreOutcome> Commit(Lease lease, CancellationToken cancellationToken)
    {
        var outcomes = Publish(cancellationToken);
        if (outcomes.Count > 0)
        {
            using var transaction = lease.Begin();
            Catalog(transaction.Db);
            transaction.Commit();
        }

        return outcomes;
    }

    /// <summary>Makes the files durable and visible. One outcome for each artifact, dependencies first.</summary>
    /// <exception cref="ArtifactSyncException">DiskFull, ArchiveReadOnly, AccessDenied, UnexpectedError: nothing is catalogued.</exception>
    public IReadOnlyList<StoreOutcome> Publish(CancellationToken cancellationToken)
    {
        foreach (var file in _files.Commit(cancellationToken))
        {
            Settle((StoreItem)file.Tag!, file, cancellationToken);
        }

        return [.. _items.OrderBy(item => item.Artifact.Kind).Select(item => new StoreOutcome(item.Artifact, item.Result, item.Error))];
    }

    /// <summary>Enters what <see cref="Publish"/> made visible, with its references, and what it moved to the quarantine.</summary>
    public void Catalog(Database db)
    {
        foreach (var item in _items.OrderBy(item => item.Artifact.Kind))
        {
            if (item.Damaged is { } damaged)
            {
                _store.Record(db, item.Artifact, damaged, ErrorCode.ArtifactCorrupt, $"'{item.Artifact}' was damaged in the local store.");
            }

            if (item.Result == StoreResult.Refused)
            {
                continue;
            }

            var importFault = item.Info.ImportFault ?? (item.Info.IsFuture ? ErrorCode.FutureVersion : null);
            var aid = CatalogTable.Put(db, item.Artifact, item.Identity, ModifiedNs(item), importFault);
            CatalogTable.AddEdges(db, aid, item.Info.References);
            QuarantineTable.Repaired(db, item.Artifact);
        }
    }

    public void Dispose() => _files.Dispose();

    /// <summary>
    /// The store had this very artifact when <see cref="Publish"/> looked, but a collection may have taken it since: then our
    /// copy gets its name. Collections work under the lease, which the caller of <see cref="Catalog"/> holds now.
    /// </summary>
    private long ModifiedNs(StoreItem item)
    {
        if (item.ModifiedNs(_store) is { } modified)
        {
            return modified;
        }
        if (item.Result == StoreResult.Duplicate)
        {
            _files.PublishAgain(item.File);
            item.Identity = item.Info.Identity;
            item.Result = StoreResult.Added;
        }
        return item.ModifiedNs(_store) ?? throw new ArtifactSyncException(
            ErrorCode.ArtifactMissing, $"'{item.Artifact}' vanished while it was kept: the store was moved away. Run again.", item.Artifact.Path);
    }

    internal void Add(StagedFile file, ArtifactRef artifact, ArtifactInfo info)
    {
        if (_repairs.TryGetValue(artifact, out var wanted) && (wanted.Sha256 != info.Identity.Sha256 || wanted.Size != info.Identity.Size))
        {
            throw new ArtifactSyncException(
                artifact.Kind == ArtifactKind.Checkpoints ? ErrorCode.CheckpointConflict : ErrorCode.HashMismatch,
                $"'{artifact}' is damaged here, and this copy is not what it was ({info.Identity.Sha256} instead of {wanted.Sha256}).", artifact.Path);
        }

        var item = new StoreItem(artifact, info, file);
        file.Tag = item;
        file.Finish(StorePath.FileName(artifact), (int)artifact.Kind);
        lock (_gate)
        {
            _items.Add(item);
            WireBytes += info.Identity.WireSize;
        }
    }

    /// <summary>A name was taken: by the same artifact, by a damaged one, or by another checkpoint of the same number.</summary>
    private void Settle(StoreItem item, StagedFile file, CancellationToken cancellationToken)
    {
        if (file.Error is { } error)
        {
            throw error;
        }

        var found = Examine(item.Artifact, file.FinalPath, cancellationToken);
        if (found is not { } existing || (existing.Sha256 != item.Identity.Sha256 && _repairs.ContainsKey(item.Artifact)))
        {
            // A checkpoint can be damaged and still look like one; what waits for repair is not what the catalog says.
            item.Damaged = _store.Quarantined.Take(file.FinalPath, item.Artifact, sha256: null);
            item.Result = StoreResult.Repaired;
            _files.PublishAgain(file);
        }
        else if (existing.Sha256 == item.Identity.Sha256 && existing.Size == item.Identity.Size)
        {
            item.Identity = existing;
            item.Result = StoreResult.Duplicate;
        }
        else
        {
            item.Result = StoreResult.Refused;
            item.Error = new ArtifactSyncException(
                ErrorCode.CheckpointConflict,
                $"The local store has another '{item.Artifact}' ({existing.Sha256}, not {item.Identity.Sha256}). Two machines publish as one origin.",
                item.Artifact.Path);
        }
    }

    /// <summary>Null = damaged.</summary>
    private ArtifactIdentity? Examine(ArtifactRef artifact, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var wire = FolderIO.OpenRead(path);
            return _store.Verify(artifact, wire, cancellationToken).Identity;
        }
        catch (ArtifactSyncException)
        {
            return null;
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Reading(error, path, FolderUse.Private);
        }
    }
}
