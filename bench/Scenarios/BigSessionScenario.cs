using ArtifactSync.Archive;
using ArtifactSync.Bench.Data;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>One session of 200 MB: published, sent, received and imported by another archive, in bounded memory.</summary>
internal sealed class BigSessionScenario : IScenario
{
    private const int MessageLength = 20_000;

    public string Name => "big-session";

    /// <summary>Messages of 20 KB.</summary>
    public int DefaultCount => 10_500;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        string share = context.PathOf("share");
        var owner = new Machine(context, "owner");
        using (ArchiveDatabase archive = ArchiveDatabase.Open(owner.Options, ArchiveMode.Create))
        using (Lease lease = archive.AcquireLease("bench", owner.Options.LeaseTimeout, CancellationToken.None))
        using (WriteTransaction transaction = lease.Begin())
        {
            Machine.Write(transaction.Db, "b16b00b5-0000-4000-8000-000000000001", Machine.Messages(1, context.Count, MessageLength));
            transaction.Commit();
        }

        var (publish, publishPeak) = BenchContext.Measure(() => owner.Exchange(share));
        yield return new BenchResult("big-session-publish", publish, publishPeak);
        var (import, importPeak) = BenchContext.Measure(() => new Machine(context, "reader").Exchange(share));
        yield return new BenchResult("big-session-import", import, importPeak);
    }
}
