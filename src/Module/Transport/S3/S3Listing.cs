using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using ArtifactSync.Errors;

namespace ArtifactSync.Transport.S3;

/// <summary>One key, or one common prefix (size -1) of a listing.</summary>
internal readonly record struct S3Entry(string Key, long Size, DateTime? Modified);

/// <summary>
/// Reads listings page by page and believes none that is truncated without going on, goes in circles, or names anything out
/// of order or twice (spec 10.4). Keys come without the prefix.
/// </summary>
internal sealed class S3Listing(IAmazonS3 client, string bucket, string target)
{
    /// <summary>Spec 12.</summary>
    public const int PageSize = 512;

    /// <summary>A store may send an empty page now and then (after deletions), not for ever.</summary>
    private const int MostEmptyPages = 100;

    public async IAsyncEnumerable<S3Entry> ReadAsync(
        string prefix, string? startAfter, bool prefixes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? token = null, last = null;
        var empty = 0;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            var page = await client.ListObjectsV2Async(
                new ListObjectsV2Request
                {
                    BucketName = bucket,
                    Prefix = prefix,
                    Delimiter = prefixes ? "/" : null,
                    StartAfter = startAfter is null || token is not null ? null : prefix + startAfter,
                    ContinuationToken = token,
                    MaxKeys = PageSize,
                },
                cancellationToken);
            var entries = Entries(page, prefixes);
            if (entries.Count > PageSize || (page.S3Objects?.Count ?? 0) + (page.CommonPrefixes?.Count ?? 0) > PageSize)
            {
                throw Invalid(prefix, $"a page has more than the {PageSize} entries that were asked for");
            }

            foreach (var entry in entries)
            {
                if (!entry.Key.StartsWith(prefix, StringComparison.Ordinal))
                {
                    throw Invalid(prefix, $"it names '{Shown(entry.Key)}', which is not below it");
                }

                if (string.CompareOrdinal(entry.Key, last) <= 0)
                {
                    throw Invalid(prefix, $"'{Shown(entry.Key)}' comes after '{Shown(last!)}'");
                }

                last = entry.Key;
                yield return entry with { Key = entry.Key[prefix.Length..] };
            }

            token = Next(page, token, prefix);
            empty = entries.Count == 0 ? empty + 1 : 0;
            if (empty > MostEmptyPages)
            {
                throw Invalid(prefix, "its pages are empty and never end");
            }
        }
        while (token is not null);
    }

    private string? Next(ListObjectsV2Response page, string? token, string prefix)
    {
        if (page.IsTruncated != true)
        {
            return null;
        }

        return string.IsNullOrEmpty(page.NextContinuationToken)
            ? throw Invalid(prefix, "a page says that more follow, but not where")
            : page.NextContinuationToken == token ? throw Invalid(prefix, "its pages go in a circle") : page.NextContinuationToken;
    }

    private static List<S3Entry> Entries(ListObjectsV2Response page, bool prefixes) => prefixes
        ? [.. (page.CommonPrefixes ?? []).Select(static prefix => new S3Entry(prefix, -1, null))]
        : [.. (page.S3Objects ?? []).Select(static item => new S3Entry(item.Key, item.Size ?? -1, item.LastModified))];

    private ArtifactSyncException Invalid(string prefix, string what) => new(
        ErrorCode.TargetListingInvalid, $"The listing of '{prefix}' at '{target}' can't be believed: {what}. Nothing is taken for deleted.", target);

    private static string Shown(string key) => new([.. key.Take(300).Select(c => char.IsControl(c) ? '?' : c)]);
}
