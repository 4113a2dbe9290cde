using ArtifactSync.Bench.Data;
using ArtifactSync.Publish;
using ArtifactSync.Sync;
using ArtifactSync.Transport;
using ArtifactSync.Transport.S3;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>
/// Artifacts of the local store to an empty prefix of a real gateway, beside rclone with the same parallelism; then an
/// exchange with nothing to do where twenty times as many lie, whose requests are counted.
/// </summary>
internal sealed class S3Scenario : IScenario
{
    private const int Rounds = 3;
    private const int Parallel = 8;
    private const int NoopFactor = 20;

    public string Name => "s3";

    /// <summary>Artifacts: half as many sessions of one segment and one manifest each.</summary>
    public int DefaultCount => 2_500;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        using var server = new S3Server();
        var machine = Published(context, "archive", context.Count / 2);
        var ours = new List<(double Seconds, double PeakMb)>();
        var theirs = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            string artifacts = context.PathOf("archive", "artifacts"), prefix = $"peer-{round}";
            theirs.Add(BenchContext.Peer(S3Server.Rclone(artifacts, prefix, Parallel)));
            string target = $"s3://{S3Server.Bucket}/ours-{round}";
            ours.Add(BenchContext.Measure(() => Exchange(machine, target)));
        }

        yield return new BenchResult(
            Name, ours.Select(run => run.Seconds).Order().ElementAt(Rounds / 2), ours.Max(run => run.PeakMb), $"rclone copy --transfers {Parallel}",
            theirs.Order().ElementAt(Rounds / 2));

        int many = context.Count * NoopFactor;
        var full = Published(context, "archive-full", many / 2);
        string fullTarget = $"s3://{S3Server.Bucket}/full";
        var (fill, fillPeak) = BenchContext.Measure(() => Exchange(full, fullTarget));
        yield return new BenchResult($"s3-fill-{many}", fill, fillPeak);
        Exchange(full, fullTarget); // compares the checkpoint that was sent, once
        long requests = 0;
        var (noop, noopPeak) = BenchContext.Measure(() => requests = Exchange(full, fullTarget));
        yield return new BenchResult($"s3-noop-{many}", noop, noopPeak) { Requests = requests };
    }

    private static Machine Published(BenchContext context, string name, int sessions)
    {
        var machine = new Machine(context, name) { ThrottleLimit = Parallel };
        machine.Seed(sessions, messages: 4, length: 2_000);
        machine.Within(exchange => new Publisher(exchange, exchange.OwnOrigin!).Run(CancellationToken.None));
        return machine;
    }

    /// <summary>Both halves of an exchange. Returns the requests that it took.</summary>
    private static long Exchange(Machine machine, string target)
    {
        long requests = 0;
        machine.Within(exchange =>
        {
            var options = S3Server.Options(exchange.Archive.Folder, Parallel) with { Stores = new ArchiveStoreMemory(exchange.Archive) };
            var bucket = new S3Transport(target, options);
            Task.Run(async () =>
            {
                await using var transport = TransportFactory.Decorate(bucket, options);
                var union = new StoreExchange(exchange, transport);
                await union.PullAsync(CancellationToken.None);
                await union.PushAsync(CancellationToken.None);
                await transport.CompleteAsync(CancellationToken.None);
            }).GetAwaiter().GetResult();
            requests = bucket.Requests;
        });
        return requests;
    }
}
