using System.Diagnostics;
using System.Globalization;
using System.Security;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>
/// A surgical run of issues with 50 notes each against a server on loopback that takes 20 ms to answer, ingest and documents
/// included; the peer fetches the same addresses with <c>curl --parallel</c> at the same parallelism. The fastest of three each.
/// </summary>
internal sealed class SurgicalScenario : IScenario
{
    private const int Notes = 50;
    private const int Parallel = SurgicalRequest.DefaultParallel;
    private const string Token = "bench-token";

    public string Name => "surgical";

    public int DefaultCount => 100;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        using var server = Start(context.Count);
        var url = server.StandardOutput.ReadLine()!;
        try
        {
            var curl = Curl(context, url);
            var (seconds, peak, peer) = (double.MaxValue, 0.0, double.MaxValue);
            for (var round = 0; round < 3; round++)
            {
                peer = Math.Min(peer, BenchContext.Peer(curl));
                var archive = context.PathOf($"archive-{round}");
                var measured = BenchContext.Measure(() => Bring(archive, url, context.Count));
                (seconds, peak) = (Math.Min(seconds, measured.Seconds), Math.Max(peak, measured.PeakMb));
            }
            yield return new BenchResult("surgical", seconds, peak, $"curl --parallel --parallel-max {Parallel}", peer);
        }
        finally
        {
            server.StandardInput.Close();
            server.WaitForExit();
        }
    }

    private static Process Start(int issues)
    {
        string[] args =
        [
            Path.Combine(AppContext.BaseDirectory, "ArtifactSync.FakeGitLab.dll"), "--issues", Text(issues), "--notes", Text(Notes), "--latency", "20",
            "--token", Token,
        ];
        return Process.Start(new ProcessStartInfo("dotnet", args) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })!;
    }

    private static void Bring(string archive, string url, int issues)
    {
        using var token = new SecureString();
        foreach (var c in Token)
        {
            token.AppendChar(c);
        }
        var request = new SurgicalRequest
        {
            GitLabUri = url,
            Project = "group/app",
            Items = [.. Enumerable.Range(1, issues).Select(iid => new TrackedItem(TrackedItem.Issue, iid))],
            Token = token,
            MaxEntities = issues,
            Parallel = Parallel,
        };
        // Where the time goes, for whoever looks at the bench by hand.
        var watch = Stopwatch.StartNew();
        var options = new EngineOptions
        {
            ArchivePath = archive,
            Checkpoint = step => Console.Error.Write(step.StartsWith("phase:", StringComparison.Ordinal) ? $"  {step[6..]} at {watch.ElapsedMilliseconds} ms" : ""),
        };
        var run = new SyncEngine(options)
            .SurgicalAsync(request, NullObserver.Instance, CancellationToken.None).GetAwaiter().GetResult();
        if (run.Status != RunStatus.Succeeded || run.Counters.DocumentsRegenerated != issues)
        {
            throw new InvalidOperationException($"The run {run.Status}: {run.ErrorMessage}");
        }
    }

    /// <summary>The same requests, from a file of addresses.</summary>
    private static string Curl(BenchContext context, string url)
    {
        string[] lists = ["", "/discussions", "/resource_label_events", "/resource_state_events", "/resource_milestone_events"];
        var paths = Enumerable.Range(1, context.Count)
            .SelectMany(iid => lists.Select(list => $"projects/42/issues/{Text(iid)}{list}{(list.Length > 0 ? "?per_page=100&page=1" : "")}"))
            .Prepend("projects/group%2Fapp").Prepend("user");
        var file = context.PathOf("urls");
        File.WriteAllLines(file, paths.SelectMany(path => (string[])[$"url = \"{url}/api/v4/{path}\"", "output = \"/dev/null\""]));
        return $"curl --silent --fail --parallel --parallel-max {Parallel} --header 'Authorization: Bearer {Token}' --config '{file}'";
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
