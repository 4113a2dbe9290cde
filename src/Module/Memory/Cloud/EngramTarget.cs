using ArtifactSync.Errors;
using ArtifactSync.Transport;

namespace ArtifactSync.Memory.Cloud;

/// <summary>
/// <c>engram+https://host[:port][/base]</c> as the address of a mutation server (memory spec 6.1): no query, no fragment, no
/// user; slashes at the end don't count; plain HTTP to this machine only.
/// </summary>
internal static class EngramTarget
{
    public const string Prefix = "engram+";

    public static bool Is(string target) =>
        target.AsSpan().TrimStart().StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            && target.Contains("://", StringComparison.Ordinal);

    /// <exception cref="ArtifactSyncException">InvalidTarget; TargetInsecure: plain HTTP to another machine that was not
    /// allowed.</exception>
    public static Uri Parse(string target, bool allowInsecure = false)
    {
        var address = target.Trim();
        if (!Is(address) || !Uri.TryCreate(address[Prefix.Length..], UriKind.Absolute, out var uri)
            || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            throw Invalid("A memory server is written engram+https://host[:port][/path].", "engram");
        }

        if (uri.UserInfo.Length > 0)
        {
            throw Invalid("The address of a memory server holds no user or password: give the token with -Token.", uri.Host);
        }

        if (uri.Query.Length > 0 || uri.Fragment.Length > 0 || address.AsSpan().IndexOfAny('?', '#') >= 0)
        {
            throw Invalid($"The address of the memory server '{uri.Host}' must have no query and no fragment.", uri.Host);
        }

        if (uri.Scheme == "http" && !allowInsecure && !Loopback.Is(uri))
        {
            throw new ArtifactSyncException(
                ErrorCode.TargetInsecure, $"'{uri.Host}' is another machine: name its memory server with engram+https://.", uri.Host);
        }

        return new UriBuilder(uri) { Path = uri.AbsolutePath.TrimEnd('/') }.Uri;
    }

    /// <summary>The address in the form in which it is compared and stored.</summary>
    public static string Text(Uri server) =>
        server.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    private static ArtifactSyncException Invalid(string message, string target) => new(ErrorCode.InvalidTarget, message, target);
}
