using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace ArtifactSync.Bench;

/// <summary><c>dotnet run -c Release --project bench -- &lt;scenario|all&gt; [--sessions N]</c></summary>
internal static class Runner
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static int Run(string[] args)
    {
        List<IScenario> scenarios = [.. typeof(Runner).Assembly.GetTypes()
            .Where(t => t is { IsClass: true, IsAbstract: false } && typeof(IScenario).IsAssignableFrom(t))
            .Select(t => (IScenario)Activator.CreateInstance(t)!).OrderBy(s => s.Name, StringComparer.Ordinal)];
        int at = Array.IndexOf(args, "--sessions");
        int? count = at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : null;
        string name = args.Length > 0 ? args[0] : "";
        if (name == "all")
        {
            // A process each: the peak of one must not hide the peak of another.
            return scenarios.Max(s => Child([s.Name, .. args[1..]]));
        }

        if (scenarios.Find(s => s.Name == name) is not { } scenario)
        {
            Console.Error.WriteLine($"usage: bench <{string.Join('|', scenarios.Select(s => s.Name))}|all> [--sessions N]");
            return 2;
        }

        Measure(scenario, count ?? scenario.DefaultCount);
        return 0;
    }

    private static void Measure(IScenario scenario, int count)
    {
        string folder = Directory.CreateTempSubdirectory("artifactsync-bench-").FullName;
        try
        {
            foreach (BenchResult result in scenario.Run(new BenchContext(folder, count)))
            {
                Console.WriteLine(JsonSerializer.Serialize(
                    new
                    {
                        result.Scenario,
                        Seconds = Math.Round(result.Seconds, 3),
                        result.Peer,
                        PeerSeconds = Round(result.PeerSeconds, 3),
                        Ratio = Round(result.Ratio, 2),
                        PeakMb = Math.Round(result.PeakMb, 1),
                        result.Requests,
                    },
                    Json));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double? Round(double? value, int digits) => value is { } v ? Math.Round(v, digits) : null;

    private static int Child(string[] args)
    {
        // Started as `dotnet x.dll` or as the executable beside it.
        string self = Environment.ProcessPath!;
        string[] start = Path.GetFileNameWithoutExtension(self) == "dotnet" ? [typeof(Runner).Assembly.Location, .. args] : args;
        using Process process = Process.Start(new ProcessStartInfo(self, start))!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
