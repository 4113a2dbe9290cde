using System.Diagnostics;
using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Crasher;

/// <summary>
/// Runs of the retention plane that are killed at their n-th step, and a machine that edits and exchanges while another
/// process collects.
/// </summary>
internal static class RetentionSteps
{
    /// <summary><c>--retention collect|repair|reset archive target step</c>; prints the number of steps.</summary>
    public static async Task<int> RunAsync(string what, string archive, string target, int killAt)
    {
        int steps = 0;
        var engine = new SyncEngine(new EngineOptions
        {
            ArchivePath = archive,
            Checkpoint = _ =>
            {
                if (Interlocked.Increment(ref steps) == killAt)
                {
                    Process.GetCurrentProcess().Kill();
                    Thread.Sleep(Timeout.Infinite); // the signal ends it here
                }
            },
        });
        SyncRun run = await Work(engine, what, target);
        Console.WriteLine(steps.ToString(CultureInfo.InvariantCulture));
        if (run.Status != RunStatus.Succeeded)
        {
            Console.Error.WriteLine($"{run.Status} {run.ErrorCode}: {run.ErrorMessage}");
        }
        return run.Status == RunStatus.Succeeded ? 0 : 1;
    }

    /// <summary>
    /// <c>--exchanges archive target rounds</c>: each round edits a session back and forth, so that content that was stale
    /// becomes live again, and exchanges.
    /// </summary>
    public static async Task<int> ExchangeAsync(string folder, string target, int rounds)
    {
        var options = new EngineOptions { ArchivePath = folder };
        for (int round = 0; round < rounds; round++)
        {
            Write(options, $"s{round % 3}", $"version {round % 4}");
            SyncRun run = await new SyncEngine(options).ExchangeAsync(
                new ExchangeRequest { Target = target, NoCollect = true }, NullObserver.Instance, CancellationToken.None);
            if (run.Status is not (RunStatus.Succeeded or RunStatus.Partial))
            {
                Console.Error.WriteLine($"round {round}: {run.Status} {run.ErrorCode}: {run.ErrorMessage}");
                return 1;
            }
            Console.WriteLine($"{round} {run.Status}");
        }
        return 0;
    }

    private static Task<SyncRun> Work(SyncEngine engine, string what, string target) => what switch
    {
        "collect" => engine.CollectAsync(
            new CollectRequest { Targets = [target], GracePeriod = TimeSpan.Zero, QuarantineGracePeriod = TimeSpan.Zero },
            static _ => ValueTask.CompletedTask, NullObserver.Instance, CancellationToken.None),
        "repair" => engine.RepairAsync(
            new RepairRequest { Targets = [target] }, static _ => ValueTask.CompletedTask, NullObserver.Instance, CancellationToken.None),
        _ => engine.ResetAsync(whatIf: false, static _ => ValueTask.CompletedTask, NullObserver.Instance, CancellationToken.None),
    };

    private static void Write(EngineOptions options, string id, string text)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.Create);
        using var lease = archive.AcquireLease("test", options.LeaseTimeout, CancellationToken.None);
        using var transaction = lease.Begin();
        var session = new SessionRecord { Id = id, Project = "p", Agent = "claude", MessageCount = 1, CreatedAt = "2026-06-01T00:00:00Z" };
        long sid = SessionTable.Put(transaction.Db, new SessionRow { Own = true, Session = session });
        MessageTable.Replace(transaction.Db, sid, [new MessageRecord { Ordinal = 0, Role = "user", Content = text }], []);
        transaction.Commit();
    }
}
