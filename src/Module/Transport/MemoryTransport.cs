using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport;

/// <summary>A target in memory: for tests, samples, and as the plainest reading of the contract.</summary>
internal sealed class MemoryTransport(string name = "memory") : ITransport
{
    private readonly ConcurrentDictionary<ArtifactRef, byte[]> _artifacts = new();
    private long _changes;

    public string Name => name;

    public IgnoredNames Ignored => default;

    /// <summary>What lies here, for tests; may be changed behind the contract's back.</summary>
    public ConcurrentDictionary<ArtifactRef, byte[]> Artifacts => _artifacts;

    public Task<IReadOnlyList<string>> ListOriginsAsync(
        Action<string, ArtifactSyncException> onFault, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<string>>(
            [.. _artifacts.Keys.Select(artifact => artifact.Origin).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }

    /// <summary>Counts all changes: finer than it must be, never wrong.</summary>
    public Task<string?> GetListingTokenAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<string?>(Interlocked.Read(ref _changes).ToString(CultureInfo.InvariantCulture));
    }

    public async IAsyncEnumerable<RemoteEntry> ListAsync(
        string origin, ArtifactKind kind, Action<ArtifactRef, ArtifactSyncException> onFault,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var (artifact, wire) in _artifacts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (artifact.Origin == origin && artifact.Kind == kind)
            {
                yield return new RemoteEntry(artifact, wire.Length);
            }
        }
    }

    public Task<Stream> OpenReadAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _artifacts.TryGetValue(artifact, out var wire)
            ? Task.FromResult<Stream>(new CappedStream(new MemoryStream(wire, writable: false), Limits.Encoded(artifact.Kind) + 1))
            : Task.FromException<Stream>(new ArtifactSyncException(
                ErrorCode.ArtifactNotFound, $"'{artifact}' is not in {name}.", artifact.Path));
    }

    public async Task<PutOutcome> PutAsync(ArtifactRef artifact, Stream wire, long wireSize, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_artifacts.ContainsKey(artifact))
        {
            return PutOutcome.Exists;
        }

        using var copy = new MemoryStream();
        await wire.CopyToAsync(copy, cancellationToken);
        if (copy.Length != wireSize)
        {
            throw new ArtifactSyncException(
                ErrorCode.TransferIncomplete, $"'{artifact}' gave {copy.Length} bytes instead of {wireSize}; nothing was stored.", artifact.Path);
        }

        if (!_artifacts.TryAdd(artifact, copy.ToArray()))
        {
            return PutOutcome.Exists;
        }

        Interlocked.Increment(ref _changes);
        return PutOutcome.Created;
    }

    public Task<IReadOnlyList<UnsettledPut>> FlushAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<UnsettledPut>>([]);
    }

    public Task<bool> SetAsideDamagedAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (artifact.Kind == ArtifactKind.Checkpoints)
        {
            return Task.FromResult(false);
        }

        _artifacts.TryRemove(artifact, out _);
        Interlocked.Increment(ref _changes);
        return Task.FromResult(true);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
