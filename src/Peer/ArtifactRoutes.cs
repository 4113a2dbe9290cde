using System.Globalization;
using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Wire;
using Microsoft.AspNetCore.Http;

namespace ArtifactSync.Peer;

/// <summary>The routes of the protocol (spec 10.6).</summary>
internal sealed class ArtifactRoutes : IPeerRoutes
{
    private const int PageNames = 512;

    private readonly PeerStore _store;
    private readonly CursorStore _cursors;
    private readonly AdminRoutes? _admin;
    private readonly bool _readOnly;
    private readonly SyncPeerListener _listener;

    public ArtifactRoutes(PeerStore store, PeerListenOptions options, SyncPeerListener listener)
    {
        (_store, _readOnly, _listener) = (store, options.ReadOnly, listener);
        _cursors = new CursorStore(store.Clock, options.Limits);
        _admin = options.ReadOnly ? null : new AdminRoutes(options.Engine);
    }

    public string Prefix => "/api/v1/artifacts";

    public PeerRoute? Find(string method, IReadOnlyList<string> segments) => (method, segments) switch
    {
        ("GET", ["origins"]) => new PeerRoute(OriginsAsync),
        ("GET", ["peers"]) => new PeerRoute(PeersAsync),
        ("GET", [var origin, "index"]) => new PeerRoute(request => IndexAsync(request, origin)),
        ("GET" or "HEAD", [var origin, "checkpoint"]) => new PeerRoute(request => CheckpointAsync(request, origin)) { JsonErrors = false },
        ("DELETE", ["cursors", var cursor]) => new PeerRoute(request => ReleaseAsync(request, cursor)),
        ("GET" or "HEAD", [var origin, var kind, var name]) =>
            new PeerRoute(request => GetAsync(request, origin, kind, name)) { JsonErrors = false },
        ("POST", _) when !_readOnly => FindWriting(segments),
        _ => null,
    };

    private PeerRoute? FindWriting(IReadOnlyList<string> segments) => segments switch
    {
        ["finalize"] => new PeerRoute(FinalizeAsync),
        [var origin, var kind, var name] => new PeerRoute(request => PostAsync(request, origin, kind, name))
        {
            JsonErrors = false,
            BodyLimit = ArtifactName.TryParseKind(kind, out var parsed) ? Math.Min(Limits.Encoded(parsed), PeerLimits.BodyBytes) : 0,
        },
        _ => _admin?.Find(segments),
    };

    private async Task OriginsAsync(PeerRequest request)
    {
        var (limit, after) = Page(request, "origins");
        await _store.PublishAsync(request.Aborted);
        var origins = _store.Query(db => CatalogTable.Origins(db).ToList());
        // Ordinal by id: clients of revision N that merge their own list need it (spec 10.5).
        var page = origins.Where(origin => string.CompareOrdinal(origin, after) > 0).Order(StringComparer.Ordinal).Take(limit + 1).ToList();
        if (_store.Identity is { } identity)
        {
            request.SetHeader(Transport.Http.PeerProtocol.StoreHeader, identity);
        }
        await AnswerAsync(request, "origins", page, limit, static origin => origin, static (json, page) => Write(json, "origins", page));
    }

    private async Task PeersAsync(PeerRequest request)
    {
        var (limit, after) = Page(request, "peers");
        await _store.PublishAsync(request.Aborted);
        var (own, conflicts, page) = _store.Query(db =>
        {
            var own = PeerStore.OwnOrigin(db);
            var origins = PeerTable.Origins(db, own).Where(origin => string.CompareOrdinal(origin, after) > 0).Take(limit + 1);
            return (own, PeerTable.Conflicts(db), origins.Select(origin => _store.Peer(db, origin, own)).ToList());
        });
        await AnswerAsync(request, "peers", page, limit, static peer => peer.Origin, (json, page) =>
        {
            json.WriteString("local_origin", own ?? "");
            json.WriteStartArray("peers");
            foreach (var peer in page)
            {
                Write(json, peer);
            }
            json.WriteEndArray();
            json.WriteNumber("conflict_count", conflicts);
        });
    }

    private async Task IndexAsync(PeerRequest request, string origin)
    {
        OriginId.Require(origin);
        var (limit, after) = Page(request, "index " + origin);
        var (kind, name) = after.Length == 0 ? (0, "") : (after[0] - '0', after[1..]);
        var page = _store.Query(db =>
        {
            var names = new List<(int Kind, string Name)>();
            for (var k = kind; k <= (int)ArtifactKind.Checkpoints && names.Count <= limit; k++)
            {
                names.AddRange(PeerTable.Names(db, origin, (ArtifactKind)k, k == kind ? name : "", limit + 1 - names.Count).Select(found => (k, found)));
            }
            return names;
        });
        await AnswerAsync(request, "index " + origin, page, limit, static entry => $"{(char)('0' + entry.Kind)}{entry.Name}", (json, page) =>
        {
            json.WriteString("origin", origin);
            foreach (var listed in (ReadOnlySpan<ArtifactKind>)
                [ArtifactKind.Checkpoints, ArtifactKind.Manifests, ArtifactKind.Segments, ArtifactKind.Meta, ArtifactKind.Raw])
            {
                Write(json, ArtifactName.KindDirectory(listed), [.. page.Where(entry => entry.Kind == (int)listed).Select(entry => entry.Name)]);
            }
        });
    }

