using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security;
using System.Text;

namespace ArtifactSync.Tests.Doubles;

/// <summary>
/// A store in memory behind the wire of S3, for what no real one does on demand: lies, refusals, broken connections. A
/// <see cref="Hook"/> may answer first.
/// </summary>
internal sealed class FakeS3 : HttpMessageHandler
{
    private readonly ConcurrentQueue<string> _log = new();

    public SortedDictionary<string, byte[]> Objects { get; } = new(StringComparer.Ordinal);

    /// <summary>Method, path and query of every request, in order.</summary>
    public IReadOnlyList<string> Log => [.. _log];

    public void Forget() => _log.Clear();

    /// <summary>Answers instead of the store, or null.</summary>
    public Func<HttpRequestMessage, HttpResponseMessage?> Hook { get; set; } = static _ => null;

    /// <summary>Whether If-None-Match is obeyed; null = it is refused with 501.</summary>
    public bool? Conditional { get; set; } = true;

    public static HttpResponseMessage Answer(HttpStatusCode status, string code, string message = "no") => new(status)
    {
        Content = new StringContent($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>", Encoding.UTF8, "application/xml"),
    };

    public static HttpResponseMessage Page(string body) => new(HttpStatusCode.OK)
    {
        Content = new StringContent(
            $"<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>{body}</ListBucketResult>", Encoding.UTF8, "application/xml"),
    };

    public static string Contents(params IEnumerable<string> keys) => string.Concat(keys.Select(key =>
        $"<Contents><Key>{SecurityElement.Escape(key)}</Key><LastModified>2026-11-21T00:00:00.000Z</LastModified><Size>1</Size></Contents>"));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var uri = request.RequestUri!;
        _log.Enqueue($"{request.Method} {uri.PathAndQuery}");
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        if (Hook(request) is { } answer)
        {
            answer.RequestMessage = request;
            return answer;
        }

        lock (Objects)
        {
            var response = Serve(request, uri, body);
            response.RequestMessage = request;
            return response;
        }
    }

    private HttpResponseMessage Serve(HttpRequestMessage request, Uri uri, byte[] body)
    {
        var path = Uri.UnescapeDataString(uri.AbsolutePath).TrimStart('/');
        var key = path.Contains('/', StringComparison.Ordinal) ? path[(path.IndexOf('/', StringComparison.Ordinal) + 1)..] : "";
        if (key.Length == 0)
        {
            return List(Query(uri));
        }

        switch (request.Method.Method)
        {
            case "PUT":
                if (request.Headers.IfNoneMatch.Count > 0 && Conditional is null)
                {
                    return Answer(HttpStatusCode.NotImplemented, "NotImplemented");
                }

                if (request.Headers.IfNoneMatch.Count > 0 && Conditional == true && Objects.ContainsKey(key))
                {
                    return Answer(HttpStatusCode.PreconditionFailed, "PreconditionFailed");
                }

                Objects[key] = body;
                return new HttpResponseMessage(HttpStatusCode.OK);
            case "DELETE":
                Objects.Remove(key);
                return new HttpResponseMessage(HttpStatusCode.NoContent);
            default:
                return Objects.TryGetValue(key, out var bytes)
                    ? Object(bytes, request.Method == HttpMethod.Head)
                    : request.Method == HttpMethod.Head ? new HttpResponseMessage(HttpStatusCode.NotFound) : Answer(HttpStatusCode.NotFound, "NoSuchKey");
        }
    }

    private static HttpResponseMessage Object(byte[] bytes, bool head)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(head ? [] : bytes) };
        response.Content.Headers.ContentLength = bytes.Length;
        response.Content.Headers.LastModified = new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);
        return response;
    }

    private HttpResponseMessage List(Dictionary<string, string> query)
    {
        var prefix = query.GetValueOrDefault("prefix", "");
        var after = query.GetValueOrDefault("continuation-token") ?? query.GetValueOrDefault("start-after") ?? "";
        var most = int.Parse(query.GetValueOrDefault("max-keys", "1000"), CultureInfo.InvariantCulture);
        var keys = Objects.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal));
        var delimited = query.ContainsKey("delimiter");
        var shown = (delimited
            ? keys.Select(key => key.IndexOf('/', prefix.Length) is var slash and >= 0 ? key[..(slash + 1)] : key).Distinct(StringComparer.Ordinal)
            : keys).Where(key => string.CompareOrdinal(key, after) > 0).Order(StringComparer.Ordinal).ToList();
        var page = shown.Take(most).ToList();
        var more = shown.Count > page.Count ? $"<IsTruncated>true</IsTruncated><NextContinuationToken>{SecurityElement.Escape(page[^1])}</NextContinuationToken>" : "<IsTruncated>false</IsTruncated>";
        return Page(more + Contents(page.Where(key => !key.EndsWith('/')))
            + string.Concat(page.Where(key => key.EndsWith('/')).Select(key => $"<CommonPrefixes><Prefix>{SecurityElement.Escape(key)}</Prefix></CommonPrefixes>")));
    }

    private static Dictionary<string, string> Query(Uri uri) => uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair.Length > 1 ? pair[1] : ""), StringComparer.Ordinal);
}
