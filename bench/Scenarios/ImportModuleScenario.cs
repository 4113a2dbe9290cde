using System.Globalization;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>Import-Module of the packaged module in a fresh pwsh; beside an empty pwsh. What counts is the difference.</summary>
internal sealed class ImportModuleScenario : IScenario
{
    public string Name => "import-module";

    /// <summary>Starts of each.</summary>
    public int DefaultCount => 7;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        if (Shell.Module is not { } module)
        {
            Console.Error.WriteLine("import-module: skipped, there is no pwsh or no packaged module (out/ArtifactSync)");
            yield break;
        }

        var with = new List<double>();
        var without = new List<double>();
        for (int i = 0; i < context.Count; i++)
        {
            without.Add(BenchContext.Peer("pwsh -NoProfile -NonInteractive -Command 1"));
            with.Add(BenchContext.Peer($"pwsh -NoProfile -NonInteractive -Command \"Import-Module '{module}'\""));
        }

        double difference = Median(with) - Median(without);
        yield return new BenchResult(Name, difference, 0, string.Create(CultureInfo.InvariantCulture, $"empty pwsh (median of {context.Count})"), Median(without));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
