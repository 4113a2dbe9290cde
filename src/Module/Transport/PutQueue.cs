using System.Buffers;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport;

/// <summary>
/// Puts of a folder on their way to a flush. Workers fill files concurrently; a flush takes the batch away, waits for
/// those who still write into it, and commits it. A batch that grew large is committed by the worker who filled it, so
/// memory does not grow with the exchange.
/// </summary>
internal sealed class PutQueue(WriteOnceFolder folder, Action<string>? step) : IAsyncDisposable
{
    private const int LargestBatch = 32_768, BufferBytes = 128 * 1024;

    private readonly Lock _gate = new();
    private readonly List<UnsettledPut> _unsettled = [];
    private Open? _open;

    /// <summary>Stages one artifact.</summary>
    public void Put(ArtifactRef artifact, Stream wire, long wireSize, CancellationToken cancellationToken)
    {
        var open = Enter();
        try
        {
            Stage(open.Batch, artifact, wire, wireSize, cancellationToken);
        }
        finally
        {
            open.Leave();
        }

        if (open.Batch.Count >= LargestBatch)
        {
            CommitLarge(open, cancellationToken);
        }
    }

    /// <summary>Commits what was put before; returns all that did not get its name since the last flush.</summary>
    public async Task<IReadOnlyList<UnsettledPut>> FlushAsync(CancellationToken cancellationToken)
    {
        if (Take(null) is { } open)
        {
            await open.CompleteAsync();
            using (open.Batch)
            {
                Commit(open.Batch, cancellationToken);
            }
        }

        lock (_gate)
        {
            UnsettledPut[] result = [.. _unsettled];
            _unsettled.Clear();
            return result;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Take(null) is { } open)
        {
            await open.CompleteAsync();
            open.Batch.Dispose();
        }
    }

    private static void Stage(WriteOnceBatch batch, ArtifactRef artifact, Stream wire, long wireSize, CancellationToken cancellationToken)
    {
        using var file = batch.Create(StorePath.Directory(artifact.Origin, artifact.Kind));
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = wire.Read(buffer, 0, buffer.Length)) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                file.Append(buffer.AsSpan(0, read));
                if (file.Length > wireSize || (file.Length == wireSize && wire is FileStream && read < buffer.Length))
                {
                    break; // too much; or one call less, since a file that gives less than asked is at its end
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (file.Length != wireSize)
        {
            throw new ArtifactSyncException(
                ErrorCode.TransferIncomplete, $"'{artifact}' gave {file.Length} bytes instead of {wireSize}; nothing was stored. Run again.", artifact.Path);
        }

        file.Tag = artifact;
        file.Finish(StorePath.FileName(artifact), (int)artifact.Kind);
    }

    private Open Enter()
    {
        lock (_gate)
        {
            _open ??= new Open(folder.BeginBatch(step is null ? null : name => step("target:" + name)));
            _open.Enter();
            return _open;
        }
    }

    /// <summary>Takes the open batch away, or only the given one.</summary>
    private Open? Take(Open? only)
    {
        lock (_gate)
        {
            if (only is not null && _open != only)
            {
                return null;
            }

            var open = _open;
            _open = null;
            return open;
        }
    }

    private void CommitLarge(Open open, CancellationToken cancellationToken)
    {
        if (Take(open) is null)
        {
            return; // another worker or a flush has it
        }

        using (open.Batch)
        {
            open.CompleteAsync().Wait(CancellationToken.None);
            Commit(open.Batch, cancellationToken);
        }
    }

    private void Commit(WriteOnceBatch batch, CancellationToken cancellationToken)
    {
        foreach (var file in batch.Commit(cancellationToken))
        {
            lock (_gate)
            {
                _unsettled.Add(new UnsettledPut((ArtifactRef)file.Tag!, file.Error));
            }
        }
    }

    /// <summary>A batch and those who write into it.</summary>
    private sealed class Open(WriteOnceBatch batch)
    {
        private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _holders = 1; // the queue itself, until the batch is taken

        public WriteOnceBatch Batch => batch;

        /// <summary>Only under the gate of the queue, while the batch is open.</summary>
        public void Enter() => Interlocked.Increment(ref _holders);

        public void Leave()
        {
            if (Interlocked.Decrement(ref _holders) == 0)
            {
                _drained.SetResult();
            }
        }

        /// <summary>The batch was taken: nobody enters any more; waits for the last to leave. They leave soon.</summary>
        public Task CompleteAsync()
        {
            Leave();
            return _drained.Task;
        }
    }
}
