using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Sync;

/// <summary>One machine with an archive in a temporary folder.</summary>
internal sealed class TestMachine(string folder, string origin)
{
    public string Folder => folder;

    public string Origin => origin;

    public EngineOptions Options { get; init; } = new() { ArchivePath = folder };

    /// <summary>Writes or rewrites an own session with these message texts.</summary>
    public void Write(string id, params IReadOnlyList<string> texts) => Transact(db =>
    {
        var session = new SessionRecord { Id = id, Project = "p", Agent = "claude", MessageCount = texts.Count, CreatedAt = "2026-06-01T00:00:00Z" };
        var sid = SessionTable.Put(db, new SessionRow { Own = true, Session = session });
        MessageTable.Replace(db, sid, texts.Select((text, i) => new MessageRecord { Ordinal = i, Role = "user", Content = text }), []);
    });

    public void Transact(Action<Database> work)
    {
        using var archive = ArchiveDatabase.Open(Options, ArchiveMode.Create);
        using var lease = archive.AcquireLease("test", Options.LeaseTimeout, CancellationToken.None);
        using var transaction = lease.Begin();
        work(transaction.Db);
        transaction.Commit();
    }

    public T Read<T>(Func<Database, T> read)
    {
        using var archive = ArchiveDatabase.Open(Options, ArchiveMode.ReadWrite);
        return read(archive.Reader);
    }

    public SyncRun Exchange(string target, bool full = false) => Run(new ExchangeRequest { Target = target, OriginId = origin, Full = full });

    public SyncRun Run(ExchangeRequest request) =>
        new SyncEngine(Options).ExchangeAsync(request, NullObserver.Instance, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>Every session by the id that it has everywhere, with its messages: equal on all machines that converged.</summary>
    public SortedDictionary<string, string> Content() => Read(db =>
    {
        var content = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (sid, id, own) in db.Query("SELECT sid, id, own FROM sessions", r => (r.Int64(0), r.Text(1), r.Bool(2))).ToList())
        {
            content[own ? Gid.Join(origin, id) : id] = string.Join('|', MessageTable.Read(db, sid).Select(m => $"{m.Ordinal}:{m.Content}"));
        }
        return content;
    });

    /// <summary>What must hold of every archive at rest, whatever happened to it.</summary>
    public void AssertSound() => Read(db =>
    {
        Assert.Equal("ok", db.Scalar<string>("PRAGMA integrity_check"));
        Assert.Empty(db.Query("PRAGMA foreign_key_check", r => r.Text(0)));
        Assert.Equal(0, db.Scalar<long>("SELECT count(*) FROM sync_runs WHERE status = 'running'"));
        return 0;
    });
}
