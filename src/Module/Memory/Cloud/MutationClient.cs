using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security;
using System.Text;
using ArtifactSync.Errors;
using ArtifactSync.Transport.Http;

namespace ArtifactSync.Memory.Cloud;

/// <summary>
/// The mutation routes of a server over HTTP. Redirects are not followed, answers are cut off at <see cref="MaxAnswer"/>; the
/// token goes into one header of requests to this server and nowhere else.
/// </summary>
internal sealed partial class MutationClient : IMutationApi
{
    /// <summary>Servers that count rows, not bytes, may answer with hundreds of megabytes (6.3).</summary>
    public const int MaxAnswer = 64 << 20;
    private const int MaxErrorText = 64 << 10;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly Uri _server;
    private readonly PeerToken _token;

    /// <param name="server">From <see cref="EngramTarget.Parse"/>.</param>
    /// <param name="token">Sent as bearer token; null or empty = none.</param>
    /// <param name="handler">For tests.</param>
    public MutationClient(Uri server, SecureString? token, HttpMessageHandler? handler = null)
    {
        (_server, _token) = (server, PeerToken.From(token));
        ServerUrl = EngramTarget.Text(server);
        _http = new HttpClient(handler ?? new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            ConnectTimeout = s_timeout,
        })
        {
            Timeout = s_timeout,
        };
        _http.DefaultRequestHeaders.Authorization = _token.Header;
    }

    public string ServerUrl { get; }

    public async Task<PushAnswer> PushAsync(IReadOnlyList<OutgoingMutation> entries, CancellationToken cancellationToken)
    {
        var body = PushBody.Write(entries);
        using var request = Post("/sync/mutations/push", body);
        using var response = await SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            var answer = await ReadAsync(response, MaxErrorText, cancellationToken);
            return ServerAnswer.ReadPush(answer ?? default) with { Size = body.Length };
        }

        var text = await ReadErrorAsync(response, cancellationToken);
        return response.StatusCode == HttpStatusCode.BadRequest && ServerAnswer.ReadInvalid(text) is { } invalid
            ? invalid : throw Refused(response, text, $"a push of {entries.Count} mutations of project '{entries[0].Project}'");
    }

    public async Task<PullPage> PullAsync(long since, int limit, CancellationToken cancellationToken)
    {
        var query = string.Create(CultureInfo.InvariantCulture, $"/sync/mutations/pull?since_seq={since}&limit={limit}");
        using var request = new HttpRequestMessage(HttpMethod.Get, Route(query));
        using var response = await SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw Refused(response, await ReadErrorAsync(response, cancellationToken), $"a pull from {since}");
        }

        return await ReadAsync(response, MaxAnswer, cancellationToken) is { } body
            ? ServerAnswer.ReadPage(body, ServerUrl) : new PullPage([], HasMore: true) { TooLarge = true };
    }

    public async Task<bool> CanReadAsync(string project, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ChunkRoute("", project));
        using var response = await SendAsync(request, cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.Forbidden => false,
            // A server without chunk routes can't say so; what it doesn't send is then taken for missing.
            HttpStatusCode.OK or HttpStatusCode.NotFound => true,
            _ => throw Refused(response, await ReadErrorAsync(response, cancellationToken), $"the manifest of project '{project}'"),
        };
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Post(string route, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Route(route)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("Origin", _server.GetLeftPart(UriPartial.Authority)); // a listener without token asks for it
        return request;
    }

    private Uri Route(string route) => new(EngramTarget.Text(_server) + route);

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e.InnerException?.Message ?? e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw TimedOut(e);
        }
    }

    /// <summary>Null when the body is larger than <paramref name="limit"/>.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpResponseMessage response, int limit, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > limit)
        {
            return null;
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(s_timeout);
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(deadline.Token);
            using var buffer = new MemoryStream();
            var piece = new byte[32 << 10];
            int read;
            while ((read = await stream.ReadAsync(piece, deadline.Token)) > 0)
            {
                if (buffer.Length + read > limit)
                {
                    return null;
                }

                buffer.Write(piece, 0, read);
            }

            return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw Unreachable(e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw TimedOut(e);
        }
    }

    /// <summary>What goes into messages, without the token that the server may have said back.</summary>
    private async Task<ReadOnlyMemory<byte>> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await ReadAsync(response, MaxErrorText, cancellationToken) ?? default;
        return _token.IsGiven ? Encoding.UTF8.GetBytes(_token.Redact(Encoding.UTF8.GetString(body.Span))) : body;
    }

    private ArtifactSyncException Refused(HttpResponseMessage response, ReadOnlyMemory<byte> body, string what)
    {
        var (code, advice) = response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => (ErrorCode.TargetUnauthorized, "Give the token of this server with -Token."),
            HttpStatusCode.Forbidden =>
                (ErrorCode.TargetForbidden, "Ask for the right to this project, or disable it with Disable-MemoryProject."),
            HttpStatusCode.NotFound => (ErrorCode.ServerUnsupported, "It serves no memory; check the address."),
            HttpStatusCode.Conflict when ServerAnswer.ErrorCodeOf(body) == "sync-paused" =>
                (ErrorCode.SyncPaused, "Its rows wait until it goes on."),
            >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests =>
                (ErrorCode.TargetUnavailable, "Nothing was taken for done; repeat the run later."),
            _ => (ErrorCode.TargetProtocolError, "Nothing was taken for done; check the address."),
        };
        var said = ServerAnswer.Say(body) is { Length: > 0 } text ? $" ({text})" : "";
        return new ArtifactSyncException(code, $"'{ServerUrl}' refused {what} with {(int)response.StatusCode}{said}. {advice}", ServerUrl);
    }

    private ArtifactSyncException TimedOut(Exception inner) => new(
        ErrorCode.TargetTimeout,
            $"The memory server '{ServerUrl}' did not answer in {s_timeout.TotalSeconds:0} s. Check the network, then repeat the run.",
        ServerUrl, inner);

    private ArtifactSyncException Unreachable(string why, Exception inner) => new(
        ErrorCode.TargetUnreachable,
            $"The memory server '{ServerUrl}' can't be reached: {why.TrimEnd('.')}. Check the network and the address.", ServerUrl, inner);
}
