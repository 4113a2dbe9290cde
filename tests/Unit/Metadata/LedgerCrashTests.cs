using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>
/// What a kill leaves: the files of the archive, copied at every step of recording and of replay, opened again. The local
/// store is the real one.
/// </summary>
[Trait("Category", "Crash")]
[Trait("Category", "Metadata")]
public sealed class LedgerCrashTests : IDisposable
{
    private const string Origin = "bravo-3d4e5f";
    private const string Session = "native-1";

    private readonly TempFolder _folder = new();
    private readonly LedgerClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Record_KilledAtAnyStep_HasDoneAllOrNothingAndCanBeRepeated()
    {
        CurationEdit[] edits = [CurationEdit.SetDisplayName(Session, "Name"), CurationEdit.AddPin(Session, 1, "note"),
            CurationEdit.SetTrashed(Session, true)];
        List<string> steps = Killed("record", db => LedgerRows.AddSession(db, Session, [(0, "u0"), (1, "u1")]), (archive, store, lease) =>
            new Recorder(archive, new LocalEventStore(store)).Apply(lease, edits));

        Assert.Contains("record.applied", steps);
        Assert.Contains("record.published", steps);
        Assert.Contains("record.committed", steps);
        foreach ((int index, string step) in steps.Index())
        {
            bool committed = step == "record.committed";
            Reopen($"record-{index}", (archive, store, lease) =>
            {
                Assert.Equal(committed ? 3 : 0, LedgerRows.Registers(archive.Reader).Count);
                Assert.Equal(committed ? 3 : 0, store.List(Origin, ArtifactKind.Meta).Count());

                IReadOnlyList<EditResult> again = new Recorder(archive, new LocalEventStore(store)).Apply(lease, edits);

                Assert.Equal(committed ? 0 : 3, again.Count(static e => e.Changed));
                AssertWhole(archive, store, events: 3);
            });
        }
    }

    [Fact]
    public void Resolve_KilledAtAnyStep_HasDecidedAndPublishedOrNeither()
    {
        (ArtifactRef Artifact, byte[] Bytes)[] events =
            [LedgerEvents.Rename("alpha-0a1b2c", "bravo-3d4e5f~" + Session, "A", 1), LedgerEvents.Rename("charlie-778899", "bravo-3d4e5f~" + Session, "C", 2)];
        ConflictDecision[] decisions = [new(1, ConflictChoice.Loser, "note")];
        List<string> steps = Killed("resolve", db => LedgerRows.AddSession(db, Session, [(0, "u0")]), (archive, store, lease) =>
        {
            Arrive(store, lease, events);
            Replay(archive, store, lease);
            new Recorder(archive, new LocalEventStore(store)).Resolve(lease, decisions, "alice@laptop");
        });

        foreach ((int index, string step) in steps.Index().Where(s => s.Item.StartsWith("record", StringComparison.Ordinal)))
        {
            bool committed = step == "record.committed";
            Reopen($"resolve-{index}", (archive, store, lease) =>
            {
                Assert.Equal(committed ? "A" : "C", LedgerRows.Session(archive.Reader, Session)!.DisplayName);
                Assert.Equal(committed ? 1 : 0, store.List(Origin, ArtifactKind.Meta).Count());

                DecisionEffect effect = new Recorder(archive, new LocalEventStore(store)).Resolve(lease, decisions, "alice@laptop")[0].Effect;

                Assert.Equal(committed ? DecisionEffect.Noted : DecisionEffect.Published, effect);
                Assert.Equal("A", LedgerRows.Session(archive.Reader, Session)!.DisplayName);
                Assert.Single(store.List(Origin, ArtifactKind.Meta));
            });
        }
    }

    [Fact]
    public void Replay_KilledAtAnyStep_IsTakenUpWithNothingLostOrDoubled()
    {
        (ArtifactRef Artifact, byte[] Bytes)[] events =
        [
            LedgerEvents.Make("alpha-0a1b2c", "bravo-3d4e5f~" + Session, "archive"),
                LedgerEvents.Rename("alpha-0a1b2c", "bravo-3d4e5f~" + Session, "A", 1),
            LedgerEvents.Rename("charlie-778899", "bravo-3d4e5f~" + Session, "C", 2),
                LedgerEvents.Make("charlie-778899", "bravo-3d4e5f~unknown", EventOp.Star, 3),
            LedgerEvents.Pin("charlie-778899", "bravo-3d4e5f~" + Session, "u1", 1, "note", 4),
        ];
        List<string> steps = Killed("replay", db => LedgerRows.AddSession(db, Session, [(0, "u0"), (1, "u1")]), (archive, store, lease) =>
        {
            Arrive(store, lease, events);
            archive.Options.Checkpoint("arrived");
            Replay(archive, store, lease);
        });

        Assert.Contains("replay.applied", steps);
        Assert.Contains("replay.committed", steps);
        Assert.Contains("replay.pinned", steps);
        foreach ((int index, string step) in steps.Index())
        {
            Reopen($"replay-{index}", (archive, store, lease) =>
            {
                Arrive(store, lease, events.Where(e => store.Find(e.Artifact) is null && !store.IsQuarantined(e.Artifact)));
                Replay(archive, store, lease);
                // A file on its way to the quarantine is damage to the store that rolled back, and the exchange brings it again.
                Arrive(store, lease, events.Where(e => store.Repairs().Any(repair => repair.Artifact == e.Artifact)));
                Replay(archive, store, lease);

                Assert.Equal("C", LedgerRows.Session(archive.Reader, Session)!.DisplayName);
                Assert.Equal(["1 'note'"], LedgerRows.Pins(archive.Reader, Session));
                Assert.Single(LedgerRows.Conflicts(archive.Reader));
                Assert.Equal(4, LedgerRows.Applied(archive.Reader).Count);
                Assert.Equal(1, MetadataTable.Waiting(archive.Reader));
                Assert.Null(store.Find(events[0].Artifact));
                Assert.True(store.IsQuarantined(events[0].Artifact), step);
            });
        }
    }

