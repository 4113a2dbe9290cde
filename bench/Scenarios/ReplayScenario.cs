using System.Globalization;
using System.Security.Cryptography;
using ArtifactSync.Archive;
using ArtifactSync.Bench.Data;
using ArtifactSync.Metadata;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>
/// Foreign events of the local store applied to sessions, ten each, by two origins that disagree now and then; beside the
/// sqlite3 shell inserting as many rows, each with the bytes of one event, in one transaction into a table with a key.
/// </summary>
internal sealed class ReplayScenario : IScenario
{
    private const int EventsPerSession = 10;
    private const int FilesPerBatch = 5000;
    private static readonly string[] Origins = ["alpha-0a1b2c", "bravo-3d4e5f"];

    public string Name => "replay";

    /// <summary>Sessions; ten events each.</summary>
    public int DefaultCount => 10_000;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        var machine = new Machine(context, "archive");
        List<(ArtifactRef Artifact, byte[] Bytes)> events = [.. Events(context.Count)];
        machine.Within(exchange =>
        {
            Seed(exchange, context.Count);
            Store(exchange, events);
        });

        var (seconds, peak) = Replay(machine, expected: events.Count);
        var (again, againPeak) = Replay(machine, expected: 0);

        yield return new BenchResult(Name, seconds, peak, "sqlite3 < rows.sql", Peer(context, events));
        yield return new BenchResult("replay-again", again, againPeak);
    }

    private static (double Seconds, double PeakMb) Replay(Machine machine, long expected)
    {
        ReplayResult? result = null;
        var measured = (0.0, 0.0);
        machine.Within(exchange =>
        {
            using Lease lease = exchange.AcquireLease(CancellationToken.None);
            measured = BenchContext.Measure(() => result = MetadataReplay.Run(
                exchange.Archive, exchange.Store, exchange.OwnOrigin!, lease, NullObserver.Instance, CancellationToken.None));
        });
        Console.Error.WriteLine($"replay: {result!.Imported} applied or logged, {result.Deferred} deferred, {result.Quarantined} quarantined");
        return result.Deferred + result.Quarantined == 0 && (expected == 0) == (result.Imported == 0)
            ? measured
            : throw new InvalidOperationException("Not every event was applied.");
    }

    private static void Seed(ExchangeContext exchange, int sessions)
    {
        using Lease lease = exchange.AcquireLease(CancellationToken.None);
        using WriteTransaction transaction = lease.Begin();
        for (int i = 0; i < sessions; i++)
        {
            string id = SessionOf(i);
            long sid = SessionTable.Put(transaction.Db, new SessionRow
            {
                Own = false, Origin = Origins[0], Session = new SessionRecord { Id = id, Project = "bench", Agent = "claude" },
            });
            MessageTable.Replace(transaction.Db, sid, Machine.Messages(i, 4, 60), []);
        }

        transaction.Commit();
    }

    private static void Store(ExchangeContext exchange, List<(ArtifactRef Artifact, byte[] Bytes)> events)
    {
        using Lease lease = exchange.AcquireLease(CancellationToken.None);
        foreach (var some in events.Chunk(FilesPerBatch))
        {
            using StoreBatch batch = exchange.Store.BeginBatch();
            foreach (var (artifact, bytes) in some)
            {
                batch.Receive(artifact, new MemoryStream(bytes), CancellationToken.None);
            }

            batch.Commit(lease, CancellationToken.None);
        }
    }

    private static IEnumerable<(ArtifactRef Artifact, byte[] Bytes)> Events(int sessions)
    {
        var start = Hlc.FromTime(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        for (int i = 0; i < sessions * EventsPerSession; i++)
        {
            int session = i % sessions, edit = i / sessions;
            string origin = Origins[edit % 2];
            string hlc = new Hlc(start.Seconds + i, 0, 0).ToString();
            byte[] bytes = EventDocument.Encode(Event(edit, new MetadataEvent { Version = 1, Hlc = hlc, Origin = origin, SessionGid = SessionOf(session) }));
            yield return (ArtifactName.Meta(origin, $"{hlc}-{Convert.ToHexStringLower(SHA256.HashData(bytes))}"), bytes);
        }
    }

    private static MetadataEvent Event(int edit, MetadataEvent document)
    {
        document.Op = (edit % 5) switch { 0 => EventOp.Rename, 1 => EventOp.Star, 2 => EventOp.SoftDelete, 3 => EventOp.Restore, _ => EventOp.Pin };
        document.Value = document.Op == EventOp.Rename ? EditPlanner.RenameValue($"Title {edit}") : "";
        document.Pin = document.Op == EventOp.Pin ? new Pin { Ordinal = edit % 4, Note = "note" } : null;
        return document;
    }

    private static string SessionOf(int index) => string.Create(CultureInfo.InvariantCulture, $"{Origins[0]}~5eed0000-0000-4000-8000-{index:x12}");

    private static double Peer(BenchContext context, List<(ArtifactRef Artifact, byte[] Bytes)> events)
    {
        ArchiveDatabase.Open(new EngineOptions { ArchivePath = context.PathOf("peer") }, ArchiveMode.Create).Dispose();
        string database = context.PathOf("peer", "archive.db");
        using (StreamWriter rows = File.CreateText(context.PathOf("rows.sql")))
        {
            rows.WriteLine("PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; BEGIN;");
            rows.WriteLine("CREATE TABLE events(origin TEXT NOT NULL, name TEXT NOT NULL, bytes TEXT NOT NULL, PRIMARY KEY(origin, name)) WITHOUT ROWID;");
            foreach (var (artifact, bytes) in events)
            {
                string text = System.Text.Encoding.UTF8.GetString(bytes).Replace("'", "''", StringComparison.Ordinal);
                rows.WriteLine($"INSERT INTO events VALUES('{artifact.Origin}','{artifact.Name}','{text}');");
            }

            rows.WriteLine("COMMIT;");
        }

        return BenchContext.Peer($"sqlite3 '{database}' < '{context.PathOf("rows.sql")}'");
    }
}
