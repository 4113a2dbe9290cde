using System.Security;

namespace ArtifactSync.Transport;

/// <summary>
/// How a target is reached: what the user gave for this call. Lives in memory only: it is written to no ledger, log, error
/// or argument list. What is null comes from the environment.
/// </summary>
public sealed record TargetAccess
{
    /// <summary>Nothing given.</summary>
    public static readonly TargetAccess None = new();

    /// <summary>Of S3; comes with <see cref="SecretKey"/>.</summary>
    public string? AccessKeyId { get; init; }

    public SecureString? SecretKey { get; init; }

    /// <summary>Of temporary S3 credentials.</summary>
    public SecureString? SessionToken { get; init; }

    /// <summary>Of an S3 store other than Amazon's: host[:port], or with http(s):// before it.</summary>
    public string? S3Endpoint { get; init; }

    /// <summary>Signing region of S3.</summary>
    public string? S3Region { get; init; }

    /// <summary>Whether S3 buckets are part of the path instead of the host name.</summary>
    public bool? S3PathStyle { get; init; }

    /// <summary>Bearer token of an HTTP peer.</summary>
    public SecureString? Token { get; init; }

    /// <summary>Plain http beyond this machine is allowed, with a warning.</summary>
    public bool AllowInsecure { get; init; }

    /// <summary>Says nothing: a text of it could end up anywhere.</summary>
    public override string ToString() => nameof(TargetAccess);
}
