using System.Diagnostics;
using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Crasher;

/// <summary>Begins a run, takes the lease, writes a session, and is killed: with the lease, inside the second write, or after its commit.</summary>
internal static class ArchiveWrite
{
    public static void Run(string folder, string point)
    {
        var archive = ArchiveDatabase.Open(new EngineOptions { ArchivePath = folder }, ArchiveMode.Create);
        using (var ledger = archive.BeginLedger())
        {
            RunTable.Insert(ledger.Db, new RunStart("run-killed", RunKind.Exchange), ProcessIdentity.Current, DateTimeOffset.UtcNow);
            ledger.Commit();
        }

        var lease = archive.AcquireLease("run-killed", TimeSpan.FromSeconds(10), CancellationToken.None);
        Write(lease, "first", () => { });
        KillAt("lease", point);
        Write(lease, "second", () => KillAt("inside", point));
        KillAt("commit", point);
    }

    // Enough that SQLite spills pages of the open transaction into its log.
    private static void Write(Lease lease, string id, Action beforeCommit)
    {
        using var transaction = lease.Begin();
        var row = new SessionRow { Own = true, Session = new SessionRecord { Id = id } };
        MessageTable.Replace(transaction.Db, SessionTable.Put(transaction.Db, row), Enumerable.Range(0, 2000).Select(Message), []);
        transaction.Db.ExecuteScript("PRAGMA cache_size = 10");
        TextIndex.AddNew(transaction.Db);
        beforeCommit();
        transaction.Commit();
    }

    private static MessageRecord Message(int ordinal) =>
        new() { Ordinal = ordinal, Role = "user", Content = string.Join(' ', Enumerable.Range(ordinal, 200)) };

    private static void KillAt(string here, string point)
    {
        if (here == point)
        {
            Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite); // the signal ends it here
        }
    }
}
