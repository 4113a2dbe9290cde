using ArtifactSync.Bench.Data;
using ArtifactSync.Publish;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>Artifacts of the local store to an empty folder target; beside rsync -a and sync -f of the same files.</summary>
internal sealed class FolderScenario : IScenario
{
    public string Name => "folder";

    /// <summary>Sessions of one segment and one manifest each.</summary>
    public int DefaultCount => 10_000;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        var machine = new Machine(context, "archive");
        machine.Seed(context.Count, messages: 4, length: 2_000);
        machine.Within(exchange => new Publisher(exchange, exchange.OwnOrigin!).Run(CancellationToken.None));
        BenchContext.Peer($"sync -f '{context.Folder}'");

        var (seconds, peak) = BenchContext.Measure(() => machine.Within(exchange => Push(exchange, context.PathOf("share"))));
        double peerSeconds = BenchContext.Peer(
            $"rsync -a '{context.PathOf("archive", "artifacts")}/' '{context.PathOf("peer")}/' && sync -f '{context.PathOf("peer")}'");
        yield return new BenchResult(Name, seconds, peak, "rsync -a && sync -f", peerSeconds);
    }

    private static void Push(ExchangeContext exchange, string share)
    {
        ITransport folder = TransportFactory.Open(share, new TransportOptions { ArchiveFolder = exchange.Archive.Folder });
        var union = new StoreExchange(exchange, folder);
        union.PullAsync(CancellationToken.None).GetAwaiter().GetResult();
        union.PushAsync(CancellationToken.None).GetAwaiter().GetResult();
    }
}
