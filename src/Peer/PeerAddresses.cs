using System.Net;
using System.Net.Sockets;
using ArtifactSync.Errors;

namespace ArtifactSync.Peer;

/// <summary>Where a listener listens, and whether it may do so like this (spec 10.6; decisions: peer server).</summary>
internal static class PeerAddresses
{
    /// <exception cref="ArtifactSyncException">InvalidArgument, PeerTokenRequired, TargetInsecure.</exception>
    public static IReadOnlyList<(Uri Uri, IPAddress Address)> Resolve(PeerListenOptions options)
    {
        if (options.Uris.Count == 0)
        {
            throw new ArtifactSyncException(ErrorCode.InvalidArgument, "Name an address to listen on, e.g. http://127.0.0.1:8080/.", null);
        }
        var addresses = new List<(Uri, IPAddress)>();
        foreach (var uri in options.Uris)
        {
            RequireShape(uri, options);
            var found = Find(uri);
            if (found.Any(address => !IPAddress.IsLoopback(address)))
            {
                RequireSafe(uri, options);
            }
            addresses.AddRange(found.Select(address => (uri, address)));
        }
        return addresses;
    }

    /// <summary>Whether anybody but this machine can reach it.</summary>
    public static bool IsOpen(IEnumerable<(Uri Uri, IPAddress Address)> addresses) =>
        addresses.Any(bound => !IPAddress.IsLoopback(bound.Address));

    private static void RequireShape(Uri uri, PeerListenOptions options)
    {
        if (!uri.IsAbsoluteUri || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            || uri.AbsolutePath != "/" || uri.Query.Length > 0 || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0)
        {
            throw new ArtifactSyncException(ErrorCode.InvalidArgument,
                "A listener takes addresses like http://127.0.0.1:8080/ or https://host:8443/, without path, query or user.", uri.IsAbsoluteUri ? uri.Host : null);
        }
        if (uri.Scheme == Uri.UriSchemeHttps && options.Certificate is not { HasPrivateKey: true })
        {
            throw new ArtifactSyncException(ErrorCode.InvalidArgument, $"'{uri}' needs -Certificate, with its private key.", uri);
        }
        if (uri.Scheme == Uri.UriSchemeHttp && options.Certificate is not null && options.Uris.All(other => other.Scheme == Uri.UriSchemeHttp))
        {
            throw new ArtifactSyncException(ErrorCode.InvalidArgument, $"-Certificate has no effect on '{uri}': write https.", uri);
        }
    }

    private static void RequireSafe(Uri uri, PeerListenOptions options)
    {
        if (options.Token is not { Length: > 0 })
        {
            throw new ArtifactSyncException(ErrorCode.PeerTokenRequired,
                $"Others can reach '{uri}', so peers must prove who they are: give -Token, or listen on 127.0.0.1.", uri);
        }
        if (uri.Scheme == Uri.UriSchemeHttp && !options.AllowInsecure)
        {
            throw new ArtifactSyncException(ErrorCode.TargetInsecure,
                $"Others can reach '{uri}', and token and sessions would travel in the clear: use https with -Certificate, or -AllowInsecure "
                + "when a proxy in front encrypts.", uri);
        }
    }

    private static IPAddress[] Find(Uri uri)
    {
        if (uri.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6)
        {
            return [IPAddress.Parse(uri.Host.Trim('[', ']'))];
        }
        if (uri.IsLoopback)
        {
            // A free port is free for one address only.
            return uri.Port == 0 || !Socket.OSSupportsIPv6 ? [IPAddress.Loopback] : [IPAddress.Loopback, IPAddress.IPv6Loopback];
        }
        try
        {
            return Dns.GetHostAddresses(uri.IdnHost);
        }
        catch (SocketException fault)
        {
            throw new ArtifactSyncException(ErrorCode.InvalidArgument,
                $"'{uri.Host}' is no name of this machine. Name one of its addresses, or 0.0.0.0 for all.", uri, fault);
        }
    }
}
