using ArtifactSync.Sync;

namespace TwoMachines;

/// <summary>One machine: its transcripts and its archive.</summary>
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