    private async Task CheckpointAsync(PeerRequest request, string origin)
    {
        OriginId.Require(origin);
        var newest = _store.Query(db => CatalogTable.Last(db, origin, ArtifactKind.Checkpoints)) ?? throw new ArtifactSyncException(
            ErrorCode.ArtifactNotFound, $"'{origin}' has no checkpoint here.", origin);
        await SendAsync(request, newest.Artifact);
    }

    private Task GetAsync(PeerRequest request, string origin, string kind, string name) => SendAsync(request, Parse(origin, kind, name));

    private async Task SendAsync(PeerRequest request, ArtifactRef artifact)
    {
        var (wire, length) = await _store.OpenAsync(artifact, request.Aborted);
        await using (wire)
        {
            await request.ArtifactAsync(wire, length);
        }
    }

    private async Task PostAsync(PeerRequest request, string origin, string kind, string name)
    {
        var artifact = Parse(origin, kind, name);
        Received received;
        long size;
        await using (var body = await request.ReadBodyAsync())
        {
            size = body.Length;
            received = await _store.ReceiveAsync(artifact, body.Stream, request.Aborted);
        }
        if (!received.Duplicate)
        {
            _listener.CountReceived();
        }
        if (string.Equals(request.Header(Transport.Http.PeerProtocol.ImportHeader), "deferred", StringComparison.OrdinalIgnoreCase))
        {
            _store.OweImport();
        }
        else if (artifact.Kind is ArtifactKind.Checkpoints or ArtifactKind.Meta || _store.IsImportOwed)
        {
            await ImportAsync();
        }
        await request.JsonAsync(StatusCodes.Status200OK, json =>
        {
            json.WriteString("origin", artifact.Origin);
            json.WriteString("kind", ArtifactName.KindDirectory(artifact.Kind));
            json.WriteString("name", artifact.Name);
            json.WriteString("hash", received.Info.Identity.Sha256);
            json.WriteNumber("size", size);
            json.WriteBoolean("duplicate", received.Duplicate);
        });
    }

    private async Task FinalizeAsync(PeerRequest request)
    {
        var counters = await ImportAsync();
        await request.JsonAsync(StatusCodes.Status200OK, json =>
        {
            json.WriteNumber("imported_sessions", counters.ImportedSessions);
            json.WriteNumber("imported_messages", counters.ImportedMessages);
            json.WriteNumber("imported_metadata", counters.ImportedEvents);
            json.WriteNumber("deferred", counters.Deferred);
        });
    }

    private async Task<RunCounters> ImportAsync()
    {
        var import = await _store.ImportAsync();
        return import.Fault is { } fault ? throw fault : import.Counters;
    }

    private Task ReleaseAsync(PeerRequest request, string cursor)
    {
        _cursors.Release(cursor);
        return request.EmptyAsync(StatusCodes.Status204NoContent);
    }

    /// <summary>How many to give, and after what: a cursor is used up here.</summary>
    private (int Limit, string After) Page(PeerRequest request, string scope)
    {
        var limit = PageNames;
        if (request.Query("limit") is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > PageNames))
        {
            throw new ArtifactSyncException(ErrorCode.InvalidArgument, $"the limit is a number from 1 to {PageNames}", text);
        }
        if (request.Query("cursor") is not { } cursor)
        {
            return (limit, "");
        }
        return (limit, _cursors.Take(scope, cursor)
            ?? throw new ArtifactSyncException(ErrorCode.InvalidArgument, "invalid or expired artifact cursor", scope));
    }

    /// <param name="request">The request.</param>
    /// <param name="scope">Route and origin that a cursor is bound to.</param>
    /// <param name="found">One more than the page holds when there is more.</param>
    /// <param name="limit">Of the page.</param>
    /// <param name="position">Where the page after an entry begins.</param>
    /// <param name="write">Writes the entries of the page.</param>
    private Task AnswerAsync<T>(
        PeerRequest request, string scope, List<T> found, int limit, Func<T, string> position, Action<Utf8JsonWriter, IReadOnlyList<T>> write)
    {
        string? next = null;
        var page = found.Count > limit ? found[..limit] : found;
        if (found.Count > limit && (next = _cursors.Create(scope, position(page[^1]))) is null)
        {
            return request.ErrorAsync(StatusCodes.Status409Conflict, "artifact conflict");
        }
        return request.JsonAsync(StatusCodes.Status200OK, json =>
        {
            write(json, page);
            if (next is not null)
            {
                json.WriteString("next_cursor", next);
            }
        });
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 0 && name != "origins")
        {
            json.WriteNull(name); // as N
            return;
        }
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, SyncPeer peer)
    {
        json.WriteStartObject();
        json.WriteString("origin", peer.Origin);
        json.WriteBoolean("is_local", peer.IsLocal);
        json.WriteNumber("checkpoint_seq", peer.CheckpointSequence);
        json.WriteNumber("published_sessions", peer.PublishedSessions);
        json.WriteNumber("local_sessions", peer.LocalSessions);
        if (peer.LastPublished is { } at)
        {
            json.WriteString("last_published", at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        }
        json.WriteString("status", peer.Status switch { SyncPeerStatus.InSync => "in_sync", SyncPeerStatus.Error => "error", _ => "pending" });
        json.WriteEndObject();
    }

    private static ArtifactRef Parse(string origin, string kind, string name) => ArtifactName.TryParseKind(kind, out var parsed)
        ? ArtifactName.Parse(origin, parsed, name)
        : throw new ArtifactSyncException(ErrorCode.InvalidArtifactName, $"unsupported artifact kind '{kind}'", kind);
}
