using ArtifactSync.Errors;
using ArtifactSync.Transport;

namespace ArtifactSync.Tracker;

/// <summary>Addresses of servers that are sent a token or texts of the archive: https, or http to this machine alone.</summary>
internal static class GitLabAddress
{
    /// <summary>The address as the ledger and the rows of projects have it: no slash and no <c>/api/v4</c> at the end.</summary>
    /// <exception cref="ArtifactSyncException">InvalidTarget.</exception>
    public static string Normalize(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http"))
        {
            throw Invalid(address, "is no address of a GitLab server; write one such as https://gitlab.example.com");
        }
        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            // A password in it must not come back in a message.
            throw Invalid(uri.GetLeftPart(UriPartial.Path).Replace(uri.UserInfo + "@", "", StringComparison.Ordinal),
                "must be given without user, query and fragment; give the token with -Token");
        }
        if (!IsSafe(uri))
        {
            throw Invalid(address, "would send the token in the clear; use https (http is for this machine alone)");
        }
        var text = uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return text.EndsWith("/api/v4", StringComparison.OrdinalIgnoreCase) ? text[..^"/api/v4".Length] : text;
    }

    /// <summary>https, or http on this machine.</summary>
    public static bool IsSafe(Uri uri) => uri.Scheme == Uri.UriSchemeHttps || Loopback.Is(uri);

    private static ArtifactSyncException Invalid(string address, string why) => new(ErrorCode.InvalidTarget, $"'{address}' {why}.", address);
}
