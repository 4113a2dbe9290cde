using System.Globalization;
using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transcripts;
using ArtifactSync.Wire;

namespace ArtifactSync.Bench.Data;

/// <summary>One machine with an archive, and quick ways to fill it.</summary>
internal sealed class Machine(BenchContext context, string name)
{
    private readonly int? _throttle;

    public EngineOptions Options
    {
        get
        {
            var options = new EngineOptions { ArchivePath = context.PathOf(name) };
            return _throttle is { } limit ? options with { ThrottleLimit = limit } : options;
        }
    }

    /// <summary>Parallel workers; by default as many as the engine takes.</summary>
    public int ThrottleLimit { init => _throttle = value; }

    /// <summary>Imports so many generated transcripts.</summary>
    public void Import(int sessions, int seed = 1)
    {
        string transcripts = context.PathOf(name + "-transcripts");
        new TranscriptGenerator(seed).Write(transcripts, sessions);
        using ArchiveDatabase archive = ArchiveDatabase.Open(Options, ArchiveMode.Create);
        using Lease lease = archive.AcquireLease("bench", Options.LeaseTimeout, CancellationToken.None);
        _ = TranscriptImporter.Import(archive, lease, new ImportRequest { Paths = [transcripts] }, NullObserver.Instance, CancellationToken.None).Count();
        Directory.Delete(transcripts, recursive: true);
    }

    /// <summary>Writes rows of small own sessions, without transcripts.</summary>
    public void Seed(int sessions, int messages, int length)
    {
        using ArchiveDatabase archive = ArchiveDatabase.Open(Options, ArchiveMode.Create);
        using Lease lease = archive.AcquireLease("bench", Options.LeaseTimeout, CancellationToken.None);
        using WriteTransaction transaction = lease.Begin();
        for (int i = 0; i < sessions; i++)
        {
            string id = string.Create(CultureInfo.InvariantCulture, $"5eed0000-0000-4000-8000-{i:x12}");
            Write(transaction.Db, id, Messages(i, messages, length));
        }

        transaction.Commit();
    }

    public static void Write(Database db, string id, IEnumerable<MessageRecord> messages)
    {
        long sid = SessionTable.Put(db, new SessionRow { Own = true, Session = new SessionRecord { Id = id, Project = "bench", Agent = "claude" } });
        MessageTable.Replace(db, sid, messages, []);
    }

    /// <summary>Texts that differ in every message, of words as frequent as in prose.</summary>
    public static IEnumerable<MessageRecord> Messages(int session, int count, int length)
    {
        var random = new Random(session);
        for (int i = 0; i < count; i++)
        {
            var text = new StringBuilder(length + 16);
            while (text.Length < length)
            {
                // Small numbers come much more often than large ones, as words do.
                int rank = (int)(20_000 * Math.Pow(random.NextDouble(), 4));
                text.Append(CultureInfo.InvariantCulture, $"w{rank:x} ");
            }

            yield return new MessageRecord { Ordinal = i, Role = i % 2 == 0 ? "user" : "assistant", Content = text.ToString(), ContentLength = text.Length };
        }
    }

    public SyncRun Exchange(string target)
    {
        SyncRun run = new SyncEngine(Options)
            .ExchangeAsync(new ExchangeRequest { Target = target }, NullObserver.Instance, CancellationToken.None).GetAwaiter().GetResult();
        return run.Status == RunStatus.Succeeded ? run : throw new InvalidOperationException($"{run.Status} {run.ErrorCode}: {run.ErrorMessage}");
    }

    /// <summary>Runs parts of an exchange by themselves.</summary>
    public void Within(Action<ExchangeContext> work)
    {
        using ArchiveDatabase archive = ArchiveDatabase.Open(Options, ArchiveMode.Create);
        using var run = RunRecorder.Begin(archive, id => new RunStart(id, RunKind.Exchange), NullObserver.Instance, CancellationToken.None);
        var exchange = new ExchangeContext(archive, run, NullObserver.Instance, full: false);
        exchange.OwnOrigin = OriginAdoption.Ensure(archive, null, [], initialize: false, CancellationToken.None);
        work(exchange);
        run.Finish();
    }
}
