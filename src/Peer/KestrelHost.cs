using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using ArtifactSync.Errors;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ArtifactSync.Peer;

/// <summary>Kestrel without a web application around it: sockets, TLS, limits, time-outs.</summary>
internal sealed class KestrelHost : IAsyncDisposable
{
    private readonly KestrelServer _server;
    private readonly List<(Uri Uri, IPAddress Address, ListenOptions Bound)> _bound = [];

    public KestrelHost(IEnumerable<(Uri Uri, IPAddress Address)> addresses, X509Certificate2? certificate, PeerLimits limits)
    {
        var options = new KestrelServerOptions { AddServerHeader = false, AllowSynchronousIO = false, ApplicationServices = new NoServices() };
        options.Limits.MaxRequestHeadersTotalSize = limits.HeaderBytes;
        options.Limits.MaxRequestLineSize = limits.HeaderBytes / 2;
        options.Limits.MaxRequestHeaderCount = limits.HeaderCount;
        options.Limits.MaxRequestBodySize = PeerRequest.IgnoredBytes;
        options.Limits.MaxConcurrentConnections = limits.Connections;
        options.Limits.MaxConcurrentUpgradedConnections = 0;
        options.Limits.RequestHeadersTimeout = limits.Headers;
        options.Limits.KeepAliveTimeout = limits.KeepAlive;
        options.Limits.MinRequestBodyDataRate = new MinDataRate(limits.BytesPerSecond, limits.Grace);
        options.Limits.MinResponseDataRate = new MinDataRate(limits.BytesPerSecond, limits.Grace);
        foreach (var (uri, address) in addresses)
        {
            options.Listen(address, uri.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                if (uri.Scheme == Uri.UriSchemeHttps)
                {
                    listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = certificate, HandshakeTimeout = limits.Headers });
                }
                _bound.Add((uri, address, listen));
            });
        }
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        _server = new KestrelServer(Options.Create(options), transport, NullLoggerFactory.Instance);
    }

    /// <summary>Begins to serve. Returns the addresses, with the ports that were taken.</summary>
    /// <exception cref="ArtifactSyncException">AddressInUse; AccessDenied; InvalidArgument: not an address of this machine.</exception>
    public async Task<IReadOnlyList<Uri>> StartAsync(IHttpApplication<HttpContext> application, CancellationToken cancellationToken)
    {
        try
        {
            await _server.StartAsync(application, cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            throw Cannot(fault);
        }
        return [.. _bound.Select(bound => new UriBuilder(bound.Uri) { Port = bound.Bound.IPEndPoint!.Port }.Uri).Distinct()];
    }

    /// <summary>Takes no more connections, lets running requests end for a while, then cuts them off.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await _server.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Cut off: that is what the limit is for.
        }
    }

    public ValueTask DisposeAsync()
    {
        _server.Dispose();
        return ValueTask.CompletedTask;
    }

    private ArtifactSyncException Cannot(Exception fault)
    {
        var what = string.Join(", ", _bound.Select(bound => bound.Uri.GetLeftPart(UriPartial.Authority)).Distinct());
        if (fault.InnerException is AddressInUseException || fault is AddressInUseException)
        {
            return new(ErrorCode.AddressInUse, $"Another program listens on '{what}' already. Name another port; port 0 takes a free one.", what, fault);
        }
        return (fault as SocketException ?? fault.InnerException as SocketException)?.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => new(
                ErrorCode.AddressInUse, $"Another program listens on '{what}' already. Name another port; port 0 takes a free one.", what, fault),
            SocketError.AccessDenied => new(
                ErrorCode.AccessDenied, $"This account may not listen on '{what}'. Ports below 1024 are reserved on most systems; name a higher one.", what, fault),
            SocketError.AddressNotAvailable => new(
                ErrorCode.InvalidArgument, $"'{what}' is no address of this machine. Name one of its own, or 0.0.0.0 for all.", what, fault),
            _ => new(ErrorCode.UnexpectedError, $"'{what}' can't be listened on: {fault.Message}", what, fault),
        };
    }

    /// <summary>Kestrel asks for loggers and meters where it sets up TLS: it gets ones that nobody listens to.</summary>
    private sealed class NoServices : IServiceProvider, IMeterFactory
    {
        public object? GetService(Type serviceType) => serviceType == typeof(ILoggerFactory) ? NullLoggerFactory.Instance
            : serviceType.GetConstructor([typeof(IMeterFactory)]) is { } metrics ? metrics.Invoke([this]) : null;

        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
            // Meters live as long as the process.
        }
    }
}
