using System.Collections.Concurrent;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Peer;

/// <summary>What became of an artifact that a peer sent.</summary>
internal readonly record struct Received(ArtifactInfo Info, bool Duplicate);

/// <summary>
/// Artifacts of concurrent requests, made durable and catalogued together: while one batch is being committed, the requests
/// that come meanwhile fill the next one. A request is answered only when its artifact is there for good.
/// </summary>
internal sealed class ReceiveQueue(LocalStore store, ReaderPool readers, SemaphoreSlim workers, PeerLimits limits, CancellationToken stopping)
{
    private readonly Lock _gate = new();
    private Open? _open;
    private Task _last = Task.CompletedTask;

    /// <summary>Verifies, keeps and catalogues one artifact (spec 10.2).</summary>
    /// <exception cref="ArtifactSyncException">
    /// What the reception check throws; CheckpointConflict; LeaseHeld: another command has the archive; DiskFull and the like.
    /// </exception>
    public async Task<Received> ReceiveAsync(ArtifactRef artifact, Stream wire, CancellationToken cancellationToken)
    {
        await workers.WaitAsync(cancellationToken);
        Open open;
        ArtifactInfo info;
        try
        {
            open = Enter();
            try
            {
                info = await Task.Run(() => open.Batch.Receive(artifact, wire, cancellationToken), cancellationToken);
            }
            finally
            {
                open.Leave();
            }
        }
        finally
        {
            workers.Release();
        }
        var outcome = (await open.Outcomes.WaitAsync(cancellationToken))[artifact].TryDequeue(out var mine) ? mine : default;
        return outcome.Error is { } error ? throw error : new Received(info, outcome.Result != StoreResult.Added);
    }

    /// <summary>When nothing is being committed any more.</summary>
    public Task Idle
    {
        get
        {
            lock (_gate)
            {
                return _last;
            }
        }
    }

    private Open Enter()
    {
        lock (_gate)
        {
            if (_open is null)
            {
                _open = new Open(readers.Use(db => store.BeginBatch(db)));
                _last = CommitAsync(_open, _last);
            }
            _open.Enter();
            return _open;
        }
    }

    private async Task CommitAsync(Open open, Task previous)
    {
        await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its own callers were told
        await Task.Yield(); // whoever opened it enters first
        lock (_gate)
        {
            if (_open == open)
            {
                _open = null;
            }
        }
        await open.DrainAsync();
        open.Settle(() => Commit(open.Batch));
    }

    private ConcurrentDictionary<ArtifactRef, ConcurrentQueue<StoreOutcome>> Commit(StoreBatch batch)
    {
        var outcomes = new ConcurrentDictionary<ArtifactRef, ConcurrentQueue<StoreOutcome>>();
        foreach (var outcome in batch.Publish(CancellationToken.None))
        {
            outcomes.GetOrAdd(outcome.Artifact, static _ => new()).Enqueue(outcome);
        }
        if (outcomes.IsEmpty)
        {
            return outcomes; // nothing was fit to be kept
        }
        var archive = store.Archive;
        using var lease = archive.AcquireLease("peer", limits.Lease, stopping);
        using var transaction = lease.Begin();
        batch.Catalog(transaction.Db);
        var own = StateTable.Get(transaction.Db, StateTable.OriginId);
        var kept = outcomes.Values.SelectMany(static queue => queue).Where(static outcome => outcome.Result != StoreResult.Refused);
        foreach (var group in kept.GroupBy(static outcome => outcome.Artifact.Origin).Where(group => group.Key != own))
        {
            var metadata = group.Any(static outcome => outcome.Artifact.Kind == ArtifactKind.Meta);
            var content = group.Any(static outcome => outcome.Artifact.Kind != ArtifactKind.Meta);
            IngestTable.MarkPending(transaction.Db, group.Key, content, metadata, archive.Clock.GetUtcNow());
        }
        transaction.Commit();
        return outcomes;
    }

    /// <summary>A batch and those who write into it.</summary>
    private sealed class Open(StoreBatch batch)
    {
        private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<ConcurrentDictionary<ArtifactRef, ConcurrentQueue<StoreOutcome>>> _outcomes =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _holders = 1; // the queue itself, until it takes the batch

        public StoreBatch Batch => batch;

        public Task<ConcurrentDictionary<ArtifactRef, ConcurrentQueue<StoreOutcome>>> Outcomes => _outcomes.Task;

        /// <summary>Only under the gate of the queue, while the batch is open.</summary>
        public void Enter() => Interlocked.Increment(ref _holders);

        public void Leave()
        {
            if (Interlocked.Decrement(ref _holders) == 0)
            {
                _drained.SetResult();
            }
        }

        public Task DrainAsync()
        {
            Leave();
            return _drained.Task;
        }

        public void Settle(Func<ConcurrentDictionary<ArtifactRef, ConcurrentQueue<StoreOutcome>>> commit)
        {
            try
            {
                _outcomes.SetResult(commit());
            }
            catch (Exception fault)
            {
                _outcomes.SetException(fault);
                _ = _outcomes.Task.Exception; // nobody may wait for it any more
            }
            finally
            {
                batch.Dispose();
            }
        }
    }
}
