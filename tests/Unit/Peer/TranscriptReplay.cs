using System.Text;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Peer;

/// <summary>
/// Our client in the place of a recorded one, against a server that gives the recorded answers. The client's own sessions
/// are those that it sent.
/// </summary>
internal sealed class TranscriptReplay : IDisposable
{
    private readonly string _scenario;
    private readonly TempFolder _folder = new();
    private readonly Dictionary<string, (Machine Machine, OwnSessions Own)> _machines = new(StringComparer.Ordinal);
    private RecordedTree _known = RecordedTree.Empty;

    public TranscriptReplay(string scenario) => _scenario = scenario;

    public Machine Machine(string origin) => Get(origin).Machine;

    /// <summary>Artifacts that a step shows join what is known, so that the client has the sessions that it sent.</summary>
    /// <param name="origin">The client.</param>
    /// <param name="transcripts">Of the step, or also of others that show what this one does not.</param>
    public void Prepare(string origin, IEnumerable<HttpRecord> transcripts)
    {
        var before = _known;
        foreach (var record in transcripts.Where(r => r.Artifact is { } a && a.Origin == origin && r.Method == "POST"))
        {
            var file = _folder["tree/" + record.Artifact!.Path];
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, record.RequestBody ?? []);
        }
        _known = RecordedTree.Read(_folder["tree"]);
        var (machine, own) = Get(origin);
        using var sql = machine.Open();
        own.Prepare(sql, before, _known);
    }

    public async Task<(SyncRun Run, IReadOnlyList<RawRequest> Requests)> SyncAsync(
        string origin, IReadOnlyList<HttpRecord> transcript, bool initialize, string? token = null, string path = "")
    {
        await using var server = new RawServer(new Answers(transcript).Give);
        var request = new ExchangeRequest
        {
            Target = server.Uri + path, OriginId = origin, Initialize = initialize,
            Access = new TargetAccess { Token = token is null ? null : Listener.Secure(token) },
        };
        var options = Machine(origin).Options with { Clock = new QuickClock(Recordings.Afterwards) };
        var run = await new SyncEngine(options).ExchangeAsync(request, NullObserver.Instance, CancellationToken.None);
        return (run, server.Requests);
    }

    public void Dispose() => _folder.Dispose();

    private (Machine Machine, OwnSessions Own) Get(string origin)
    {
        if (!_machines.TryGetValue(origin, out var known))
        {
            _machines.Add(origin, known = (new Machine(origin, _folder[$"{_scenario}-{origin}"]), new OwnSessions(origin)));
        }
        return known;
    }

    /// <summary>Per method and path the recorded answers in order; the last one again.</summary>
    internal sealed class Answers(IReadOnlyList<HttpRecord> transcript)
    {
        private readonly Dictionary<string, Queue<HttpRecord>> _left = transcript.GroupBy(r => Key(r.Method, r.Path))
            .ToDictionary(g => g.Key, g => new Queue<HttpRecord>(g), StringComparer.Ordinal);

        public byte[] Give(RawRequest request)
        {
            HttpRecord answer;
            lock (_left)
            {
                if (!_left.TryGetValue(Key(request.Method, request.Path), out var queue))
                {
                    // What the recorded client did not come to send is taken.
                    return request.Method == "POST" ? RawServer.Json("{}")
                        : RawServer.Answer(404, "not recorded"u8.ToArray(), null, ("Content-Type", "text/plain"));
                }
                answer = queue.Count > 1 ? queue.Dequeue() : queue.Peek();
            }
            var body = answer.ResponseBody ?? [];
            if (answer.Json.TryGetProperty("changed_by_proxy", out _) && request.Path.Contains("origins", StringComparison.Ordinal) && IsShortened(answer))
            {
                body = [.. body, .. Enumerable.Repeat((byte)' ', 1024 * 1024)];
            }
            var lies = answer.ResponseHeader("X-Truncate") is not null;
            (string, string)[] headers = [.. answer.ResponseHeaders.Where(h => h.Name is not ("Content-Length" or "Connection" or "Transfer-Encoding"))];
            return RawServer.Answer(answer.Status, body, lies ? long.Parse(answer.ResponseHeader("Content-Length")!) : null, headers);
        }

        // The page of the case "over 1 MiB" is recorded without its padding: it is all that differs from the control.
        private bool IsShortened(HttpRecord answer) =>
            answer.Status == 200 && transcript.Count == 1 && answer.ResponseJson is { } json && json.Has("origins") && !json.Has("next_cursor")
            && json.GetProperty("origins") is { ValueKind: System.Text.Json.JsonValueKind.Array } list && list.GetArrayLength() == 1
            && ArtifactSync.Wire.OriginId.IsValid(list[0].GetString());

        // Order and default of query members say nothing.
        private static string Key(string method, string path)
        {
            var parts = path.Split('?');
            var cursor = parts.Length > 1 ? parts[1].Split('&').FirstOrDefault(p => p.StartsWith("cursor=", StringComparison.Ordinal)) : null;
            return $"{method} {parts[0]} {cursor}";
        }
    }
}
