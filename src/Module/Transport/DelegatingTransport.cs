using System.Runtime.CompilerServices;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport;

/// <summary>Base of decorators: passes every call on through <see cref="CallAsync"/>.</summary>
internal abstract class DelegatingTransport(ITransport inner) : ITransport
{
    public string Name => inner.Name;

    public IgnoredNames Ignored => inner.Ignored;

    public TransportTraits Traits => inner.Traits;

    protected ITransport Inner => inner;

    public Task<IReadOnlyList<string>> ListOriginsAsync(Action<string, ArtifactSyncException> onFault, CancellationToken cancellationToken) =>
        CallAsync("origins", "", () => inner.ListOriginsAsync(onFault, cancellationToken), cancellationToken);

    public Task<string?> GetListingTokenAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken) =>
        CallAsync("token", Folder(origin, kind), () => inner.GetListingTokenAsync(origin, kind, cancellationToken), cancellationToken);

    /// <summary>One call an entry.</summary>
    public virtual async IAsyncEnumerable<RemoteEntry> ListAsync(
        string origin, ArtifactKind kind, string? startAfter, Action<ArtifactRef, ArtifactSyncException> onFault,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var entries = inner.ListAsync(origin, kind, startAfter, onFault, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await CallAsync("list", Folder(origin, kind), () => entries.MoveNextAsync().AsTask(), cancellationToken))
        {
            yield return entries.Current;
        }
    }

    public Task<RemoteEntry?> FindAsync(ArtifactRef artifact, CancellationToken cancellationToken) =>
        CallAsync("find", artifact.Path, () => inner.FindAsync(artifact, cancellationToken), cancellationToken);

    public virtual Task<Stream> OpenReadAsync(ArtifactRef artifact, CancellationToken cancellationToken) =>
        CallAsync("get", artifact.Path, () => inner.OpenReadAsync(artifact, cancellationToken), cancellationToken);

    public virtual Task<PutOutcome> PutAsync(ArtifactRef artifact, Stream wire, long wireSize, CancellationToken cancellationToken) =>
        CallAsync("put", artifact.Path, () => inner.PutAsync(artifact, wire, wireSize, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<UnsettledPut>> FlushAsync(CancellationToken cancellationToken) =>
        CallAsync("flush", "", () => inner.FlushAsync(cancellationToken), cancellationToken);

    public Task<bool> SetAsideDamagedAsync(ArtifactRef artifact, CancellationToken cancellationToken) =>
        CallAsync("set aside", artifact.Path, () => inner.SetAsideDamagedAsync(artifact, cancellationToken), cancellationToken);

    public Task<bool> RemoveAsync(ArtifactRef artifact, CancellationToken cancellationToken) =>
        CallAsync("remove", artifact.Path, () => inner.RemoveAsync(artifact, cancellationToken), cancellationToken);

    public Task CompleteAsync(CancellationToken cancellationToken) => CallAsync(
        "complete", "",
        async () =>
        {
            await inner.CompleteAsync(cancellationToken);
            return true;
        },
        cancellationToken);

    public virtual ValueTask DisposeAsync() => inner.DisposeAsync();

    protected static string Folder(string origin, ArtifactKind kind) => $"{origin}/{ArtifactName.KindDirectory(kind)}/";

    /// <param name="verb">What is done.</param>
    /// <param name="subject">On which path below the target; empty = the target itself.</param>
    /// <param name="call">Does it; may be called more than once.</param>
    /// <param name="cancellationToken">Of the caller.</param>
    protected abstract Task<T> CallAsync<T>(string verb, string subject, Func<Task<T>> call, CancellationToken cancellationToken);
}
