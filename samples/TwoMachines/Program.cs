// Two machines, one shared folder: each imports its own transcripts, both exchange, both end with the same sessions.
using ArtifactSync.Model;
using ArtifactSync.Sync;

var root = Directory.CreateTempSubdirectory("two-machines-").FullName;
try
{
    var share = Path.Combine(root, "share");
    var laptop = new Machine("laptop", root);
    var desktop = new Machine("desktop", root);
    laptop.Write("1111aaaa-0000-4000-8000-000000000001", "How do I rotate a log file?", "Use logrotate with copytruncate.");
    laptop.Write("1111aaaa-0000-4000-8000-000000000002", "Why is the disk full?", "The core dumps of last night fill /var.");
    desktop.Write("2222bbbb-0000-4000-8000-000000000001", "Which job failed?", "backup-nightly: exit code 75.");

    // The second round brings to the first machine what the second one published after it.
    foreach (var machine in (Machine[])[laptop, desktop, laptop])
    {
        await machine.ExchangeAsync(share);
    }
    // Nothing new: nothing is sent, received or imported.
    await laptop.ExchangeAsync(share);

    laptop.PrintSessions();
    desktop.PrintSessions();
    var (a, b) = (laptop.SessionKeys(), desktop.SessionKeys());
    Console.WriteLine(a.SequenceEqual(b, StringComparer.Ordinal)
        ? $"converged: both archives hold the same {a.Count} sessions"
        : "NOT converged");
    return a.SequenceEqual(b, StringComparer.Ordinal) ? 0 : 1;
}
finally
{
    Directory.Delete(root, recursive: true);
}

internal sealed class Machine(string name, string root)
{
    private readonly string _transcripts = Path.Combine(root, name, "transcripts");
    private readonly SyncEngine _engine = new(new EngineOptions { ArchivePath = Path.Combine(root, name, "archive") });
    private string? _origin;

    /// <summary>A Claude Code transcript with one question and one answer.</summary>
    public void Write(string sessionId, string question, string answer)
    {
        Directory.CreateDirectory(_transcripts);
        File.WriteAllText(Path.Combine(_transcripts, sessionId + ".jsonl"), $$$"""
            {"type":"user","sessionId":"{{{sessionId}}}","uuid":"{{{sessionId}}}-q","cwd":"/work/ops","timestamp":"2026-06-01T10:00:00Z",
            "message":{"role":"user","content":"{{{question}}}"}}
            {"type":"assistant","sessionId":"{{{sessionId}}}","uuid":"{{{sessionId}}}-a","parentUuid":"{{{sessionId}}}-q","cwd":"/work/ops",
            "timestamp":"2026-06-01T10:00:05Z","message":{"id":"msg_1","role":"assistant","model":"model-1",
            "content":[{"type":"text","text":"{{{answer}}}"}],"usage":{"input_tokens":20,"output_tokens":9} } }

            """.Replace(",\n", ",", StringComparison.Ordinal));
    }

    public async Task ExchangeAsync(string share)
    {
        var run = await _engine.ExchangeAsync(
            new ExchangeRequest { Target = share, TranscriptPaths = [_transcripts], OriginId = _origin ??= name + "-" + (name == "laptop" ? "0a1b2c" : "3d4e5f") },
            NullObserver.Instance, CancellationToken.None);
        var c = run.Counters;
        Console.WriteLine($"{name,-8} {run.Status,-9} read {c.FilesImported} published {c.Published} sent {c.Sent} received {c.Received} imported {c.ImportedSessions}"
            + (run.ErrorMessage is null ? "" : $"  {run.ErrorCode}: {run.ErrorMessage}"));
    }

    public void PrintSessions()
    {
        Console.WriteLine($"\n{name}:");
        foreach (var session in _engine.GetSessions(new SessionQuery()))
        {
            Console.WriteLine($"  {(session.IsOwn ? "own" : session.Origin),-14} {session.MessageCount} messages  {session.FirstMessage}");
        }
    }

    /// <summary>Sessions by the id they have everywhere: origin~id.</summary>
    public List<string> SessionKeys() => [.. _engine.GetSessions(new SessionQuery { IncludeMessages = true })
        .Select(s => (s.IsOwn ? _origin + "~" + s.SessionId : s.SessionId) + ": " + string.Join(" / ", s.Messages.Select(m => m.Content)))
        .Order(StringComparer.Ordinal)];
}
