using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Bench.Data;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Peer;
using ArtifactSync.Sync;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>Memory mutations to the log that a listener of this machine serves, and from it into another archive, 100 a request.</summary>
internal sealed class MutationsScenario : IScenario
{
    public string Name => "mutations";

    /// <summary>Observations; the mark is 5,000 a second each way.</summary>
    public int DefaultCount => 20_000;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        var (sender, receiver, server) = (new Machine(context, "sender"), new Machine(context, "receiver"), new Machine(context, "server"));
        Seed(sender, context.Count);
        var listener = PeerListener.StartAsync(
            new PeerListenOptions { Engine = server.Options, Uris = [new Uri("http://127.0.0.1:0/")] }, CancellationToken.None).GetAwaiter().GetResult();
        try
        {
            var uri = new Uri(listener.Info.Uri.GetLeftPart(UriPartial.Authority));
            var (push, pushPeak) = BenchContext.Measure(() => Sync(sender, uri, context.Count, static sync => new MutationPush(sync).RunAsync(CancellationToken.None)));
            yield return Result("mutations-push", context.Count, push, pushPeak);
            var (pull, pullPeak) = BenchContext.Measure(() => Sync(receiver, uri, context.Count, static sync => new MutationPull(sync).RunAsync(CancellationToken.None)));
            yield return Result("mutations-pull", context.Count, pull, pullPeak);
        }
        finally
        {
            listener.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static BenchResult Result(string name, int count, double seconds, double peak)
    {
        Console.Error.WriteLine($"  {name}: {count / seconds:0} a second");
        return new BenchResult(name, seconds, peak, "none");
    }

    private static void Sync(Machine machine, Uri server, int count, Func<MemorySync, Task> work)
    {
        using ArchiveDatabase archive = ArchiveDatabase.Open(machine.Options, ArchiveMode.Create);
        using var api = new MutationClient(server, token: null);
        var sync = new MemorySync(archive, api, new MemorySyncSettings(), "bench", NullObserver.Instance);
        using (sync.Lease = CycleLease.AcquireAsync(archive, "bench", TimeSpan.Zero, CancellationToken.None).GetAwaiter().GetResult())
        {
            work(sync).GetAwaiter().GetResult();
        }

        long done = Math.Max(sync.Report.Pushed.Values.Sum(), sync.Report.Pulled.Values.Sum());
        if (done < count)
        {
            throw new InvalidOperationException($"{done} of {count}");
        }
    }

    private static void Seed(Machine machine, int count)
    {
        using ArchiveDatabase archive = ArchiveDatabase.Open(machine.Options, ArchiveMode.Create);
        using Lease lease = archive.AcquireLease("bench", machine.Options.LeaseTimeout, CancellationToken.None);
        using WriteTransaction transaction = lease.Begin();
        using var change = new ChangeContext(transaction.Db, archive.Clock, archive.Options.Random);
        MemoryProjectTable.Enroll(transaction.Db, "bench", change.NowMs);
        Backfill.Run(change, "bench");
        change.SaveSession(new MemorySession("s", "bench", "/bench", change.Now, null, null));
        int i = 0;
        foreach (var message in Machine.Messages(1, count - 1, 400))
        {
            change.SaveObservation(new Observation
            {
                SyncId = string.Create(CultureInfo.InvariantCulture, $"obs-{i:x16}"), SessionId = "s", Type = "decision", Title = $"title {i++}",
                Content = message.Content, Project = "bench", Scope = "project", RevisionCount = 1, DuplicateCount = 1, CreatedAt = change.Now, UpdatedAt = change.Now,
            });
        }

        change.Complete();
        transaction.Commit();
    }
}
