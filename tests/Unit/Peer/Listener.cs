using System.Net.Http.Headers;
using System.Security;
using ArtifactSync.Model;
using ArtifactSync.Peer;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;
using ArtifactSync.Transport.Http;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Peer;

/// <summary>A real listener over an archive of its own, on a free port of this machine.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly PeerListener _listener;
    private readonly TempFolder? _folder;

    private Listener(PeerListener listener, PeerListenOptions options, TempFolder? folder)
    {
        (_listener, Options, _folder) = (listener, options, folder);
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = listener.Info.Uri };
    }

    public PeerListenOptions Options { get; }

    public EngineOptions Engine => Options.Engine;

    public SyncPeerListener Info => _listener.Info;

    public string Uri => Info.Uri.ToString();

    /// <summary>A plain client without token and Origin.</summary>
    public HttpClient Http { get; }

    public static Task<Listener> StartAsync(Func<PeerListenOptions, PeerListenOptions>? adapt = null) => StartAsync(null, adapt);

    /// <param name="engine">Null: a temporary archive.</param>
    /// <param name="adapt">Changes what is listened with.</param>
    public static async Task<Listener> StartAsync(EngineOptions? engine, Func<PeerListenOptions, PeerListenOptions>? adapt = null)
    {
        var folder = engine is null ? new TempFolder() : null;
        var options = new PeerListenOptions
        {
            Engine = engine ?? new EngineOptions { ArchivePath = folder!["archive"] },
            Uris = [new Uri("http://127.0.0.1:0/")],
        };
        options = adapt?.Invoke(options) ?? options;
        return new Listener(await PeerListener.StartAsync(options, CancellationToken.None), options, folder);
    }

    public Task StopAsync() => _listener.StopAsync();

    /// <summary>A transport to it, as an exchange opens one.</summary>
    public HttpPeerTransport Open(string? token = null) => HttpPeerTransport.Open(Uri, new TransportOptions
    {
        ArchiveFolder = "/nowhere", Access = new TargetAccess { Token = token is null ? null : Secure(token) },
    });

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, byte[]? body = null, string? token = null, Action<HttpRequestHeaders>? headers = null)
    {
        var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new ByteArrayContent(body) };
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }
        if (method != HttpMethod.Get && method != HttpMethod.Head)
        {
            request.Headers.TryAddWithoutValidation("Origin", Info.Uri.GetLeftPart(UriPartial.Authority));
        }
        headers?.Invoke(request.Headers);
        return await Http.SendAsync(request);
    }

    public static SecureString Secure(string text)
    {
        var secure = new SecureString();
        foreach (var c in text)
        {
            secure.AppendChar(c);
        }
        return secure;
    }

    /// <summary>Takes every content for good: for what the transport alone is responsible for.</summary>
    public static ArtifactInfo Anything(ArtifactRef artifact, Stream wire, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        wire.CopyTo(all);
        var sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(all.GetBuffer().AsSpan(0, (int)all.Length)));
        return new ArtifactInfo(new ArtifactIdentity(sha256, all.Length, all.Length), false, []);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _listener.DisposeAsync();
        _folder?.Dispose();
    }
}
