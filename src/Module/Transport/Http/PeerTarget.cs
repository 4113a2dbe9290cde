using ArtifactSync.Errors;

namespace ArtifactSync.Transport.Http;

/// <summary>The address of an HTTP peer, checked before anything is sent there (spec 10.5).</summary>
/// <param name="Base">Of all routes, without a slash at its end.</param>
/// <param name="IsSecure">TLS, or loopback.</param>
internal sealed record PeerTarget(Uri Base, bool IsSecure)
{
    /// <summary>For messages and the ledger: scheme, host and port, and a path that is not the usual one.</summary>
    public string Name => Base.AbsoluteUri.EndsWith(PeerProtocol.BasePath, StringComparison.Ordinal)
        ? Base.AbsoluteUri[..^PeerProtocol.BasePath.Length] : Base.AbsoluteUri;

    /// <summary>As browsers send it: peers without a token ask for it.</summary>
    public string Origin => Base.GetLeftPart(UriPartial.Authority);

    /// <exception cref="ArtifactSyncException">InvalidTarget; TargetInsecure: plain http beyond this machine.</exception>
    public static PeerTarget Parse(string target, bool allowInsecure)
    {
        var scheme = target[..target.IndexOf("://", StringComparison.Ordinal)];
        if (!Uri.TryCreate(target, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            throw Invalid(scheme, "is no valid address");
        }
        if (uri.UserInfo.Length > 0)
        {
            throw Invalid(scheme, "must not hold a user or password; give -Token");
        }
        if (uri.Query.Length > 0 || uri.Fragment.Length > 0 || target.Contains('?', StringComparison.Ordinal) || target.Contains('#', StringComparison.Ordinal))
        {
            throw Invalid(scheme, "must not have a query or fragment");
        }
        var isSecure = uri.Scheme == Uri.UriSchemeHttps || Loopback.Is(uri);
        if (!isSecure && !allowInsecure)
        {
            throw new ArtifactSyncException(ErrorCode.TargetInsecure,
                $"'{uri.GetLeftPart(UriPartial.Authority)}' would be reached without encryption, so anybody on the way could read sessions and token. "
                + "Use https, or -AllowInsecure when the network is trusted.", target);
        }
        var path = uri.AbsolutePath.TrimEnd('/');
        if (!path.EndsWith(PeerProtocol.BasePath, StringComparison.Ordinal))
        {
            path += PeerProtocol.BasePath;
        }
        return new PeerTarget(new Uri(uri.GetLeftPart(UriPartial.Authority) + path), isSecure);
    }

    // What follows the scheme may hold a secret.
    private static ArtifactSyncException Invalid(string scheme, string what) => new(
        ErrorCode.InvalidTarget, $"The {scheme} target {what}. Write {scheme}://host:port.", scheme);
}
