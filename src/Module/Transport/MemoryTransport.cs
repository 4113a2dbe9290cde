using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport;

/// <summary>A target in memory: for tests, samples, and as the plainest reading of the contract.</summary>
internal sealed class MemoryTransport(string name = "memory", TimeProvider? clock = null) : ITransport
{
    private readonly ConcurrentDictionary<ArtifactRef, byte[]> _artifacts = new();
    private readonly ConcurrentDictionary<ArtifactRef, DateTimeOffset> _times = new();
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private long _changes;

    public string Name => name;

    public IgnoredNames Ignored => default;

    /// <summary>May be set, to stand for other kinds of targets.</summary>
    public TransportTraits Traits { get; init; } = new() { CanRemove = true, VerifyOnContact = true };

    /// <summary>What lies here, for tests; may be changed behind the contract's back.</summary>
    public ConcurrentDictionary<ArtifactRef, byte[]> Artifacts => _artifacts;

    public Task<IReadOnlyList<string>> ListOriginsAsync(
        Action<string, ArtifactSyncException> onFault, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<string>>(
            [.. _artifacts.Keys.Select(artifact => artifact.Origin).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }

    /// <summary>Counts all changes: finer than it must be, never wrong. None where listings are incremental, as on real stores.</summary>
    public Task<string?> GetListingTokenAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Traits.OrderedListing ? null : Interlocked.Read(ref _changes).ToString(CultureInfo.InvariantCulture));
    }

    public async IAsyncEnumerable<RemoteEntry> ListAsync(
        string origin, ArtifactKind kind, string? startAfter, Action<ArtifactRef, ArtifactSyncException> onFault,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        var found = _artifacts.Where(pair => pair.Key.Origin == origin && pair.Key.Kind == kind);
        if (Traits.OrderedListing)
        {
            found = found.Where(pair => string.CompareOrdinal(pair.Key.Name, startAfter) > 0).OrderBy(pair => pair.Key.Name, StringComparer.Ordinal);
        }

        foreach (var (artifact, wire) in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Entry(artifact, wire);
        }
    }

    public Task<RemoteEntry?> FindAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(_artifacts.TryGetValue(artifact, out var wire) ? Entry(artifact, wire) : (RemoteEntry?)null);
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

        _times[artifact] = _clock.GetUtcNow();
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

        Remove(artifact);
        return Task.FromResult(true);
    }

    public Task<bool> RemoveAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Traits.CanRemove)
        {
            Remove(artifact);
        }

        return Task.FromResult(Traits.CanRemove);
    }

    public Task CompleteAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private RemoteEntry Entry(ArtifactRef artifact, byte[] wire) => new(
        artifact, wire.Length, _times.TryGetValue(artifact, out var time) ? (time - DateTimeOffset.UnixEpoch).Ticks * 100 : -1);

    private void Remove(ArtifactRef artifact)
    {
        _artifacts.TryRemove(artifact, out _);
        _times.TryRemove(artifact, out _);
        Interlocked.Increment(ref _changes);
    }
}