    [Fact]
    public void Record_TwoWritersOfOneArchive_NeverShareAStamp()
    {
        using (ArchiveDatabase archive = Open("two", TimeProvider.System))
        {
            Prepare(archive, static db =>
            {
                for (int i = 0; i < 40; i++)
                {
                    LedgerRows.AddSession(db, $"s{i}", []);
                }
            });
        }

        Parallel.For(0, 2, writer =>
        {
            using ArchiveDatabase archive = Open("two", TimeProvider.System); // writers really wait for one another
            var recorder = new Recorder(archive, new LocalEventStore(new LocalStore(archive)));
            for (int i = writer; i < 40; i += 2)
            {
                using Lease lease = archive.AcquireLease($"writer-{writer}", TimeSpan.FromMinutes(1), CancellationToken.None);
                Assert.True(recorder.SetStarred(lease, $"s{i}", true));
            }
        });

        using ArchiveDatabase after = Open("two", TimeProvider.System);
        List<string> stamps = [.. after.Reader.Query("SELECT hlc FROM metadata_registers", static row => row.Text(0))];
        Assert.Equal(40, stamps.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(stamps.Max(StringComparer.Ordinal), MetadataTable.LoadClock(after.Reader));
    }

    private List<string> Killed(string name, Action<Database> prepare, Action<ArchiveDatabase, LocalStore, Lease> act)
    {
        List<string> steps = [];
        bool armed = false;
        using ArchiveDatabase archive = Open(name, Snap, ArchiveMode.Create);
        Prepare(archive, prepare);
        using Lease lease = archive.AcquireLease("killed", TimeSpan.Zero, CancellationToken.None);
        armed = true;
        act(archive, new LocalStore(archive), lease);
        armed = false;
        return steps;

        void Snap(string step)
        {
            if (armed)
            {
                Copy(_folder[name], _folder[$"{name}-{steps.Count}"]);
                steps.Add(step);
            }
        }
    }

    private void Reopen(string name, Action<ArchiveDatabase, LocalStore, Lease> act)
    {
        using ArchiveDatabase archive = Open(name, static _ => { }, ArchiveMode.ReadWrite);
        using (WriteTransaction transaction = archive.BeginLedger())
        {
            transaction.Db.Execute("UPDATE app_locks SET released = 1"); // the process that holds it lives on here
            transaction.Commit();
        }

        using Lease lease = archive.AcquireLease("again", TimeSpan.Zero, CancellationToken.None);
        act(archive, new LocalStore(archive), lease);
    }

    private static void AssertWhole(ArchiveDatabase archive, LocalStore store, int events)
    {
        var whole = new LocalEventStore(store);
        Assert.Equal(events, store.List(Origin, ArtifactKind.Meta).Count());
        Assert.All(store.List(Origin, ArtifactKind.Meta), entry => Assert.NotEmpty(whole.Read(entry)));
        Assert.Equal(events, LedgerRows.Applied(archive.Reader).Count);
        Assert.Equal("Name", LedgerRows.Session(archive.Reader, Session)!.DisplayName);
        Assert.NotNull(LedgerRows.Session(archive.Reader, Session)!.DeletedAt);
        Assert.Equal(["1 'note'"], LedgerRows.Pins(archive.Reader, Session));
    }

    private static void Arrive(LocalStore store, Lease lease, IEnumerable<(ArtifactRef Artifact, byte[] Bytes)> events)
    {
        using StoreBatch batch = store.BeginBatch();
        foreach ((ArtifactRef artifact, byte[] bytes) in events)
        {
            batch.Receive(artifact, new MemoryStream(bytes), CancellationToken.None);
        }

        batch.Commit(lease, CancellationToken.None);
    }

    private static void Replay(ArchiveDatabase archive, LocalStore store, Lease lease) =>
        MetadataReplay.Run(archive, store, Origin, lease, NullObserver.Instance, CancellationToken.None);

    private ArchiveDatabase Open(string name, Action<string> checkpoint, ArchiveMode mode) =>
        ArchiveDatabase.Open(new EngineOptions { ArchivePath = _folder[name], Clock = _clock, Checkpoint = checkpoint }, mode);

    private ArchiveDatabase Open(string name, TimeProvider clock) =>
        ArchiveDatabase.Open(new EngineOptions { ArchivePath = _folder[name], Clock = clock }, ArchiveMode.Create);

    private static void Prepare(ArchiveDatabase archive, Action<Database> prepare)
    {
        using Lease lease = archive.AcquireLease("prepare", TimeSpan.Zero, CancellationToken.None);
        using WriteTransaction transaction = lease.Begin();
        StateTable.Set(transaction.Db, StateTable.OriginId, Origin);
        prepare(transaction.Db);
        transaction.Commit();
    }

    // Without the index of the log, which belongs to the processes that have it open.
    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories)
            .Where(static f => !f.EndsWith("-shm", StringComparison.Ordinal)))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using FileStream copy = File.Create(target);
            source.CopyTo(copy);
        }
    }
}
