using System.Text.RegularExpressions;
using ArtifactSync.Errors;

namespace ArtifactSync.Transport.S3;

/// <summary>Bucket and prefix of <c>s3://bucket[/prefix]</c> (spec 10.4).</summary>
/// <param name="Bucket">As the store spells it.</param>
/// <param name="Prefix">Empty, or with a slash at its end; double slashes and dots within are part of the keys.</param>
internal sealed partial record S3Location(string Bucket, string Prefix)
{
    private const string Scheme = "s3://";
    private const int LongestPrefix = 700; // keys have 1024 bytes; an origin, a kind and a name take up to 300

    public override string ToString() => Scheme + Bucket + (Prefix.Length == 0 ? "" : "/" + Prefix.TrimEnd('/'));

    /// <exception cref="ArtifactSyncException">InvalidTarget.</exception>
    public static S3Location Parse(string target)
    {
        var rest = target.StartsWith(Scheme, StringComparison.Ordinal) ? target[Scheme.Length..] : throw Invalid("the scheme is written 's3://'");
        if (rest.AsSpan().IndexOfAny('?', '#', '\\') >= 0 || rest.Any(char.IsControl))
        {
            throw Invalid("it has no query, no fragment and no signs other than those of keys");
        }

        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var bucket = slash < 0 ? rest : rest[..slash];
        if (!BucketName().IsMatch(bucket))
        {
            throw Invalid("after 's3://' comes the name of a bucket, without user, password or port");
        }

        var prefix = slash < 0 ? "" : rest[slash..].Trim('/');
        if (prefix.Length > LongestPrefix)
        {
            throw Invalid($"its prefix is longer than {LongestPrefix} characters");
        }

        // .NET resolves dots in addresses, so such keys would be others than those that are signed.
        return prefix.Split('/').Any(part => part is "." or "..")
            ? throw Invalid("a prefix can't have '.' or '..' between slashes")
            : new S3Location(bucket, prefix.Length == 0 ? "" : prefix + "/");
    }

    // What was typed may hold a secret in the place of the bucket.
    private static ArtifactSyncException Invalid(string rule) =>
        new(ErrorCode.InvalidTarget, $"This is no address of a bucket: {rule}. Write s3://bucket or s3://bucket/prefix.", "s3");

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BucketName();
}
