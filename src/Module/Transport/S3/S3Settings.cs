using System.Net;
using System.Security;
using ArtifactSync.Errors;

namespace ArtifactSync.Transport.S3;

/// <summary>
/// Where and how a bucket is reached: what the user gave, then our variables, then those of the original program, then those
/// of AWS (spec 10.4).
/// </summary>
internal sealed record S3Settings
{
    private const string DefaultRegion = "us-east-1";

    /// <summary>Null = Amazon's own.</summary>
    public Uri? Endpoint { get; private init; }

    public required string Region { get; init; }

    /// <summary>The region was named, and not only assumed.</summary>
    public bool IsRegionGiven { get; private init; }

    public bool PathStyle { get; private init; }

    /// <summary>Plain http leaves this machine, as was allowed.</summary>
    public bool IsExposed { get; private init; }

    public bool IsSecure => Endpoint is null || Endpoint.Scheme == Uri.UriSchemeHttps;

    /// <summary>A file with the certificates to trust instead of those of the system (AWS_CA_BUNDLE); null = those of the system.</summary>
    public string? TrustFile { get; private init; }

    /// <summary>Null = the chain of the SDK: profiles, web identity, roles of containers and instances.</summary>
    public S3Keys? Keys { get; private init; }

    /// <exception cref="ArtifactSyncException">InvalidTarget: the endpoint; TargetInsecure; CredentialMissing: half of one.</exception>
    public static S3Settings Resolve(TargetAccess access, Func<string, string?> environment)
    {
        string? First(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
            {
                if (environment(name) is { } value && !string.IsNullOrWhiteSpace(value))
                {
                    return value.Trim();
                }
            }

            return null;
        }

        var endpoint = (access.S3Endpoint ?? First("ARTIFACTSYNC_S3_ENDPOINT", "AGENTSVIEW_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))
            is { } text ? ParseEndpoint(text) : null;
        var insecure = access.AllowInsecure || IsYes(First("ARTIFACTSYNC_S3_ALLOW_INSECURE", "AGENTSVIEW_ALLOW_INSECURE_S3_ENDPOINT"));
        var exposed = endpoint is not null && endpoint.Scheme == Uri.UriSchemeHttp && !Loopback.Is(endpoint);
        if (exposed && !insecure)
        {
            throw new ArtifactSyncException(
                ErrorCode.TargetInsecure,
                $"'{endpoint!.Host}' would be reached without encryption. Use https, or allow it with -AllowInsecure or "
                + "ARTIFACTSYNC_S3_ALLOW_INSECURE=true.",
                endpoint.Host);
        }

        var region = access.S3Region ?? First("ARTIFACTSYNC_S3_REGION", "AGENTSVIEW_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION");
        return new S3Settings
        {
            Endpoint = endpoint,
            Region = region ?? DefaultRegion,
            IsRegionGiven = region is not null,
            PathStyle = access.S3PathStyle ?? PathStyleOf(First("ARTIFACTSYNC_S3_PATH_STYLE"))
                ?? (endpoint is not null || First("AGENTSVIEW_S3_PATH_STYLE") == "true"),
            IsExposed = exposed,
            TrustFile = First("AWS_CA_BUNDLE"),
            Keys = KeysOf(access, name => First(name)),
        };
    }

    /// <summary>Scheme, host and port; https unless it says otherwise. What follows is dropped, as the original does.</summary>
    private static Uri ParseEndpoint(string text)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : "https://" + text;
        if (!Uri.TryCreate(full, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")
            || uri.Host.Length == 0 || uri.UserInfo.Length > 0)
        {
            throw new ArtifactSyncException(
                ErrorCode.InvalidTarget,
                "The S3 endpoint is not the address of a host. Write host, host:port or https://host:port, without user and password.", "s3");
        }

        return new Uri(uri.GetLeftPart(UriPartial.Authority));
    }

    private static S3Keys? KeysOf(TargetAccess access, Func<string, string?> environment)
    {
        if (access.AccessKeyId is { } given)
        {
            return access.SecretKey is { Length: > 0 } secret
                ? new S3Keys(given, Reveal(secret), access.SessionToken is { Length: > 0 } session ? Reveal(session) : null)
                : throw Missing("The credential has no password: that is the place of the secret access key.");
        }

        return (environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY")) switch
        {
            ({ } id, { } secret) => new S3Keys(id, secret, environment("AWS_SESSION_TOKEN")),
            (null, null) => null,
            _ => throw Missing("Of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set."),
        };
    }

    private static ArtifactSyncException Missing(string what) => new(ErrorCode.CredentialMissing, what, "s3");

    private static bool IsYes(string? text) => text?.ToLowerInvariant() is "1" or "true" or "yes";

    private static bool? PathStyleOf(string? text) => text is null ? null : IsYes(text);

    private static string Reveal(SecureString text) => new NetworkCredential("", text).Password;
}

/// <summary>Keys as the SDK wants them. A class, so that no text of it shows them.</summary>
internal sealed class S3Keys(string id, string secret, string? session)
{
    public string Id => id;

    public string Secret => secret;

    public string? Session => session;
}
