using System.Globalization;
using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Bench.Data;
using ArtifactSync.Peer;
using ArtifactSync.Publish;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>
/// Artifacts of the local store to a listener of this machine; beside curl posting the same files with the same parallelism
/// to a fresh listener.
/// </summary>
internal sealed class HttpScenario : IScenario
{
    private const int Rounds = 3;

    public string Name => "http";

    /// <summary>Artifacts: a segment and a manifest for each session, about 200 MB.</summary>
    public int DefaultCount => 2_000;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        var machine = new Machine(context, "archive");
        machine.Seed(context.Count / 2, messages: 20, length: 22_500);
        machine.Within(exchange => new Publisher(exchange, exchange.OwnOrigin!).Run(CancellationToken.None));
        List<CatalogEntry> entries = [];
        machine.Within(exchange => entries = [.. CatalogTable.ListAfter(exchange.Archive.Reader, 0)]);
        Console.Error.WriteLine($"  {entries.Count} artifacts, {entries.Sum(entry => entry.WireSize) / 1e6:0} MB, {machine.Options.ThrottleLimit} at once");
        BenchContext.Peer($"sync -f '{context.Folder}'");

        // In turns, medians: the disk remembers what was written before.
        var ours = new List<(double Seconds, double PeakMb)>();
        var theirs = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            theirs.Add(Serve(context, $"peer-{round}", uri => BenchContext.Peer(Curl(context, machine, entries, uri))));
            ours.Add(Serve(context, $"target-{round}", uri => BenchContext.Measure(() => machine.Within(exchange => Push(exchange, uri)))));
        }

        yield return new BenchResult(
            Name, ours.Select(run => run.Seconds).Order().ElementAt(Rounds / 2), ours.Max(run => run.PeakMb), "curl --parallel -K list",
            theirs.Order().ElementAt(Rounds / 2));
    }

    private static T Serve<T>(BenchContext context, string name, Func<Uri, T> work)
    {
        var options = new PeerListenOptions { Engine = new EngineOptions { ArchivePath = context.PathOf(name) }, Uris = [new Uri("http://127.0.0.1:0/")] };
        PeerListener listener = PeerListener.StartAsync(options, CancellationToken.None).GetAwaiter().GetResult();
        try
        {
            T result = work(listener.Info.Uri);
            Console.Error.WriteLine($"  {name}: {listener.Info.Received} received");
            return result;
        }
        finally
        {
            listener.StopAsync().GetAwaiter().GetResult();
            BenchContext.Peer($"rm -rf '{context.PathOf(name)}' && sync -f '{context.Folder}'");
        }
    }

    /// <summary>As an exchange does, without what the listener does afterwards in either case: import.</summary>
    private static void Push(ExchangeContext exchange, Uri uri)
    {
        ITransport peer = TransportFactory.Open(uri.ToString(), new TransportOptions
        {
            ArchiveFolder = exchange.Archive.Folder, ThrottleLimit = exchange.Options.ThrottleLimit,
        });
        var union = new StoreExchange(exchange, peer);
        union.PullAsync(CancellationToken.None).GetAwaiter().GetResult();
        union.PushAsync(CancellationToken.None).GetAwaiter().GetResult();
        peer.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private static string Curl(BenchContext context, Machine machine, List<CatalogEntry> entries, Uri uri)
    {
        var list = new StringBuilder();
        foreach (CatalogEntry entry in entries.OrderBy(entry => entry.Artifact.Kind))
        {
            list.Append(list.Length == 0 ? "" : "next\n").Append(CultureInfo.InvariantCulture, $"""
                url = "{uri}api/v1/artifacts/{entry.Artifact.Path}"
                data-binary = "@{context.PathOf("archive", "artifacts", entry.Artifact.Path)}"
                header = "Content-Type: application/octet-stream"
                header = "Origin: {uri.GetLeftPart(UriPartial.Authority)}"
                header = "X-Agentsview-Artifact-Import: deferred"
                output = "/dev/null"
                fail

                """);
        }
        string file = context.PathOf($"curl-{uri.Port}.txt");
        File.WriteAllText(file, list.ToString());
        return $"curl --silent --show-error --parallel --parallel-max {machine.Options.ThrottleLimit} -K '{file}'";
    }
}
