using System.Net;
using System.Security;
using ArtifactSync.Archive;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Memory.Server;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>A request as the server met it.</summary>
internal sealed record SeenRequest(string Machine, string Route, string Query, int Status, string? Body, string Answer);

/// <summary>
/// The real server code over an archive of its own, behind a message handler for the real client; with faults that can be
/// switched on. Rights are kept per machine, as tokens would.
/// </summary>
internal sealed class LogServer : IDisposable
{
    public const string Url = "http://127.0.0.1:1";
    private const string ChunkRoute = "/sync/pull/";
    private readonly TestArchive _archive;
    private readonly MutationLog _log;
    private readonly ChunkLog _chunks;
    private readonly Dictionary<string, LogRights> _rights = new(StringComparer.Ordinal);

    public LogServer(TimeProvider? clock = null)
    {
        _archive = new TestArchive(clock);
        _log = new MutationLog(_archive.Database);
        _chunks = new ChunkLog(_archive.Database);
    }

    public ArchiveDatabase Archive => _archive.Database;

    public List<SeenRequest> Requests { get; } = [];

    /// <summary>The body of the latest push.</summary>
    public string LastPush { get; private set; } = "";

    /// <summary>The next push of this machine is stored, its answer lost.</summary>
    public HashSet<string> LosesAnswerOf { get; } = new(StringComparer.Ordinal);

    /// <summary>Numbers that are not visible yet: a server whose commits come late (6.4).</summary>
    public HashSet<long> Hidden { get; } = [];

    /// <summary>Replaces the answer to a request: gets machine, route and the real answer.</summary>
    public Func<string, string, LogAnswer, LogAnswer>? Alter { get; set; }

    /// <summary>Called before a request is handled; may throw.</summary>
    public Action<string, string>? Before { get; set; }

    /// <summary>Called after a request was handled, before the client reads the answer.</summary>
    public Action<string, string>? After { get; set; }

    public void Allow(string machine, params string[] projects) => _rights[machine] = new LogRights(projects);

    public MutationClient Client(string machine, string url = Url, SecureString? token = null) => new(new Uri(url), token, new Handler(this, machine));

    public long Head => _archive.Database.Reader.Scalar<long>("SELECT coalesce(max(seq), 0) FROM memory_log");

    public IReadOnlyList<LoggedEntry> Entries => [.. MemoryLogTable.Read(_archive.Database.Reader, 0, null)];

    /// <summary>Stores an entry as another client would; returns its number.</summary>
    public long Append(string project, string entity, string key, string op, string payload)
    {
        using var transaction = _archive.Database.BeginLedger();
        var seq = MemoryLogTable.Append(transaction.Db, new LogEntry(project, entity, key, op, payload), null, _archive.Database.Clock.GetUtcNow());
        transaction.Commit();
        return seq;
    }

    /// <summary>A restored backup: the log ends with this number, and numbers go on from it.</summary>
    public void KeepUpTo(long seq) => Execute("DELETE FROM memory_log WHERE seq > ?1", "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'memory_log'", seq);

    /// <summary>A row is lost from the log; numbers go on.</summary>
    public void Cut(long seq) => Execute("DELETE FROM memory_log WHERE seq = ?1", "SELECT ?1", seq);

    /// <summary>Rolled back inserts use numbers up.</summary>
    public void Burn(int count) => Execute(
        "INSERT INTO sqlite_sequence(name, seq) SELECT 'memory_log', 0 * ?1 WHERE NOT EXISTS(SELECT 1 FROM sqlite_sequence WHERE name = 'memory_log')",
        "UPDATE sqlite_sequence SET seq = seq + ?1 WHERE name = 'memory_log'", count);

    public void Pause(string project, bool paused)
    {
        using var transaction = _archive.Database.BeginLedger();
        MemoryLogTable.SetPaused(transaction.Db, project, paused ? _archive.Database.Clock.GetUtcNow() : null);
        transaction.Commit();
    }

    public void Dispose() => _archive.Dispose();

    /// <summary>What the routes do, as the listener maps them.</summary>
    public LogAnswer Handle(string machine, string method, string route, string query, byte[] body)
    {
        var rights = _rights.GetValueOrDefault(machine, LogRights.All);
        var arguments = query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => Uri.UnescapeDataString(p[1]), StringComparer.Ordinal);
        return (method, route) switch
        {
            ("POST", "/sync/mutations/push") => body.Length > PushBatch.MaxBody ? LogAnswer.TooLarge : _log.Push(body, rights),
            ("POST", "/sync/push") => body.Length > PushBatch.MaxBody ? LogAnswer.TooLarge : _chunks.Push(body, rights),
            ("GET", "/sync/mutations/pull") => Visible(arguments.GetValueOrDefault("since_seq"), arguments.GetValueOrDefault("limit"), rights),
            ("GET", "/sync/pull") => _chunks.Manifest(arguments.GetValueOrDefault("project"), rights),
            ("GET", _) when route.StartsWith(ChunkRoute, StringComparison.Ordinal) =>
                _chunks.Pull(route[ChunkRoute.Length..], arguments.GetValueOrDefault("project"), rights),
            _ => LogAnswer.Plain(404, "no such route"),
        };
    }

    // A page of a server whose late commits are not visible: rebuilt without them, and the next one when nothing is left of it.
    private LogAnswer Visible(string? since, string? limit, LogRights rights)
    {
        while (true)
        {
            var answer = _log.Pull(since, limit, rights);
            if (Hidden.Count == 0)
            {
                return answer;
            }

            var page = System.Text.Json.Nodes.JsonNode.Parse(answer.Body.Span)!;
            var list = page["mutations"]!.AsArray();
            foreach (var hidden in list.Where(m => Hidden.Contains(m!["seq"]!.GetValue<long>())).ToList())
            {
                list.Remove(hidden);
            }

            if (list.Count > 0 || !page["has_more"]!.GetValue<bool>())
            {
                return answer with { Body = System.Text.Encoding.UTF8.GetBytes(page.ToJsonString()) };
            }

            since = page["latest_seq"]!.ToJsonString();
        }
    }

    private void Execute(string first, string second, long value)
    {
        using var transaction = _archive.Database.BeginLedger();
        transaction.Db.Execute(first, value);
        transaction.Db.Execute(second, value);
        transaction.Commit();
    }

    private sealed class Handler(LogServer server, string machine) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var route = request.RequestUri!.AbsolutePath;
            server.Before?.Invoke(machine, route);
            var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
            server.LastPush = body.Length > 0 ? System.Text.Encoding.UTF8.GetString(body) : server.LastPush;
            var answer = server.Handle(machine, request.Method.Method, route, request.RequestUri.Query, body);
            answer = server.Alter?.Invoke(machine, route, answer) ?? answer;
            server.Requests.Add(new SeenRequest(
                machine, route, request.RequestUri.Query, answer.Status, body.Length == 0 ? null : System.Text.Encoding.UTF8.GetString(body),
                System.Text.Encoding.UTF8.GetString(answer.Body.Span)));
            server.After?.Invoke(machine, route);
            if (route is "/sync/mutations/push" or "/sync/push" && server.LosesAnswerOf.Remove(machine))
            {
                throw new HttpRequestException("the answer was lost");
            }

            var response = new HttpResponseMessage((HttpStatusCode)answer.Status) { Content = new ByteArrayContent(answer.Body.ToArray()) };
            response.Content.Headers.TryAddWithoutValidation("Content-Type", answer.ContentType);
            return response;
        }
    }
}
