using ArtifactSync.Bench.Data;
using ArtifactSync.Model;
using ArtifactSync.Publish;
using ArtifactSync.Sync;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>
/// A store of which half is stale: the plan beside find, which looks at the same files, and the sweep beside xargs rm of the
/// same files in a copy. The sweep is a whole collection less its plan.
/// </summary>
internal sealed class GcScenario : IScenario
{
    private const int Rounds = 3;

    public string Name => "gc";

    /// <summary>Artifacts; a session has two, and two versions.</summary>
    public int DefaultCount => 200_000;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        var machine = new Machine(context, "archive");
        foreach (int version in (int[])[1, 2])
        {
            machine.Seed(context.Count / 4, messages: version, length: 100);
            machine.Within(exchange => new Publisher(exchange, exchange.OwnOrigin!).Run(CancellationToken.None));
        }

        string store = context.PathOf("archive", "artifacts"), copy = context.PathOf("copy"), list = context.PathOf("stale");
        BenchContext.Peer($"cp -a '{store}' '{copy}' && sync -f '{copy}'");

        // In turns, medians: what others do to the disk meanwhile hits both alike.
        var (finds, plans) = (new List<double>(), new List<(double Seconds, double PeakMb)>());
        for (int round = 0; round < Rounds; round++)
        {
            finds.Add(BenchContext.Peer($"find '{store}' -type f -printf '%p %s %T@\\n' > /dev/null"));
            plans.Add(BenchContext.Measure(() => Collect(machine, whatIf: true, null)));
        }

        double plan = plans.Select(run => run.Seconds).Order().ElementAt(Rounds / 2);
        yield return new BenchResult("gc-plan", plan, plans.Max(run => run.PeakMb), "find -printf", finds.Order().ElementAt(Rounds / 2));

        Collect(machine, whatIf: true, list);
        double remove = BenchContext.Peer($"cd '{copy}' && xargs rm < '{list}'");
        var (seconds, peak) = BenchContext.Measure(() => Collect(machine, whatIf: false, null));
        Console.Error.WriteLine($"  the whole collection {seconds:0.00} s");
        yield return new BenchResult("gc-sweep", seconds - plan, peak, "xargs rm", remove);
        yield return new BenchResult("gc-whole", seconds, peak, "xargs rm", remove);
    }

    private static void Collect(Machine machine, bool whatIf, string? list)
    {
        using StreamWriter? writer = list is null ? null : new StreamWriter(list);
        long count = 0;
        SyncRun run = new SyncEngine(machine.Options).CollectAsync(
            new CollectRequest { GracePeriod = TimeSpan.Zero, WhatIf = whatIf },
            stale =>
            {
                count++;
                writer?.WriteLine($"{stale.Origin}/{Wire.ArtifactName.KindDirectory(stale.Kind)}/{stale.Name}");
                return ValueTask.CompletedTask;
            },
            NullObserver.Instance, CancellationToken.None).GetAwaiter().GetResult();
        if (run.Status is not (RunStatus.Planned or RunStatus.Succeeded) || count == 0)
        {
            throw new InvalidOperationException($"{run.Status} {run.ErrorCode}: {run.ErrorMessage}; {count} artifacts");
        }
    }
}
