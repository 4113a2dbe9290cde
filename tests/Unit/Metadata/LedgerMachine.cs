using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>One machine: an archive in a temporary folder, its events in memory, its own wall clock.</summary>
internal sealed class LedgerMachine : IDisposable
{
    private static readonly (long, string)[] TwoMessages = [(0, ""), (1, "")];

    private readonly string _folder = Path.Combine(Path.GetTempPath(), "ledger-" + Path.GetRandomFileName());

    public LedgerMachine(string? origin = "bravo-3d4e5f")
    {
        Archive = ArchiveDatabase.Open(new EngineOptions { ArchivePath = _folder, Clock = Clock, Checkpoint = step => Checkpoint(step) },
            ArchiveMode.Create);
        Lease = Archive.AcquireLease("test", TimeSpan.Zero, CancellationToken.None);
        Recorder = new Recorder(Archive, Store);
        if (origin is not null)
        {
            Adopt(origin);
        }
    }

    public LedgerClock Clock { get; } = new();

    public MemoryEventStore Store { get; } = new();

    public ArchiveDatabase Archive { get; }

    public Lease Lease { get; }

    public Recorder Recorder { get; }

    public string Origin { get; private set; } = "";

    public Action<string> Checkpoint { get; set; } = static _ => { };

    public Database Db => Archive.Reader;

    public void Adopt(string origin)
    {
        Origin = origin;
        Write(db => StateTable.Set(db, StateTable.OriginId, origin));
    }

    /// <summary>The id under which this machine's archive has a session.</summary>
    public string Local(string gid) => Gid.ToLocal(Origin, gid);

    public void Write(Action<Database> change)
    {
        using WriteTransaction transaction = Lease.Begin();
        change(transaction.Db);
        transaction.Commit();
    }

    public void AddSession(string id, params (long Ordinal, string SourceUuid)[] messages) =>
        Write(db => LedgerRows.AddSession(db, id, messages.Length == 0 ? TwoMessages : messages));

    public ReplayResult Replay(bool full = false) =>
        MetadataReplay.Run(Archive, Store, Origin, Lease, NullObserver.Instance, CancellationToken.None, full);

    /// <summary>Takes events as an exchange would.</summary>
    public void Receive(params IEnumerable<(ArtifactRef Artifact, byte[] Bytes)> events) => Write(db =>
    {
        foreach ((ArtifactRef artifact, byte[] bytes) in events)
        {
            Store.Add(db, artifact, bytes);
        }
    });

    public void Dispose()
    {
        Lease.Dispose();
        Archive.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
