using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security;
using System.Security.Authentication;
using ArtifactSync.Errors;

namespace ArtifactSync.Tracker;

/// <summary>A response with status 200, or the redirect of a project that moved.</summary>
internal sealed record GitLabResponse(ReadOnlyMemory<byte> Body, string? NextPage, long? Total, Uri? Location, int Attempts);

/// <summary>
/// GET requests to one GitLab server: bounded in number, size and time, retried as <see cref="RetryPolicy"/> says, never
/// redirected. The token leaves only in the header of requests to this server.
/// </summary>
internal sealed class GitLabClient : IDisposable
{
    // A page of 100 notes has 100 kB or so; a note may have a million characters.
    private const int MaxBody = 32 * 1024 * 1024;
    private static readonly TimeSpan s_defaultTimeout = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;
    private readonly SemaphoreSlim _places;
    private readonly TimeProvider _clock;
    private readonly RetryPolicy _retry;
    private readonly string? _token;
    private readonly Uri _api;

    /// <param name="instance">As <see cref="GitLabAddress.Normalize"/> gives it.</param>
    /// <param name="parallel">Requests at one time.</param>
    public GitLabClient(string instance, SecureString? token, int parallel, TimeProvider clock, Random random)
    {
        _api = new Uri(instance + "/api/v4/");
        _clock = clock;
        _retry = new RetryPolicy(clock, random);
        _places = new SemaphoreSlim(parallel);
        _token = Plain(token);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.All,
            MaxConnectionsPerServer = parallel,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // see Send
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("ArtifactSync", "1"));
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (_token is not null)
        {
            // Personal, project and OAuth tokens alike; and unlike PRIVATE-TOKEN nothing follows a redirect with it (gitlab-api 4).
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        }
    }

    public bool HasToken => _token is not null;

    /// <summary>How long one attempt may take.</summary>
    public TimeSpan AttemptTimeout { get; init; } = s_defaultTimeout;

    /// <param name="path">Below <c>/api/v4/</c>, parts escaped.</param>
    /// <exception cref="GitLabFault">With the number of attempts.</exception>
    public async Task<GitLabResponse> GetAsync(string path, CancellationToken cancellationToken)
    {
        var waited = TimeSpan.Zero;
        for (var attempt = 1; ; attempt++)
        {
            var (response, fault, asked) = await TryAsync(path, attempt, cancellationToken);
            if (response is not null)
            {
                return response;
            }
            fault!.Attempts = attempt;
            if (!IsTransient(fault) || _retry.Next(attempt, waited, asked) is not { } wait)
            {
                throw fault;
            }
            await Task.Delay(wait, _clock, cancellationToken);
            waited += wait;
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _places.Dispose();
    }

    private static bool IsTransient(GitLabFault fault) => fault.HttpStatus is { } status
        ? RetryPolicy.IsTransient((HttpStatusCode)status)
        : fault.Code is ErrorCode.Network or ErrorCode.Timeout;

    private async Task<(GitLabResponse? Response, GitLabFault? Fault, TimeSpan? Asked)> TryAsync(
        string path, int attempt, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AttemptTimeout);
        try
        {
            var uri = new Uri(_api, path);
            using var response = await _http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var body = await ReadAsync(response.Content, limit.Token);
            return response.StatusCode == HttpStatusCode.OK
                ? (Accept(response, body, attempt), null, null)
                : Refuse(response, body, attempt);
        }
        catch (GitLabFault fault)
        {
            return (null, fault, null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, new GitLabFault(ErrorCode.Timeout, $"{_api.Host} did not answer within {AttemptTimeout.TotalSeconds:0} s."), null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (null, Broken(e), null);
        }
        finally
        {
            _places.Release();
        }
    }

    private GitLabResponse Accept(HttpResponseMessage response, ReadOnlyMemory<byte> body, int attempt)
    {
        // Never parsed before status and type are known: limits and proxies answer in text and HTML (gitlab-api 5).
        if (response.Content.Headers.ContentType?.MediaType is not { } type || !ServerWords.IsJson(type))
        {
            throw new GitLabFault(ErrorCode.InvalidResponse, $"{_api.Host} answered with something else than JSON.", (int)response.StatusCode);
        }
        return new GitLabResponse(body, NextPage(response.Headers), Total(response.Headers), null, attempt);
    }

    private (GitLabResponse?, GitLabFault?, TimeSpan?) Refuse(HttpResponseMessage response, ReadOnlyMemory<byte> body, int attempt)
    {
        if ((int)response.StatusCode is 301 or 302 or 307 or 308)
        {
            return response.Headers.Location is { } location
                ? (new GitLabResponse(default, null, null, new Uri(_api, location), attempt), null, null)
                : (null, new GitLabFault(ErrorCode.InvalidResponse, $"{_api.Host} redirected to nowhere.", (int)response.StatusCode), null);
        }
        var words = ServerWords.Read(body.Span, response.Content.Headers.ContentType?.MediaType, Redact);
        var asked = _retry.Asked(response.Headers);
        var said = words.Text.Length > 0 ? $": {words.Text}" : ".";
        var status = (int)response.StatusCode;
        var fault = new GitLabFault(Code(response.StatusCode, words), $"{_api.Host} answered {status}{said}", status)
        {
            RetryAfter = asked is { } span ? (long)Math.Ceiling(span.TotalSeconds) : null,
        };
        return (null, fault, asked);
    }

    private static ErrorCode Code(HttpStatusCode status, ServerWords words) => (int)status switch
    {
        401 when words.Text.Contains("expired", StringComparison.OrdinalIgnoreCase) => ErrorCode.AuthExpired,
        401 when words.Text.Contains("revoked", StringComparison.OrdinalIgnoreCase) => ErrorCode.AuthRevoked,
        401 => ErrorCode.AuthInvalid,
        403 when words.Error == "insufficient_scope" => ErrorCode.InsufficientScope,
        403 => ErrorCode.Forbidden,
        404 => ErrorCode.NotFound,
        408 => ErrorCode.Timeout,
        409 or >= 500 => ErrorCode.ServerError,
        429 => ErrorCode.RateLimited,
        _ => ErrorCode.InvalidResponse,
    };

    private GitLabFault Broken(Exception e) =>
        e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } or AuthenticationException
        || e.InnerException is AuthenticationException
        ? new GitLabFault(ErrorCode.TlsError, $"The secure connection to {_api.Authority} failed: {(e.InnerException ?? e).Message}", inner: e)
        : new GitLabFault(ErrorCode.Network, $"{_api.Authority} can't be reached: {e.Message}", inner: e);

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var told = content.Headers.ContentLength ?? 0;
        if (told > MaxBody)
        {
            throw TooLarge();
        }
        var buffer = new byte[Math.Max((int)told + 1, 4096)];
        var length = 0;
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        while (await stream.ReadAsync(buffer.AsMemory(length), cancellationToken) is var read and > 0)
        {
            length += read;
            if (length > MaxBody)
            {
                throw TooLarge();
            }
            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, Math.Min(buffer.Length * 2, MaxBody + 1));
            }
        }
        return buffer.AsMemory(0, length);
    }

    private static GitLabFault TooLarge() => new(ErrorCode.InvalidResponse, $"A response has more than {MaxBody / 1024 / 1024} MiB.");

    private static long? Total(HttpResponseHeaders headers) =>
        headers.TryGetValues("X-Total", out var values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var total)
            ? total : null;

    /// <summary>
    /// Empty on the last page. Where proxies drop the header, the number of the page is taken out of <c>Link</c>: its
    /// addresses may point to another host (gitlab-api 3), which is never asked.
    /// </summary>
    private static string? NextPage(HttpResponseHeaders headers)
    {
        if (headers.TryGetValues("X-Next-Page", out var values))
        {
            return values.First().Trim();
        }
        if (!headers.TryGetValues("Link", out var links))
        {
            return null;
        }
        var next = links.SelectMany(link => link.Split(','))
            .FirstOrDefault(link => link.Contains("rel=\"next\"", StringComparison.OrdinalIgnoreCase));
        var query = next?.Split('>')[0].Split('?', 2).ElementAtOrDefault(1);
        return query?.Split('&').Select(part => part.Split('=', 2)).FirstOrDefault(part => part is ["page", _])?[1] ?? "";
    }

    private string Redact(string text) => _token is null ? text : text.Replace(_token, "***", StringComparison.Ordinal);

    private static string? Plain(SecureString? token)
    {
        if (token is null || token.Length == 0)
        {
            return null;
        }
        var text = new NetworkCredential("", token).Password;
        return text.All(c => c is > ' ' and < '\x7f')
            ? text
            : throw new ArtifactSyncException(ErrorCode.AuthInvalid, "The token holds a blank, a line break or a letter that no token has.");
    }
}
