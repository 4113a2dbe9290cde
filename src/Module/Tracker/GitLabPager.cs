using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ArtifactSync.Errors;

namespace ArtifactSync.Tracker;

/// <summary>A complete list: its pages as they came, in order.</summary>
internal sealed record FetchedList(IReadOnlyList<BundlePart> Pages);

/// <summary>
/// Reads lists to their end by <c>X-Next-Page</c>: a short or empty page is not the end, and totals may be missing
/// (gitlab-api 3).
/// </summary>
internal sealed class GitLabPager(GitLabClient client, BundleStore bundle)
{
    private const int PageSize = 100;

    // 100,000 elements; GitLab allows 5,000 comments an item and stops offset paging at 50,000.
    private const int MaxPages = 1000;

    /// <summary>All pages of a list; read once more when it grew or shrank meanwhile.</summary>
    /// <exception cref="GitLabFault">PaginationIncomplete: it changed twice, or its pages don't follow each other.</exception>
    public async Task<FetchedList> ReadAsync<T>(string path, JsonTypeInfo<List<T>> type, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (list, isSteady) = await ReadOnceAsync(path, type, cancellationToken);
            if (isSteady)
            {
                return list;
            }
            if (attempt == 2)
            {
                throw new GitLabFault(ErrorCode.PaginationIncomplete, $"The list '{path}' changed each time it was read.") { Attempts = attempt };
            }
        }
    }

    private async Task<(FetchedList List, bool IsSteady)> ReadOnceAsync<T>(string path, JsonTypeInfo<List<T>> type, CancellationToken cancellationToken)
    {
        List<BundlePart> pages = [];
        long? first = null, last = null;
        for (var page = 1; ;)
        {
            var response = await client.GetAsync(
                string.Create(CultureInfo.InvariantCulture, $"{path}?per_page={PageSize}&page={page}"), cancellationToken);
            if (response.Location is not null)
            {
                throw new GitLabFault(ErrorCode.InvalidResponse, $"The list '{path}' redirects elsewhere.", 301);
            }
            GitLabText.Parse(response.Body, type, path);
            pages.Add(bundle.Add(response.Body));
            first ??= response.Total;
            last = response.Total;
            if (string.IsNullOrEmpty(response.NextPage))
            {
                return (new FetchedList(pages), first == last || pages.Count == 1);
            }
            page = int.TryParse(response.NextPage, NumberStyles.None, CultureInfo.InvariantCulture, out var next)
                && next > page && pages.Count < MaxPages
                ? next
                : throw new GitLabFault(
                    ErrorCode.PaginationIncomplete, $"The list '{path}' goes on with page '{response.NextPage}' after page {page}.");
        }
    }
}

/// <summary>JSON of the server.</summary>
internal static class GitLabText
{
    /// <exception cref="GitLabFault">InvalidResponse.</exception>
    public static T Parse<T>(ReadOnlyMemory<byte> json, JsonTypeInfo<T> type, string what) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json.Span, type)
                ?? throw new GitLabFault(ErrorCode.InvalidResponse, $"'{what}' is null.");
        }
        catch (JsonException e)
        {
            throw new GitLabFault(ErrorCode.InvalidResponse, $"'{what}' is no JSON of the expected form: {e.Message}", inner: e);
        }
    }
}
