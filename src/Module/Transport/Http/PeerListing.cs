using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport.Http;

/// <summary>
/// Reads listings page by page (spec 10.5). One that is repeated, out of order, cyclic, oversized or of something else is an
/// error as a whole: half a listing would look like an absence.
/// </summary>
internal sealed class PeerListing(PeerClient client, PeerTarget target, TimeProvider clock)
{
    /// <summary>Far above what archives hold; a peer that goes on for ever must not fill the memory.</summary>
    private const int MostNames = 2_000_000, MostEmptyPages = 64;

    private static readonly ArtifactKind[] s_order =
        [ArtifactKind.Segments, ArtifactKind.Raw, ArtifactKind.Manifests, ArtifactKind.Meta, ArtifactKind.Checkpoints];

    /// <summary>What the peer's store is called, when it said so with the first page of origins.</summary>
    public string? StoreIdentity { get; private set; }

    /// <summary>All origins, in ordinal order.</summary>
    public async Task<IReadOnlyList<string>> OriginsAsync(CancellationToken cancellationToken)
    {
        var origins = new List<string>();
        await ReadAsync("/origins", page =>
        {
            var added = List(page, "origins", "origins");
            foreach (var origin in added)
            {
                if (!OriginId.IsValid(origin))
                {
                    throw Invalid("origins", "an origin id is not valid");
                }
            }
            origins.AddRange(added);
            return added.Count;
        }, cancellationToken);
        // Peers of revision N order them as folders, "a-b/" before "a/" (spec 10.5); any other order hides something.
        if (!IsIncreasing(origins, "") && !IsIncreasing(origins, "/"))
        {
            throw Invalid("origins", "origins are repeated or out of order");
        }
        return [.. origins.Order(StringComparer.Ordinal)];
    }

    /// <summary>All names of an origin by kind, each list in ordinal order.</summary>
    public async Task<Dictionary<ArtifactKind, List<string>>> IndexAsync(string origin, CancellationToken cancellationToken)
    {
        var names = s_order.ToDictionary(static kind => kind, static _ => new List<string>());
        var what = $"{origin}/index";
        var last = 0; // place of the latest kind in the order
        await ReadAsync($"/{origin}/index", page =>
        {
            if (!page.TryGetProperty("origin", out var said) || said.ValueKind != JsonValueKind.String || said.GetString() != origin)
            {
                throw Invalid(what, "it is of another origin");
            }
            var count = 0;
            for (var place = 0; place < s_order.Length; place++)
            {
                var added = List(page, ArtifactName.KindDirectory(s_order[place]), what);
                if (added.Count > 0 && place < last)
                {
                    throw Invalid(what, "it goes back to an earlier kind");
                }
                last = added.Count > 0 ? place : last;
                Append(names[s_order[place]], added, origin, s_order[place], what);
                count += added.Count;
            }
            return count;
        }, cancellationToken);
        return names;
    }

    private void Append(List<string> names, List<string> added, string origin, ArtifactKind kind, string what)
    {
        foreach (var name in added)
        {
            if (!ArtifactName.TryParse(origin, kind, name, out _))
            {
                throw Invalid(what, $"a name of {ArtifactName.KindDirectory(kind)} is not valid");
            }
            if (names.Count > 0 && string.CompareOrdinal(names[^1], name) >= 0)
            {
                throw Invalid(what, $"names of {ArtifactName.KindDirectory(kind)} are repeated or out of order");
            }
            names.Add(name);
        }
    }

    private async Task ReadAsync(string path, Func<JsonElement, int> take, CancellationToken cancellationToken)
    {
        var cycle = new CycleDetector();
        string? cursor = null;
        try
        {
            for (var (total, empty) = (0, 0); ;)
            {
                using var page = await PageAsync(path, cursor, cancellationToken);
                cursor = Cursor(page.RootElement, path[1..]);
                var count = take(page.RootElement);
                empty = count == 0 ? empty + 1 : 0;
                if (count > PeerProtocol.PageNames || (total += count) > MostNames || empty > MostEmptyPages)
                {
                    throw Invalid(path[1..], "it has too many entries or pages");
                }
                if (cursor is null)
                {
                    return;
                }
                if (cycle.Repeats(cursor))
                {
                    throw Invalid(path[1..], "its pages go round in a circle");
                }
            }
        }
        catch when (cursor is not null)
        {
            await ReleaseAsync(cursor);
            throw;
        }
    }

