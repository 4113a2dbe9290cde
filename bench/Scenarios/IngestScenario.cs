using ArtifactSync.Archive;
using ArtifactSync.Bench.Data;
using ArtifactSync.Ingest;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>Local store to an empty archive's rows; beside the sqlite3 shell inserting the same rows in one transaction.</summary>
internal sealed class IngestScenario : IScenario
{
    private const string Tables = "sessions messages tool_calls tool_result_events usage_events";
    private const string TextIndex = "INSERT INTO message_text(rowid, content) SELECT mid, content FROM messages;";

    public string Name => "ingest";

    public int DefaultCount => 2000;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        string share = context.PathOf("share");
        var publisher = new Machine(context, "publisher");
        publisher.Import(context.Count);
        publisher.Exchange(share);

        var machine = new Machine(context, "archive");
        machine.Within(exchange => Pull(exchange, share));
        var (seconds, peak) = BenchContext.Measure(() => machine.Within(exchange => new Ingester(exchange).Run(CancellationToken.None)));

        string database = context.PathOf("archive", "archive.db");
        // The peer's file is an empty archive with all that belongs to its schema; what is timed is the insertion alone.
        ArchiveDatabase.Open(new EngineOptions { ArchivePath = context.PathOf("peer") }, ArchiveMode.Create).Dispose();
        string peerDatabase = context.PathOf("peer", "archive.db");
        string rows = context.PathOf("rows.sql");
        BenchContext.Peer(
            $"(echo 'PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA foreign_keys=OFF; BEGIN;';"
            + $" for t in {Tables}; do sqlite3 '{database}' \".dump --data-only $t\" | grep -v -E '^(PRAGMA|BEGIN|COMMIT)'; done; echo '{TextIndex} COMMIT;') > '{rows}'");
        double peerSeconds = BenchContext.Peer($"sqlite3 '{peerDatabase}' < '{rows}'");
        BenchContext.Peer(
            $"test $(sqlite3 '{peerDatabase}' 'SELECT count(*) FROM messages') = $(sqlite3 '{database}' 'SELECT count(*) FROM messages')");
        yield return new BenchResult(Name, seconds, peak, "sqlite3 < rows.sql", peerSeconds);
    }

    private static void Pull(ExchangeContext exchange, string share)
    {
        ITransport folder = TransportFactory.Open(share, new TransportOptions { ArchiveFolder = exchange.Archive.Folder });
        new StoreExchange(exchange, folder).PullAsync(CancellationToken.None).GetAwaiter().GetResult();
    }
}
