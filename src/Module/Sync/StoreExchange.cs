using System.Collections.Concurrent;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Sync;

/// <summary>
/// The set union of the local store and a target (spec 10.1): first everything that only the target has is pulled, later
/// everything that only we have is pushed, for all origins, so that any target relays. Nothing is ever deleted.
/// What lies on both sides is taken as the same artifact, but for checkpoints that are new to us, which are compared.
/// </summary>
internal sealed partial class StoreExchange
{
    private static readonly ArtifactKind[] s_order =
        [ArtifactKind.Segments, ArtifactKind.Raw, ArtifactKind.Manifests, ArtifactKind.Meta, ArtifactKind.Checkpoints];

    private readonly ExchangeContext context;
    private readonly ITransport transport;
    private readonly Dictionary<(string Origin, ArtifactKind Kind), TargetCursor> _cursors;
    private readonly ConcurrentDictionary<(string Origin, ArtifactKind Kind), FarSide> _far = new();
    private readonly HashSet<string> _leftOut = new(StringComparer.Ordinal);
    private readonly HashSet<string> _remoteOrigins = new(StringComparer.Ordinal);
    private bool _originsListed;
    private readonly bool _listsAll;

    public StoreExchange(ExchangeContext context, ITransport transport)
    {
        (this.context, this.transport) = (context, transport);
        var reader = context.Archive.Reader;
        var tid = TargetTable.Find(reader, transport.Name);
        _cursors = tid is null ? [] : TargetTable.Cursors(reader, tid.Value).ToDictionary(cursor => (cursor.Origin, cursor.Kind));
        _listsAll = !transport.Traits.IsIncremental || context.Full || IsListingDue(tid);
    }

    /// <summary>Origins that lie at the target; known after <see cref="ListOriginsAsync"/> or <see cref="PullAsync"/>.</summary>
    public IReadOnlyCollection<string> RemoteOrigins => _remoteOrigins;

    /// <summary>What is known of (origin, kind) at the target in this exchange.</summary>
    /// <param name="names">All names there; null when the token says that nothing changed since the cursor.</param>
    /// <param name="highAid">Everything of ours up to here was there when the cursor was written.</param>
    private sealed class FarSide(HashSet<string>? names, long highAid)
    {
        private readonly Lock _gate = new();

        public HashSet<string>? Names => names;

        public long HighAid => highAid;

        /// <summary>
        /// Taken before the listing; null when nothing can stand for it. Where listings are incremental: how far they went, and
        /// for kinds that are fetched by reference the newest checkpoint whose closure is here.
        /// </summary>
        public string? Token { get; set; }

        /// <summary>The names are only those that this exchange saw there; all else is known from the cursor.</summary>
        public bool Partial { get; init; }

        /// <summary>The first of ours that could not be sent; null = none.</summary>
        public long? FirstUnsent { get; private set; }

        /// <summary>The catalog's end before this kind was pulled: what is above came from this very target.</summary>
        public long AidBeforePull { get; init; }

        /// <summary>Something there was refused or is not to be had: list again next time, it may have healed.</summary>
        public bool Incomplete { get; set; }

        /// <summary>We put something there.</summary>
        public bool Changed { get; set; }

        /// <summary>Something of ours is not there: it is sent again, and looked for.</summary>
        public void Missed(long aid)
        {
            lock (_gate)
            {
                Incomplete = true;
                FirstUnsent = Math.Min(aid, FirstUnsent ?? aid);
            }
        }
    }

    /// <summary>A fault of the origin keeps it out of this exchange.</summary>
    public bool LeavesOut(string origin) => _leftOut.Contains(origin);

    public async Task ListOriginsAsync(CancellationToken cancellationToken)
    {
        _originsListed = true;
        foreach (var origin in await transport.ListOriginsAsync((origin, fault) => LeaveOut(origin, "pull", fault), cancellationToken))
        {
            _remoteOrigins.Add(origin);
        }
    }

    /// <summary>Runs one step of an origin; a fault leaves that origin out of the rest of this exchange. False = it did.</summary>
    private async Task<bool> ConfinedAsync(string origin, string stage, Func<Task> step)
    {
        try
        {
            await step();
            return true;
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            LeaveOut(origin, stage, fault);
            return false;
        }
    }

    /// <summary>Ids of which one is the other plus "-…" break original programs (spec 1.1): the newcomer stays out.</summary>
    private bool RefusesPair(string origin)
    {
        if (context.KnownOrigins.Contains(origin) || context.KnownOrigins.FirstOrDefault(other => OriginId.IsPair(origin, other)) is not { } known)
        {
            context.KnownOrigins.Add(origin);
            return false;
        }
        LeaveOut(origin, "pull", new ArtifactSyncException(ErrorCode.OriginPair,
            $"The origin '{origin}' at the target is the known origin '{known}' with '-…' added or taken away; original programs fail "
            + "where both are known, so it is neither pulled nor relayed.", origin));
        return true;
    }

    private void LeaveOut(string origin, string stage, ArtifactSyncException fault)
    {
        if (_leftOut.Add(origin))
        {
            context.Run.Failed("origin", origin, stage, fault);
            context.Observer.Warning(fault.Message);
        }
    }
}
