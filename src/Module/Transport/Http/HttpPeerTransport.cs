using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport.Http;

/// <summary>
/// A target that is a peer with an HTTP server (spec 10.5). One listing of an origin tells all its kinds; it is kept until
/// each kind was asked for, or something was put.
/// </summary>
internal sealed class HttpPeerTransport : ITransport
{
    /// <summary>Bodies up to here are read at once, so that no worker waits for the network.</summary>
    private const int MemoryBytes = 1024 * 1024;

    private const int ReceiptBytes = 4 * 1024;

    private readonly PeerTarget _target;
    private readonly TransportOptions _options;
    private readonly PeerClient _client;
    private readonly PeerListing _listing;
    private readonly SemaphoreSlim _listed = new(1);
    private readonly ConcurrentDictionary<string, Dictionary<ArtifactKind, List<string>>> _indexes = new(StringComparer.Ordinal);
    private long _puts;
    private volatile ArtifactSyncException? _readOnly;

    private HttpPeerTransport(PeerTarget target, TransportOptions options)
    {
        (_target, _options) = (target, options);
        _client = new PeerClient(target, PeerToken.From(options.Access.Token), options);
        _listing = new PeerListing(_client, target, options.Clock);
    }

    public string Name => _target.Name;

    /// <summary>A stray name in a listing of a peer is an error, not passed over.</summary>
    public IgnoredNames Ignored => default;

    public TransportTraits Traits => new() { IsSecure = _target.IsSecure };

    /// <exception cref="ArtifactSyncException">InvalidTarget, TargetInsecure; InvalidArgument: the token.</exception>
    public static HttpPeerTransport Open(string target, TransportOptions options) =>
        new(PeerTarget.Parse(target, options.Access.AllowInsecure), options);

    public async Task<IReadOnlyList<string>> ListOriginsAsync(
        Action<string, ArtifactSyncException> onFault, CancellationToken cancellationToken)
    {
        if (!_target.IsSecure)
        {
            _options.Observer.Warning("The connection to this peer is not encrypted: anybody on the way can read sessions and token.");
        }
        var origins = await _listing.OriginsAsync(cancellationToken);
        return _listing.StoreIdentity is { } identity && identity == StoreMarker.Identity(_options.ArchiveFolder)
            ? throw new ArtifactSyncException(ErrorCode.TargetIsSelf, $"'{Name}' serves this very archive. Name another peer.", Name)
            : origins;
    }

    /// <summary>A peer has no cheap sign of change: its names are listed every time.</summary>
    public Task<string?> GetListingTokenAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled<string?>(cancellationToken) : Task.FromResult<string?>(null);

    public async IAsyncEnumerable<RemoteEntry> ListAsync(
        string origin, ArtifactKind kind, string? startAfter, Action<ArtifactRef, ArtifactSyncException> onFault,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var name in await TakeAsync(origin, kind, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new RemoteEntry(ArtifactName.Parse(origin, kind, name));
        }
    }

