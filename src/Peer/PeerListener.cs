using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Peer;

/// <summary>
/// Serves an archive to peers over HTTP until it is stopped (spec 10.6). It holds the lease only for single batches of
/// writes, so commands on the same archive go on beside it.
/// </summary>
public sealed class PeerListener : IAsyncDisposable
{
    private static int s_count;

    private readonly PeerListenOptions _options;
    private readonly PeerStore _store;
    private readonly KestrelHost _host;
    private readonly Relay _relay;
    private readonly Lock _gate = new();
    private Task? _stopped;

    private PeerListener(PeerListenOptions options, PeerStore store, KestrelHost host, Relay relay, SyncPeerListener info) =>
        (_options, _store, _host, _relay, Info) = (options, store, host, relay, info);

    /// <summary>What users see of it.</summary>
    public SyncPeerListener Info { get; }

    /// <summary>Opens the archive and begins to listen.</summary>
    /// <exception cref="ArtifactSyncException">
    /// InvalidArgument, PeerTokenRequired, TargetInsecure, AddressInUse, AccessDenied, and what opening an archive throws.
    /// </exception>
    public static async Task<PeerListener> StartAsync(PeerListenOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var addresses = PeerAddresses.Resolve(options);
        var isOpen = PeerAddresses.IsOpen(addresses);
        var store = PeerStore.Open(options);
        KestrelHost? host = null;
        try
        {
            host = new KestrelHost(addresses, options.Certificate, options.Limits);
            var guard = new PeerGuard(options.Token, adminOpen: !(isOpen && options.AllowInsecure));
            var relay = new Relay();
            var uris = await host.StartAsync(relay, cancellationToken);
            guard.Allow(uris);
            var info = new SyncPeerListener
            {
                ListenerId = Interlocked.Increment(ref s_count), Uri = uris[0], Uris = uris, ArchivePath = options.Engine.ArchivePath,
                ReadOnly = options.ReadOnly, RequiresToken = guard.RequiresToken, StartedAt = options.Engine.Clock.GetUtcNow(),
            };
            relay.Serve(new PeerApplication(store, guard, PeerRouteGroups.Create(store, options, info), options.Limits, info));
            return new PeerListener(options, store, host, relay, info);
        }
        catch
        {
            if (host is not null)
            {
                await host.DisposeAsync();
            }
            store.Dispose();
            throw;
        }
    }

    /// <summary>Lets running requests end for a moment, then closes everything. Any number of calls.</summary>
    public Task StopAsync()
    {
        lock (_gate)
        {
            return _stopped ??= Task.Run(StopOnceAsync);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task StopOnceAsync()
    {
        _store.Stop();
        await _host.StopAsync(_options.Limits.Stop);
        await _host.DisposeAsync();
        // A connection to the database must not be closed under somebody who uses it: rather never.
        if (await _relay.DrainAsync(TimeSpan.FromSeconds(10)))
        {
            _store.Dispose();
        }
        Info.Stopped(_options.Engine.Clock.GetUtcNow());
    }
}
