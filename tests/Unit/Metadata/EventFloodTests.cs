using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>100,000 events for one session in one replay: applied in bounded memory, told in a few lines.</summary>
[Trait("Category", "Metadata")]
[Collection(MeasuredAlone.Name)]
public sealed class EventFloodTests : IDisposable
{
    private const int Events = 100_000;
    private const int Origins = 2;
    private const long MemoryBytes = 64 * 1024 * 1024;
    private const string Session = "tango-123456~s1";

    private readonly LedgerMachine _machine = new();
    private readonly GeneratedEvents _store = new();

    public EventFloodTests() => _machine.AddSession(Session);

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Run_HundredThousandEventsOfOneSession_EndsWithTheLastInBoundedMemory()
    {
        _machine.Write(db =>
        {
            foreach (int number in Enumerable.Range(0, Events))
            {
                (ArtifactRef artifact, byte[] bytes) = GeneratedEvents.Make(number);
                db.Execute(
                    "INSERT INTO artifacts(origin, kind, name, sha256, size, wire_size, mtime_ns) VALUES (?, ?, ?, ?, ?, ?, 0)",
                    artifact.Origin, ArtifactKind.Meta, artifact.Name, ArtifactName.Sha256(artifact), (long)bytes.Length, (long)bytes.Length);
            }
        });
        long before = GC.GetTotalMemory(forceFullCollection: true);
        (long most, int batches) = (0, 0);
        _machine.Checkpoint = step =>
        {
            if (step == "replay.applied" && batches++ % 20 == 0)
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        };

        ReplayResult result = Replay();

        // Those of the first origin win one after the other; all of the second lose against the last of them, but its own last.
        Assert.Equal((Events, 0, 0), (result.Imported, result.Deferred, result.Quarantined));
        Assert.Equal(Origins, result.Entities.Count);
        Assert.Equal(GeneratedEvents.Name(Events - 1), LedgerRows.Session(_machine.Db, Session)!.DisplayName);
        Assert.Single(LedgerRows.Registers(_machine.Db));
        Assert.Equal(Events, _machine.Db.Scalar<long>("SELECT count(*) FROM metadata_applied"));
        Assert.Equal(Events / Origins, _machine.Db.Scalar<long>("SELECT count(*) FROM metadata_conflicts"));
        Assert.True(batches > 20, $"{batches} batches");
        Assert.True(most < MemoryBytes, $"{most} bytes");

        int opened = _store.Opened;
        Assert.Equal(0, Replay().Imported);
        Assert.Equal(opened, _store.Opened);
    }

    private ReplayResult Replay() => MetadataReplay.Run(
        _machine.Archive, _store, _machine.Origin, _machine.Lease, NullObserver.Instance, CancellationToken.None);

    /// <summary>A store whose events are made when they are read, so that memory holds only what replay keeps.</summary>
    private sealed class GeneratedEvents : IEventStore
    {
        private static readonly string[] Authors = ["alpha-0a1b2c", "charlie-6a7b8c"];
        private int _opened;

        public int Opened => _opened;

        public static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"name {number}");

        public static (ArtifactRef Artifact, byte[] Bytes) Make(int number) =>
            LedgerEvents.Rename(Authors[number % Origins], Session, Name(number), logical: (ulong)number);

        public byte[] Read(CatalogEntry entry)
        {
            Interlocked.Increment(ref _opened);
            Assert.True(Hlc.TryParse(ArtifactName.HlcText(entry.Artifact), out Hlc clock));
            return Make((int)clock.Logical).Bytes;
        }

        public void Publish(Database db, IReadOnlyList<StampedEvent> events) => Assert.Fail("Replay publishes nothing.");

        public void Quarantine(Database db, ArtifactRef artifact, ErrorCode code, string reason) => Assert.Fail(reason);

        public void RequestRepair(Database db, ArtifactRef artifact) => Assert.Fail($"{artifact} is whole.");
    }
}

/// <summary>Tests that measure the memory of the process run while no other does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuredAlone
{
    public const string Name = "measured alone";
}