    public async Task<RemoteEntry?> FindAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        using var response = await _client.SendAsync(HttpMethod.Head, "/" + artifact.Path, null, PeerProtocol.Timeout, cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => new RemoteEntry(artifact, response.Content.Headers.ContentLength ?? -1),
            HttpStatusCode.NotFound => null,
            _ => throw await FaultAsync(response, artifact.Path, cancellationToken),
        };
    }

    public async Task<Stream> OpenReadAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        var response = await _client.SendAsync(HttpMethod.Get, "/" + artifact.Path, null, PeerProtocol.Timeout, cancellationToken);
        try
        {
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                throw new ArtifactSyncException(ErrorCode.ArtifactNotFound, $"'{artifact}' is not at '{Name}' (any more). Run again.", artifact.Path);
            }
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw await FaultAsync(response, artifact.Path, cancellationToken);
            }
            var (length, limit) = (response.Content.Headers.ContentLength, Limits.Encoded(artifact.Kind));
            if (length > limit)
            {
                throw new ArtifactSyncException(
                    ErrorCode.ArtifactTooLarge, $"'{Name}' announces {length} bytes for '{artifact}'; at most {limit} are allowed.", artifact.Path);
            }
            var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var stream = new PeerResponseStream(response, body, artifact.Path, _options.Clock, cancellationToken);
            return length <= MemoryBytes ? await ReadAllAsync(stream, (int)length, cancellationToken) : new CappedStream(stream, limit + 1);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    public async Task<PutOutcome> PutAsync(ArtifactRef artifact, Stream wire, long wireSize, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_readOnly is { } known)
        {
            throw new ArtifactSyncException(known.Code, known.Message, known.Target);
        }
        if (ExactContent.Check(artifact, wire, wireSize) is { } wrong)
        {
            throw wrong;
        }
        var start = wire.CanSeek ? wire.Position : 0;
        using var response = await _client.SendAsync(HttpMethod.Post, "/" + artifact.Path, Content, PeerProtocol.Timeout, cancellationToken);
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK or HttpStatusCode.Created:
                Interlocked.Increment(ref _puts);
                _indexes.TryRemove(artifact.Origin, out _);
                return await IsDuplicateAsync(response, cancellationToken) ? PutOutcome.Exists : PutOutcome.Created;
            case HttpStatusCode.Conflict when await FindAsync(artifact, cancellationToken) is not null:
                return PutOutcome.Exists;
            case HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented:
                throw _readOnly = new ArtifactSyncException(
                    ErrorCode.TargetReadOnly, $"'{Name}' takes nothing from others ({(int)response.StatusCode}): it only gives what it has.", Name);
            default:
                throw await FaultAsync(response, artifact.Path, cancellationToken);
        }

        HttpContent Content(Action progress)
        {
            if (wire.CanSeek)
            {
                wire.Position = start; // it may be sent again
            }
            return new ExactContent(artifact, wire, wireSize, progress);
        }
    }

    /// <summary>A peer answers a put when it is durable there.</summary>
    public Task<IReadOnlyList<UnsettledPut>> FlushAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<UnsettledPut>>([]);
    }

    /// <summary>A peer looks after its own store.</summary>
    public Task<bool> SetAsideDamagedAsync(ArtifactRef artifact, CancellationToken cancellationToken) => Never(cancellationToken);

    public Task<bool> RemoveAsync(ArtifactRef artifact, CancellationToken cancellationToken) => Never(cancellationToken);

    /// <summary><c>finalize</c>; peers that do not know it import by themselves.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        using var response = await _client.SendAsync(HttpMethod.Post, "/finalize", null, PeerProtocol.FinalizeTimeout, cancellationToken);
        if (!response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.NotFound)
        {
            throw await FaultAsync(response, "finalize", cancellationToken);
        }
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _listed.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Task<bool> Never(CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled<bool>(cancellationToken) : Task.FromResult(false);

    private static async Task<Stream> ReadAllAsync(PeerResponseStream stream, int length, CancellationToken cancellationToken)
    {
        await using (stream)
        {
            var bytes = new byte[length];
            await stream.ReadExactlyAsync(bytes, cancellationToken); // the client ends no body before its announced length
            return new MemoryStream(bytes, writable: false);
        }
    }

    /// <summary>The names of one kind; each is given once from one listing.</summary>
    private async Task<List<string>> TakeAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken)
    {
        await _listed.WaitAsync(cancellationToken);
        try
        {
            if (_indexes.TryGetValue(origin, out var index) && index.Remove(kind, out var kept))
            {
                return kept;
            }
            var puts = Interlocked.Read(ref _puts);
            index = await _listing.IndexAsync(origin, cancellationToken);
            index.Remove(kind, out var names);
            if (puts == Interlocked.Read(ref _puts))
            {
                _indexes[origin] = index;
            }
            return names!;
        }
        finally
        {
            _listed.Release();
        }
    }

    /// <summary>Receipts are not relied on; what can't be read is no duplicate.</summary>
    private async Task<bool> IsDuplicateAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            if (await _client.ReadAsync(response, ReceiptBytes, cancellationToken) is not { Length: > 0 } bytes)
            {
                return false;
            }
            using var receipt = JsonDocument.Parse(bytes);
            return receipt.RootElement.ValueKind == JsonValueKind.Object
                && receipt.RootElement.TryGetProperty("duplicate", out var duplicate) && duplicate.ValueKind == JsonValueKind.True;
        }
        catch (Exception fault) when (fault is JsonException or ArtifactSyncException)
        {
            return false; // the status was good
        }
    }

    private Task<ArtifactSyncException> FaultAsync(HttpResponseMessage response, string what, CancellationToken cancellationToken) =>
        PeerFaults.OfAsync(_client, response, Name, what, _options.Clock, cancellationToken);
}
