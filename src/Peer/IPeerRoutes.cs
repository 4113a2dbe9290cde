using ArtifactSync.Model;

namespace ArtifactSync.Peer;

/// <summary>
/// A group of routes below one path, served by the same listener with the same guards, limits and stop as all others. A
/// group is one line in <see cref="PeerRouteGroups"/>.
/// </summary>
internal interface IPeerRoutes
{
    /// <summary>Path of the group, e.g. <c>/api/v1/artifacts</c>; no slash at its end.</summary>
    string Prefix { get; }

    /// <summary>The route of a request, or null: 404.</summary>
    /// <param name="method">Upper case.</param>
    /// <param name="segments">The decoded path below the prefix; <c>%2F</c> stays as it is.</param>
    PeerRoute? Find(string method, IReadOnlyList<string> segments);
}

/// <summary>One route: what it does and what its callers must bring.</summary>
/// <param name="Handle">Answers the request. An <see cref="Errors.ArtifactSyncException"/> becomes the status of its code.</param>
internal sealed record PeerRoute(Func<PeerRequest, Task> Handle)
{
    /// <summary>Only with the token, and only from this machine without anything in between (spec 10.6).</summary>
    public bool IsAdmin { get; init; }

    /// <summary>Name in the refusal of an admin route.</summary>
    public string Name { get; init; } = "";

    /// <summary>Errors are <c>{"error":"…"}</c> instead of text.</summary>
    public bool JsonErrors { get; init; } = true;

    /// <summary>Largest body in bytes; 0 = it is not looked at.</summary>
    public long BodyLimit { get; init; }
}

/// <summary>The groups that every listener serves.</summary>
internal static class PeerRouteGroups
{
    public static IReadOnlyList<IPeerRoutes> Create(PeerStore store, PeerListenOptions options, SyncPeerListener listener) =>
    [
        new ArtifactRoutes(store, options, listener),
        new ConflictRoutes(store),
        new MutationRoutes(store, options),
    ];
}
