using ArtifactSync.Archive;
using ArtifactSync.Bench.Data;
using ArtifactSync.Sync;
using ArtifactSync.Transcripts;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>Transcripts into an empty archive, and the same again unchanged; beside jq, which only reads them.</summary>
internal sealed class ImportScenario : IScenario
{
    public string Name => "import";

    public int DefaultCount => 2000;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        string transcripts = context.PathOf("transcripts");
        long bytes = new TranscriptGenerator(1).Write(transcripts, context.Count);
        Console.Error.WriteLine($"import: {context.Count} transcripts, {bytes / 1e6:0} MB");

        const string peer = "jq -c .";
        double peerSeconds = BenchContext.Peer($"find '{transcripts}' -name '*.jsonl' -print0 | xargs -0 {peer} > /dev/null");
        var (first, firstPeak) = BenchContext.Measure(() => Import(context, transcripts, "Imported"));
        yield return new BenchResult(Name, first, firstPeak, peer, peerSeconds);

        var (second, secondPeak) = BenchContext.Measure(() => Import(context, transcripts, "Unchanged"));
        yield return new BenchResult(Name + "-unchanged", second, secondPeak);
    }

    private static void Import(BenchContext context, string transcripts, string expected)
    {
        var options = new EngineOptions { ArchivePath = context.PathOf("archive") };
        using ArchiveDatabase archive = ArchiveDatabase.Open(options, ArchiveMode.Create);
        using Lease lease = archive.AcquireLease("bench", options.LeaseTimeout, CancellationToken.None);
        var request = new ImportRequest { Paths = [transcripts] };
        int done = TranscriptImporter.Import(archive, lease, request, NullObserver.Instance, CancellationToken.None)
            .Count(r => r.Status == expected);
        if (done != context.Count)
        {
            throw new InvalidOperationException($"{done} of {context.Count} files were '{expected}'.");
        }
    }
}
