using ArtifactSync.Bench.Data;
using ArtifactSync.Publish;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>Rows to local store; beside sha256sum and then zstd -3 on the same canonical bytes.</summary>
internal sealed class PublishScenario : IScenario
{
    public string Name => "publish";

    /// <summary>Sessions of about 87 KB canonical bytes: more than 200 MB.</summary>
    public int DefaultCount => 2400;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        var machine = new Machine(context, "archive");
        machine.Import(context.Count);
        var (seconds, peak) = BenchContext.Measure(() => machine.Within(exchange =>
            new Publisher(exchange, exchange.OwnOrigin!).Run(CancellationToken.None)));
        string decoded = context.PathOf("decoded");
        long bytes = Decode(context.PathOf("archive", "artifacts"), decoded);
        Console.Error.WriteLine($"publish: {bytes / 1e6:0} MB canonical");
        const string peer = "sha256sum; zstd -3 -T1";
        double peerSeconds = BenchContext.Peer(
            $"cd '{decoded}' && ls | xargs sha256sum > /dev/null && mkdir ../zst && ls | xargs zstd -3 -T1 -q --output-dir-flat ../zst && sync -f ../zst");
        yield return new BenchResult(Name, seconds, peak, peer, peerSeconds);
    }

    private static long Decode(string store, string folder)
    {
        Directory.CreateDirectory(folder);
        long bytes = 0;
        foreach (string file in Directory.EnumerateFiles(store, "*.zst", SearchOption.AllDirectories))
        {
            using FileStream wire = File.OpenRead(file);
            using Stream decoded = ArtifactCodec.OpenDecoded(ArtifactKind.Segments, wire);
            using FileStream plain = File.Create(Path.Combine(folder, Path.GetFileNameWithoutExtension(file)));
            decoded.CopyTo(plain);
            bytes += plain.Length;
        }

        return bytes;
    }
}
