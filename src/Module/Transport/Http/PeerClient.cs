using System.Net;
using System.Text;
using ArtifactSync.Errors;

namespace ArtifactSync.Transport.Http;

/// <summary>
/// Requests to one peer: no redirect is followed, no cookie kept, nothing decompressed, everything bounded. What fails
/// becomes an <see cref="ArtifactSyncException"/>; statuses are read by <see cref="PeerFaults"/>.
/// </summary>
internal sealed class PeerClient : IDisposable
{
    private const int Attempts = 3;

    private readonly PeerTarget _target;
    private readonly TimeProvider _clock;
    private readonly HttpClient _http;

    public PeerClient(PeerTarget target, PeerToken token, TransportOptions options)
    {
        (_target, Token, _clock) = (target, token, options.Clock);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            PreAuthenticate = false,
            MaxResponseHeadersLength = 32, // KiB
            MaxResponseDrainSize = 64 * 1024,
            MaxConnectionsPerServer = Math.Clamp(options.ThrottleLimit, 1, 64) + 1, // one to release cursors
            ConnectTimeout = TimeSpan.FromSeconds(20),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseProxy = !Loopback.Is(target.Base),
            ActivityHeadersPropagator = null,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("ArtifactSync");
    }

    public PeerToken Token { get; }

    /// <summary>An answer whose headers have come; its body has not been read.</summary>
    /// <param name="method">GET, HEAD, POST or DELETE.</param>
    /// <param name="path">Below the base, escaped.</param>
    /// <param name="content">Makes the body; is given what to call when something of it was sent.</param>
    /// <param name="timeout">Without any progress.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ArtifactSyncException">TargetUnreachable, TargetTimeout, TransferIncomplete, TargetProtocolError.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, Func<Action, HttpContent>? content, TimeSpan timeout, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SendOnceAsync(method, path, content, timeout, cancellationToken);
            }
            catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.TransferIncomplete && fault.InnerException is not null && attempt < Attempts)
            {
                // The connection broke before there was an answer; every request here may be repeated.
            }
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpMethod method, string path, Func<Action, HttpContent>? content, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var limit = new CancellationTokenSource(timeout, _clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var request = new HttpRequestMessage(method, _target.Base.AbsoluteUri + path)
        {
            Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content?.Invoke(() => limit.CancelAfter(timeout)),
        };
        request.Headers.Authorization = Token.Header;
        if (method == HttpMethod.Post || method == HttpMethod.Delete)
        {
            request.Headers.TryAddWithoutValidation("Origin", _target.Origin);
        }
        if (content is not null)
        {
            request.Content!.Headers.ContentType = new("application/octet-stream");
            request.Headers.TryAddWithoutValidation(PeerProtocol.ImportHeader, "deferred");
            request.Headers.ExpectContinue = request.Content.Headers.ContentLength > PeerProtocol.AskFirstBytes;
        }
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ArtifactSyncException(ErrorCode.TargetTimeout, $"'{_target.Name}' did not answer within {timeout.TotalSeconds:0} s.", _target.Name);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw (request.Content as ExactContent)?.Fault ?? Broken(fault);
        }
    }

    /// <summary>
    /// The body of an answer, at most so many bytes of it. Null = it is longer. The time for all of it is bounded.
    /// </summary>
    public async Task<byte[]?> ReadAsync(HttpResponseMessage response, int limit, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > limit)
        {
            return null;
        }
        using var timeout = new CancellationTokenSource(PeerProtocol.Timeout, _clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(linked.Token);
            var buffer = new byte[(int)(response.Content.Headers.ContentLength ?? limit) + 1];
            var read = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, linked.Token);
            return read > limit ? null : buffer[..read];
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ArtifactSyncException(ErrorCode.TargetTimeout, $"'{_target.Name}' stopped in the middle of an answer.", _target.Name);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw Broken(fault);
        }
    }

    public void Dispose() => _http.Dispose();

    private ArtifactSyncException Broken(Exception fault)
    {
        var kind = (fault as HttpRequestException)?.HttpRequestError ?? (fault as HttpIOException)?.HttpRequestError ?? HttpRequestError.Unknown;
        return kind switch
        {
            HttpRequestError.NameResolutionError => new(
                ErrorCode.TargetUnreachable, $"The host of '{_target.Name}' is not known. Check the address and the network.", _target.Name, fault),
            HttpRequestError.SecureConnectionError => new(
                ErrorCode.TargetUnreachable,
                $"No secure connection to '{_target.Name}': {Innermost(fault).Message} Its certificate must be trusted by this machine.", _target.Name, fault),
            HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.InvalidResponse => new(
                ErrorCode.TargetProtocolError, $"'{_target.Name}' does not answer as a peer does. Check that the address leads to one.", _target.Name, fault),
            HttpRequestError.ConnectionError or HttpRequestError.ProxyTunnelError => new(
                ErrorCode.TargetUnreachable, $"'{_target.Name}' can't be reached: {Innermost(fault).Message}.", _target.Name, fault),
            _ => new(ErrorCode.TransferIncomplete, $"The connection to '{_target.Name}' broke. Run again.", _target.Name, fault),
        };
    }

    private static Exception Innermost(Exception fault) => fault.InnerException is null ? fault : Innermost(fault.InnerException);
}
