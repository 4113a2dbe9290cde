using System.Net;
using System.Runtime.InteropServices;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace ArtifactSync.Peer;

/// <summary>
/// Who may ask what (spec 10.6, Auth). With a token, it decides alone. Without one only loopback is served, and the Host
/// header (against DNS rebinding) and, on what changes something, the Origin header must name this listener.
/// </summary>
internal sealed class PeerGuard
{
    private const string Scheme = "Bearer ";
    private static readonly string[] s_forwarded = ["X-Forwarded-For", "X-Real-IP", "Forwarded"];

    private readonly byte[]? _tokenHash;
    private readonly bool _adminOpen;
    private readonly HashSet<string> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _origins = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="token">Only its hash is kept.</param>
    /// <param name="adminOpen">False: admin routes are refused whoever asks.</param>
    public PeerGuard(SecureString? token, bool adminOpen) =>
        (_tokenHash, _adminOpen) = (token is { Length: > 0 } ? Hash(token) : null, adminOpen);

    public bool RequiresToken => _tokenHash is not null;

    /// <summary>Names under which this listener may be called, known once its ports are.</summary>
    public void Allow(IEnumerable<Uri> uris)
    {
        foreach (var uri in uris)
        {
            string[] names = uri.IsLoopback ? [uri.Host, "127.0.0.1", "localhost", "[::1]"] : [uri.Host];
            foreach (var name in names)
            {
                _hosts.Add($"{name}:{uri.Port}");
                _origins.Add($"{uri.Scheme}://{name}:{uri.Port}");
                if (uri.IsDefaultPort)
                {
                    _hosts.Add(name);
                    _origins.Add($"{uri.Scheme}://{name}");
                }
            }
        }
    }

    /// <summary>Null = go on; else the status of the refusal and its text.</summary>
    public (int Status, string Text)? Refuse(HttpContext context, PeerRoute? route)
    {
        if (route is { IsAdmin: true })
        {
            return !HasToken(context.Request) ? (StatusCodes.Status401Unauthorized, "Unauthorized")
                : !_adminOpen || !IsDirectLoopback(context) ? (StatusCodes.Status403Forbidden, $"artifact {route.Name} is only available from localhost")
                : null;
        }
        if (_tokenHash is not null)
        {
            return HasToken(context.Request) ? null : (StatusCodes.Status401Unauthorized, "Unauthorized");
        }
        if (!_hosts.Contains(context.Request.Headers.Host.ToString()))
        {
            return (StatusCodes.Status403Forbidden, "Forbidden: the request names a host that this listener does not have.");
        }
        var changes = !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method);
        return changes && !_origins.Contains(context.Request.Headers.Origin.ToString()) ? (StatusCodes.Status403Forbidden, "Forbidden") : null;
    }

    private static bool IsDirectLoopback(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
        && !s_forwarded.Any(context.Request.Headers.ContainsKey);

    /// <summary>In constant time: hashes of equal length are compared to their end.</summary>
    private bool HasToken(HttpRequest request)
    {
        var given = request.Headers.Authorization.ToString();
        return _tokenHash is not null && given.StartsWith(Scheme, StringComparison.Ordinal)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given, Scheme.Length, given.Length - Scheme.Length)), _tokenHash);
    }

    private static byte[] Hash(SecureString token)
    {
        var pointer = Marshal.SecureStringToGlobalAllocUnicode(token);
        var characters = new char[token.Length];
        var bytes = Array.Empty<byte>();
        try
        {
            Marshal.Copy(pointer, characters, 0, characters.Length);
            bytes = Encoding.UTF8.GetBytes(characters);
            return SHA256.HashData(bytes);
        }
        finally
        {
            Marshal.ZeroFreeGlobalAllocUnicode(pointer);
            Array.Clear(characters);
            Array.Clear(bytes);
        }
    }
}
