using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport;

/// <summary>Reads the target and only counts what would be written.</summary>
internal sealed class DryRunTransport(ITransport inner) : ITransport
{
    private long _puts, _bytes, _setAside, _removals;

    public string Name => inner.Name;

    public IgnoredNames Ignored => inner.Ignored;

    public TransportTraits Traits => inner.Traits;

    /// <summary>Artifacts and bytes that would have been written, and damaged ones that would have been set aside.</summary>
    public (long Puts, long Bytes, long SetAside) Planned => (Interlocked.Read(ref _puts), Interlocked.Read(ref _bytes), Interlocked.Read(ref _setAside));

    /// <summary>Artifacts that would have been removed.</summary>
    public long PlannedRemovals => Interlocked.Read(ref _removals);

    public Task<IReadOnlyList<string>> ListOriginsAsync(Action<string, ArtifactSyncException> onFault, CancellationToken cancellationToken) =>
        inner.ListOriginsAsync(onFault, cancellationToken);

    public Task<string?> GetListingTokenAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken) =>
        inner.GetListingTokenAsync(origin, kind, cancellationToken);

    public IAsyncEnumerable<RemoteEntry> ListAsync(
        string origin, ArtifactKind kind, string? startAfter, Action<ArtifactRef, ArtifactSyncException> onFault,
        CancellationToken cancellationToken) =>
        inner.ListAsync(origin, kind, startAfter, onFault, cancellationToken);

    public Task<RemoteEntry?> FindAsync(ArtifactRef artifact, CancellationToken cancellationToken) =>
        inner.FindAsync(artifact, cancellationToken);

    public Task<Stream> OpenReadAsync(ArtifactRef artifact, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(artifact, cancellationToken);

    public Task<PutOutcome> PutAsync(ArtifactRef artifact, Stream wire, long wireSize, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Interlocked.Increment(ref _puts);
        Interlocked.Add(ref _bytes, wireSize);
        return Task.FromResult(PutOutcome.Created);
    }

    public Task<IReadOnlyList<UnsettledPut>> FlushAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<UnsettledPut>>([]);
    }

    public Task<bool> SetAsideDamagedAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Interlocked.Increment(ref _setAside);
        return Task.FromResult(true);
    }

    public Task<bool> RemoveAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Traits.CanRemove)
        {
            Interlocked.Increment(ref _removals);
        }

        return Task.FromResult(Traits.CanRemove);
    }

    public Task CompleteAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
