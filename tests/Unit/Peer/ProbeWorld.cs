using System.Text;
using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Peer;

/// <summary>
/// A server of ours in the state of the recorded one. Its own sessions were not recorded: it has as many others, and names of
/// their artifacts, cursors and ports are translated.
/// </summary>
internal sealed class ProbeWorld : IAsyncDisposable
{
    private const string Own = "bravo-3d4e5f";
    private const string Token = "token-right";
    private const string RecordedPort = "21020";

    private readonly string _scenario;
    private readonly TempFolder _folder;
    private readonly Machine _machine;
    private readonly Listener _listener;
    private readonly Dictionary<string, string> _translated = new(StringComparer.Ordinal);
    private int _sessions;

    private ProbeWorld(string scenario, TempFolder folder, Machine machine, Listener listener) =>
        (_scenario, _folder, _machine, _listener) = (scenario, folder, machine, listener);

    public static async Task<ProbeWorld> StartAsync(string scenario)
    {
        var folder = new TempFolder();
        var machine = new Machine(Own, folder["archive"]);
        using (machine.Open())
        {
            // Only made.
        }
        if (scenario != "http-probes-no-origin")
        {
            using var archive = ArchiveDatabase.Open(machine.Options, ArchiveMode.Create);
            OriginAdoption.Ensure(archive, Own, [], initialize: false, CancellationToken.None);
        }
        var needsToken = scenario is "http-probes-auth" or "http-probes-admin";
        var listener = await Listener.StartAsync(machine.Options, options => options with { Token = needsToken ? Listener.Secure(Token) : null });
        var world = new ProbeWorld(scenario, folder, machine, listener);
        world.Seed();
        return world;
    }

    /// <summary>What was done to the recorded server between two probes.</summary>
    public async Task PrepareAsync(HttpRecord probe)
    {
        switch (_scenario, probe.Json.Text("label"))
        {
            case ("http-probes", "origins (publishes own dirty session)") or ("http-probes-publish", "index after a new session, no listing"):
                AddSession();
                break;
            case ("http-probes-publish", "origins again, after another unrecorded star and name"):
                Curate("s-1");
                break;
            case ("http-probes-repair", "GET of the damaged segment"):
                var file = Directory.EnumerateFiles(Path.Combine(_machine.Artifacts, "delta-445566", "segments")).Single();
                var bytes = await File.ReadAllBytesAsync(file);
                bytes[^6] ^= 0xff;
                await File.WriteAllBytesAsync(file, bytes);
                break;
            case ("http-probes", "listing when cursors are exhausted"):
                while ((await _listener.Http.GetAsync($"/api/v1/artifacts/{Own}/index?limit=1")).IsSuccessStatusCode)
                {
                    // Every answer leaves a cursor open.
                }
                break;
            default:
                break;
        }
    }

    public Task<HttpResponseMessage> SendAsync(HttpRecord probe)
    {
        var uri = new Uri($"http://127.0.0.1:{_listener.Info.Uri.Port}{Translate(probe.Path)}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(new HttpMethod(probe.Method), uri) { Content = Content(probe) };
        foreach (var (name, value) in probe.RequestHeaders.Where(h => h.Name is not ("Content-Length" or "Content-Type")))
        {
            request.Headers.TryAddWithoutValidation(name, Translate(value));
        }
        // A server of ours that has a token wants it for every route.
        if (_scenario == "http-probes-admin" && probe.RequestHeader("Authorization") is null && probe.Method == "GET")
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + Token);
        }
        return _listener.Http.SendAsync(request);
    }

    /// <summary>Names and cursors of ours that stand for recorded ones.</summary>
    public void Learn(JsonElement recorded, JsonElement ours)
    {
        if (recorded.TryGetProperty("next_cursor", out var theirs) && ours.TryGetProperty("next_cursor", out var mine))
        {
            _translated[theirs.GetString()!] = mine.GetString()!;
        }
        if (recorded.ValueKind == JsonValueKind.Object && recorded.Text("origin") == Own)
        {
            foreach (var kind in new[] { "manifests", "segments", "meta" })
            {
                if (recorded.TryGetProperty(kind, out var names) && names.ValueKind == JsonValueKind.Array
                    && ours.TryGetProperty(kind, out var own) && own.ValueKind == JsonValueKind.Array)
                {
                    foreach (var (name, other) in names.EnumerateArray().Zip(own.EnumerateArray()))
                    {
                        _translated[name.GetString()!.Split('.')[0]] = other.GetString()!.Split('.')[0];
                    }
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        _folder.Dispose();
    }

    private string Translate(string text)
    {
        text = text.Replace(HttpRecord.RecordedHost, $"127.0.0.1:{_listener.Info.Uri.Port}", StringComparison.Ordinal)
            .Replace("localhost:" + RecordedPort, $"localhost:{_listener.Info.Uri.Port}", StringComparison.Ordinal);
        foreach (var (theirs, mine) in _translated)
        {
            text = text.Replace(theirs, mine, StringComparison.Ordinal);
        }
        return text;
    }

    /// <summary>Long bodies are recorded cut: white space stands for the rest. Folders are given a place of their own.</summary>
    private ByteArrayContent? Content(HttpRecord probe)
    {
        var length = probe.RequestHeader("Content-Length") is { } told ? int.Parse(told) : 0;
        if (probe.RequestBody is not { } body)
        {
            return probe.Method == "POST" ? new ByteArrayContent([]) : null;
        }
        if (length > 64 * 1024)
        {
            body = [.. body, .. Enumerable.Repeat((byte)' ', length - body.Length)];
        }
        else if (Encoding.UTF8.GetString(body) is var text && text.Contains("/mnt/target", StringComparison.Ordinal))
        {
            body = Encoding.UTF8.GetBytes(text.Replace("/mnt/target", _folder["target"], StringComparison.Ordinal));
        }
        return new ByteArrayContent(body);
    }

    /// <summary>As many own sessions as the first listing shows manifests of, published already where it shows them at once.</summary>
    private void Seed()
    {
        var probes = HttpRecord.Load(_scenario, "probes.json");
        var index = probes.FirstOrDefault(p => p.ResponseJson is { } json && json.Text("origin") == Own
            && json.TryGetProperty("manifests", out var names) && names.ValueKind == JsonValueKind.Array);
        var count = index is not null ? index.ResponseJson!.Value.GetProperty("manifests").GetArrayLength() : _scenario == "http-probes-no-origin" ? 1 : 0;
        for (var i = 0; i < count; i++)
        {
            AddSession();
        }
        if (_scenario == "http-probes-publish")
        {
            Curate("s-0");
        }
    }

    private void AddSession()
    {
        using var sql = _machine.Open();
        var session = new Row { ["id"] = $"s-{_sessions}", ["project"] = "p", ["agent"] = "claude", ["created_at"] = "2026-06-01T00:00:00Z", ["message_count"] = 1L };
        using var message = JsonDocument.Parse($$"""{"content":"text {{_sessions++}}","ordinal":0,"role":"user"}""");
        new RowSeeder(sql).SeedOwn(session, [], [message.RootElement]);
    }

    /// <summary>A title and a star that no event knows.</summary>
    private void Curate(string id)
    {
        using var sql = _machine.Open();
        sql.Execute("UPDATE sessions SET display_name = 'title' WHERE id = ?1", id);
        sql.Execute("INSERT INTO starred_sessions(session_id, created_at) VALUES (?1, '2026-06-01T00:00:00Z')", id);
    }
}