    private async Task<JsonDocument> PageAsync(string path, string? cursor, CancellationToken cancellationToken)
    {
        var query = $"?limit={PeerProtocol.PageNames}{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}";
        using var response = await client.SendAsync(HttpMethod.Get, path + query, null, PeerProtocol.Timeout, cancellationToken);
        switch (response.StatusCode)
        {
            case System.Net.HttpStatusCode.OK:
                break;
            case System.Net.HttpStatusCode.NotFound when path == "/origins":
                throw new ArtifactSyncException(ErrorCode.TargetProtocolError, $"There is no peer at '{target.Name}' (404). Check the address.", target.Name);
            case System.Net.HttpStatusCode.NotFound:
                throw Invalid(path[1..], "the peer does not know it (404)");
            case System.Net.HttpStatusCode.Conflict:
                throw new ArtifactSyncException(
                    ErrorCode.TargetUnavailable, $"'{target.Name}' is busy with other listings (409). Run again later.", target.Name);
            default:
                throw await PeerFaults.OfAsync(client, response, target.Name, path[1..], clock, cancellationToken);
        }
        if (response.Headers.TryGetValues(PeerProtocol.StoreHeader, out var identity))
        {
            StoreIdentity ??= identity.First();
        }
        if (response.Content.Headers.ContentType?.MediaType == "text/html")
        {
            throw new ArtifactSyncException(ErrorCode.TargetProtocolError,
                $"'{target.Name}' answered with a web page. Check that the address leads to a peer and not to a proxy or a login page.", target.Name);
        }
        var bytes = await client.ReadAsync(response, PeerProtocol.PageBytes, cancellationToken) ?? throw Invalid(path[1..], "a page is larger than 1 MiB");
        try
        {
            var page = JsonDocument.Parse(bytes);
            return page.RootElement.ValueKind == JsonValueKind.Object ? page : throw Invalid(path[1..], "a page is no JSON object");
        }
        catch (JsonException fault)
        {
            throw Invalid(path[1..], "a page is no JSON", fault);
        }
    }

    /// <summary>Gives a cursor back that will not be used: the peer has few. Soon, or not at all.</summary>
    private async Task ReleaseAsync(string cursor)
    {
        using var limit = new CancellationTokenSource(PeerProtocol.ReleaseTimeout);
        try
        {
            (await client.SendAsync(HttpMethod.Delete, "/cursors/" + Uri.EscapeDataString(cursor), null, PeerProtocol.ReleaseTimeout, limit.Token)).Dispose();
        }
        catch (Exception fault) when (fault is ArtifactSyncException or OperationCanceledException)
        {
            // It expires by itself.
        }
    }

    /// <summary>Texts of a member; none when it is absent or null.</summary>
    private List<string> List(JsonElement page, string member, string what)
    {
        if (!page.TryGetProperty(member, out var list) || list.ValueKind == JsonValueKind.Null)
        {
            return [];
        }
        if (list.ValueKind != JsonValueKind.Array || list.EnumerateArray().Any(static item => item.ValueKind != JsonValueKind.String))
        {
            throw Invalid(what, $"'{member}' is no list of names");
        }
        return [.. list.EnumerateArray().Select(static item => item.GetString()!)];
    }

    private string? Cursor(JsonElement page, string what) =>
        !page.TryGetProperty("next_cursor", out var next) || next.ValueKind == JsonValueKind.Null ? null
        : next.ValueKind == JsonValueKind.String ? next.GetString() is { Length: > 0 } text ? text : null
        : throw Invalid(what, "its cursor is no text");

    private static bool IsIncreasing(List<string> values, string suffix)
    {
        for (var i = 1; i < values.Count; i++)
        {
            if (string.CompareOrdinal(values[i - 1] + suffix, values[i] + suffix) >= 0)
            {
                return false;
            }
        }
        return true;
    }

    private ArtifactSyncException Invalid(string what, string why, Exception? inner = null) => new(
        ErrorCode.TargetListingInvalid, $"The listing '{what}' of '{target.Name}' can't be trusted: {why}. Nothing was taken for absent.", target.Name, inner);

    /// <summary>Finds a circle of any length with one remembered cursor (Brent).</summary>
    private sealed class CycleDetector
    {
        private string? _mark;
        private long _steps, _power = 1;

        public bool Repeats(string cursor)
        {
            if (cursor == _mark)
            {
                return true;
            }
            if (++_steps == _power)
            {
                (_mark, _steps, _power) = (cursor, 0, _power * 2);
            }
            return false;
        }
    }
}
