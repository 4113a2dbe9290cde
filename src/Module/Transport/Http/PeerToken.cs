using System.Net;
using System.Net.Http.Headers;
using System.Security;
using ArtifactSync.Errors;

namespace ArtifactSync.Transport.Http;

/// <summary>The bearer token: it goes into one header and nowhere else.</summary>
internal sealed class PeerToken
{
    private readonly string? _token;

    private PeerToken(string? token) => _token = token;

    public bool IsGiven => _token is not null;

    public AuthenticationHeaderValue? Header => _token is null ? null : new AuthenticationHeaderValue("Bearer", _token);

    /// <exception cref="ArtifactSyncException">InvalidArgument: it has characters that a header can't have.</exception>
    public static PeerToken From(SecureString? secure)
    {
        if (secure is not { Length: > 0 })
        {
            return new PeerToken(null);
        }
        var token = new NetworkCredential("", secure).Password;
        return token.Any(char.IsControl) || token.Any(char.IsWhiteSpace)
            ? throw new ArtifactSyncException(ErrorCode.InvalidArgument, "The token holds white space or control characters. Give it exactly as the peer has it.", null)
            : new PeerToken(token);
    }

    /// <summary>What a peer said, without the token that it may have said back.</summary>
    public string Redact(string text) => _token is null ? text : text.Replace(_token, "***", StringComparison.OrdinalIgnoreCase);

    public override string ToString() => "***";
}
