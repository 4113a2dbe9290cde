using ArtifactSync.Archive;
using ArtifactSync.Bench.Data;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>
/// A run with nothing to do, with few and with many sessions, and a run with one changed session. The run right after a
/// publication lists the target once more ("settle"), since our own writes moved its directories' times; from then on it
/// is not listed.
/// </summary>
internal sealed class NoopScenario : IScenario
{
    private static readonly TimeSpan PastCoarseTimes = TimeSpan.FromSeconds(2.2);

    public string Name => "noop";

    public int DefaultCount => 50_000;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        double few = 0;
        foreach (int sessions in (int[])[Math.Max(1, context.Count / 10), context.Count])
        {
            string share = context.PathOf($"share-{sessions}");
            var machine = new Machine(context, $"archive-{sessions}");
            machine.Seed(sessions, messages: 2, length: 100);
            machine.Exchange(share);
            Thread.Sleep(PastCoarseTimes);
            var (settle, settlePeak) = BenchContext.Measure(() => machine.Exchange(share));
            yield return new BenchResult($"noop-settle-{sessions}", settle, settlePeak);

            // Milliseconds: the median of several, since a ratio of two single ones says nothing.
            var runs = Enumerable.Range(0, 7).Select(_ => BenchContext.Measure(() => machine.Exchange(share))).OrderBy(run => run.Seconds).ToList();
            var (seconds, peak) = (runs[runs.Count / 2].Seconds, runs.Max(run => run.PeakMb));
            // The peer of the many is the few: the ratio is the growth.
            yield return new BenchResult($"noop-{sessions}", seconds, peak, few > 0 ? $"noop-{context.Count / 10}" : null, few > 0 ? few : null);
            few = seconds;

            if (sessions == context.Count)
            {
                Change(machine);
                var (change, changePeak) = BenchContext.Measure(() => machine.Exchange(share));
                yield return new BenchResult("one-change", change, changePeak);
            }
        }
    }

    private static void Change(Machine machine)
    {
        using ArchiveDatabase archive = ArchiveDatabase.Open(machine.Options, ArchiveMode.ReadWrite);
        using Lease lease = archive.AcquireLease("bench", machine.Options.LeaseTimeout, CancellationToken.None);
        using WriteTransaction transaction = lease.Begin();
        Machine.Write(transaction.Db, "5eed0000-0000-4000-8000-000000000007", Machine.Messages(-7, 3, 100));
        transaction.Commit();
    }
}
