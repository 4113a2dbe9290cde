using ArtifactSync.Errors;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Doubles;

/// <summary>
/// Passes everything on, but first gives each call its number, from 0, to a hook that may throw (a fault) or cancel. A
/// listing counts as one call for its start and one for each entry.
/// </summary>
internal sealed class FaultInjectingTransport(ITransport inner, Action<int, string>? onCall = null) : ITransport
{
    private int _calls = -1;

    public string Name => inner.Name;

    public IgnoredNames Ignored => inner.Ignored;

    public TransportTraits Traits => inner.Traits;

    /// <summary>Calls so far.</summary>
    public int Calls => Volatile.Read(ref _calls) + 1;

    /// <summary>Fails at one call.</summary>
    public static FaultInjectingTransport FailingAt(ITransport inner, int index, ErrorCode code = ErrorCode.TargetUnreachable) =>
        new(inner, (call, name) =>
        {
            if (call == index)
            {
                throw new ArtifactSyncException(code, $"Injected into call {call} ({name}).");
            }
        });

    /// <summary>Cancels at one call, as Ctrl+C would.</summary>
    public static FaultInjectingTransport CancellingAt(ITransport inner, int index, CancellationTokenSource source) =>
        new(inner, (call, _) =>
        {
            if (call == index)
            {
                source.Cancel();
            }
        });

    public async Task<IReadOnlyList<string>> ListOriginsAsync(
        Action<string, ArtifactSyncException> onFault, CancellationToken cancellationToken)
    {
        Next("origins", cancellationToken);
        return await inner.ListOriginsAsync(onFault, cancellationToken);
    }

    public async Task<string?> GetListingTokenAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken)
    {
        Next("token", cancellationToken);
        return await inner.GetListingTokenAsync(origin, kind, cancellationToken);
    }

    public async IAsyncEnumerable<RemoteEntry> ListAsync(
        string origin, ArtifactKind kind, string? startAfter, Action<ArtifactRef, ArtifactSyncException> onFault,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Next("list", cancellationToken);
        await foreach (var entry in inner.ListAsync(origin, kind, startAfter, onFault, cancellationToken))
        {
            Next("entry", cancellationToken);
            yield return entry;
        }
    }

    public async Task<RemoteEntry?> FindAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        Next("find", cancellationToken);
        return await inner.FindAsync(artifact, cancellationToken);
    }

    public async Task<Stream> OpenReadAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        Next("open", cancellationToken);
        return await inner.OpenReadAsync(artifact, cancellationToken);
    }

    public async Task<PutOutcome> PutAsync(ArtifactRef artifact, Stream wire, long wireSize, CancellationToken cancellationToken)
    {
        Next("put", cancellationToken);
        return await inner.PutAsync(artifact, wire, wireSize, cancellationToken);
    }

    public async Task<IReadOnlyList<UnsettledPut>> FlushAsync(CancellationToken cancellationToken)
    {
        Next("flush", cancellationToken);
        return await inner.FlushAsync(cancellationToken);
    }

    public async Task<bool> SetAsideDamagedAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        Next("aside", cancellationToken);
        return await inner.SetAsideDamagedAsync(artifact, cancellationToken);
    }

    public async Task<bool> RemoveAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        Next("remove", cancellationToken);
        return await inner.RemoveAsync(artifact, cancellationToken);
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        Next("complete", cancellationToken);
        await inner.CompleteAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private void Next(string name, CancellationToken cancellationToken)
    {
        onCall?.Invoke(Interlocked.Increment(ref _calls), name);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
