using ArtifactSync.Bench.Data;
using ArtifactSync.Publish;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>Artifacts of the local store to an empty folder target; beside rsync -a and sync -f of the same files.</summary>
internal sealed class FolderScenario : IScenario
{
    private const int Rounds = 3;

    public string Name => "folder";

    /// <summary>Sessions of one segment and one manifest each.</summary>
    public int DefaultCount => 10_000;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        var machine = new Machine(context, "archive");
        machine.Seed(context.Count, messages: 4, length: 2_000);
        machine.Within(exchange => new Publisher(exchange, exchange.OwnOrigin!).Run(CancellationToken.None));
        BenchContext.Peer($"sync -f '{context.Folder}'");

        // In turns, medians: what a file system does after many files were deleted hits whoever comes first.
        var ours = new List<(double Seconds, double PeakMb)>();
        var theirs = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            string share = context.PathOf($"share-{round}"), peer = context.PathOf($"peer-{round}");
            theirs.Add(BenchContext.Peer($"rsync -a '{context.PathOf("archive", "artifacts")}/' '{peer}/' && sync -f '{peer}'"));
            ours.Add(BenchContext.Measure(() => machine.Within(exchange => Push(exchange, share))));
        }

        yield return new BenchResult(
            Name, ours.Select(run => run.Seconds).Order().ElementAt(Rounds / 2), ours.Max(run => run.PeakMb), "rsync -a && sync -f",
            theirs.Order().ElementAt(Rounds / 2));
    }

    private static void Push(ExchangeContext exchange, string share)
    {
        ITransport folder = TransportFactory.Open(share, new TransportOptions { ArchiveFolder = exchange.Archive.Folder });
        var union = new StoreExchange(exchange, folder);
        union.PullAsync(CancellationToken.None).GetAwaiter().GetResult();
        union.PushAsync(CancellationToken.None).GetAwaiter().GetResult();
    }
}
