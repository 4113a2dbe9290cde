using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport;

/// <summary>One listed artifact of the far side. Size and time are -1 where a listing does not tell them.</summary>
public readonly record struct RemoteEntry(ArtifactRef Artifact, long WireSize = -1, long ModifiedNanoseconds = -1);

/// <summary>What a target can do. What is not known before it was tried changes once, at the latest with the first put.</summary>
public sealed record TransportTraits
{
    /// <summary>
    /// Listings come in ordinal order of names, honour <c>startAfter</c>, and cost requests: checkpoints and events are
    /// listed from the last known name on, and all of them only now and then.
    /// </summary>
    public bool OrderedListing { get; init; }

    /// <summary>
    /// Between complete listings manifests, segments and raw sources are not listed: what is missing here is known from
    /// what refers to it, what is missing there from what was put there.
    /// </summary>
    public bool BulkByReference { get; init; }

    /// <summary>An exchange with nothing to do costs a few requests an origin, however much lies here.</summary>
    internal bool IsIncremental => OrderedListing && BulkByReference;

    /// <summary>
    /// Anybody may write here without a check, so what both sides have is read once when it is new to us (spec 10.3). Else a
    /// name is enough (10.1).
    /// </summary>
    public bool VerifyOnContact { get; init; }

    /// <summary><see cref="ITransport.RemoveAsync"/> can work here.</summary>
    public bool CanRemove { get; init; }

    /// <summary>False: two writers of one name at one moment may both be told that they made it, and the later one stays.</summary>
    public bool ConditionalCreate { get; init; } = true;

    /// <summary>Nobody on the way can read or change what is transferred: TLS, or no network at all.</summary>
    public bool IsSecure { get; init; } = true;
}

public enum PutOutcome
{
    /// <summary>The name was free; it holds these bytes after the next <see cref="ITransport.FlushAsync"/>, unless that says otherwise.</summary>
    Created,
    /// <summary>The name was taken; nothing was changed. The caller decides whether it is the same artifact.</summary>
    Exists,
}

/// <summary>
/// A put that <see cref="ITransport.FlushAsync"/> could not finish. <see cref="Error"/> null: somebody else took the name
/// since the put; nothing was changed, the caller decides whether it is the same artifact.
/// </summary>
public readonly record struct UnsettledPut(ArtifactRef Artifact, ArtifactSyncException? Error);

/// <summary>
/// Names that listings passed over since the transport was opened: left-over temporary files, copies that a file
/// synchroniser made of conflicting files, damaged files that were set aside, and all else that is no artifact.
/// </summary>
public readonly record struct IgnoredNames(long Temporary, long ConflictCopies, long SetAside, long Stray);

/// <summary>
/// The far side of an exchange: a dumb store of immutable artifacts. The contract, which one suite checks for every
/// implementation and decorator:
/// - a name that <see cref="ListAsync"/> showed can be opened, unless somebody removed it (<c>ArtifactNotFound</c>);
/// - <see cref="PutAsync"/> never changes or truncates an existing name, and a name never shows incomplete content;
/// - what was put is visible and survives a power failure once <see cref="FlushAsync"/> returned; before that it may be
///   neither, and what was not flushed when the transport is disposed may be gone;
/// - a listing is complete or an error (<c>TargetListingInvalid</c>): absence is never read as deletion;
/// - trouble of one origin or artifact names it and leaves the others usable; only trouble of the root ends the target;
/// - every call may run concurrently with others, honours its token, and throws only ArtifactSyncException or
///   OperationCanceledException.
/// </summary>
public interface ITransport : IAsyncDisposable
{
    /// <summary>How the target is named in messages and in the ledger; never a secret.</summary>
    string Name { get; }

    /// <summary>What listings passed over so far.</summary>
    IgnoredNames Ignored { get; }

    /// <summary>What this target can do.</summary>
    TransportTraits Traits { get; }

    /// <summary>
    /// Origins on the far side, ordinal order. <paramref name="onFault"/> gets each origin that must be left out
    /// (<c>TargetEntryInvalid</c>).
    /// </summary>
    Task<IReadOnlyList<string>> ListOriginsAsync(Action<string, ArtifactSyncException> onFault, CancellationToken cancellationToken);

    /// <summary>
    /// An opaque text that is equal to an earlier one only when the listing of (origin, kind) is surely the same;
    /// null = not to be had cheaply, list. Must be taken before the listing it shall stand for.
    /// </summary>
    Task<string?> GetListingTokenAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken);

    /// <summary>
    /// All valid artifact names of (origin, kind), each once, in ordinal order where <see cref="TransportTraits.OrderedListing"/>
    /// says so, else in any; stray names are left out and counted. With <paramref name="startAfter"/> (any text) names up
    /// to it, ordinal, may be left out, and are under <see cref="TransportTraits.OrderedListing"/>.
    /// <paramref name="onFault"/> gets each artifact that must be left out (<c>TargetEntryInvalid</c>: its name holds
    /// something else than a file). <c>TargetEntryInvalid</c> is thrown when the whole (origin, kind) must be left out.
    /// </summary>
    IAsyncEnumerable<RemoteEntry> ListAsync(
        string origin, ArtifactKind kind, string? startAfter, Action<ArtifactRef, ArtifactSyncException> onFault,
        CancellationToken cancellationToken);

    /// <summary>Size and time of one artifact, where they are to be had without reading it; null = it is not there.</summary>
    Task<RemoteEntry?> FindAsync(ArtifactRef artifact, CancellationToken cancellationToken);

    /// <summary>The wire bytes. The caller verifies them; the stream ends after the limit of the kind plus one byte at most.</summary>
    Task<Stream> OpenReadAsync(ArtifactRef artifact, CancellationToken cancellationToken);

    /// <summary>
    /// Writes <paramref name="wire"/> (exactly <paramref name="wireSize"/> bytes, else <c>TransferIncomplete</c>) under a
    /// free name. The stream is local, so reading it may block, and can seek: it may be read more than once.
    /// </summary>
    Task<PutOutcome> PutAsync(ArtifactRef artifact, Stream wire, long wireSize, CancellationToken cancellationToken);

    /// <summary>
    /// Makes all earlier puts visible and durable; called between kinds, so that dependencies come first. Returns those
    /// that are not there.
    /// </summary>
    Task<IReadOnlyList<UnsettledPut>> FlushAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Moves a damaged artifact out of the way so that a good copy can be put (spec 2.4, 10.4). False = not possible here
    /// or not for this kind.
    /// </summary>
    Task<bool> SetAsideDamagedAsync(ArtifactRef artifact, CancellationToken cancellationToken);

    /// <summary>
    /// Removes an artifact for good: garbage collection alone calls this. True = it is not there any more, whoever removed
    /// it; false = not possible here.
    /// </summary>
    Task<bool> RemoveAsync(ArtifactRef artifact, CancellationToken cancellationToken);

    /// <summary>
    /// The exchange is over: once, after the last flush, also when nothing was put. A peer imports now what it was sent.
    /// </summary>
    Task CompleteAsync(CancellationToken cancellationToken);
}
