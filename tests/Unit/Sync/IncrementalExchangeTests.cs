using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;
using ArtifactSync.Wire;
using FsCheck;
using FsCheck.Fluent;

namespace ArtifactSync.Tests.Sync;

/// <summary>Targets whose listings cost requests, as buckets: what is exchanged is the same, and a run with nothing to do asks little.</summary>
[Trait("Category", "Transport")]
public sealed class IncrementalExchangeTests : IDisposable
{
    private const string Alpha = "alpha-0a1b2c", Bravo = "bravo-3d4e5f";
    private readonly string _root = Directory.CreateTempSubdirectory("incremental-").FullName;
    private readonly ManualClock _clock = ManualClock.AtSystemTime();
    private readonly MemoryTransport _bucket;
    private readonly TestMachine _alpha, _bravo;
    private readonly List<string> _calls = [];

    public IncrementalExchangeTests()
    {
        _bucket = new MemoryTransport("bucket", _clock)
        {
            Traits = new TransportTraits { OrderedListing = true, BulkByReference = true, CanRemove = true },
        };
        (_alpha, _bravo) = (NewMachine(Alpha), NewMachine(Bravo));
        _alpha.Write("one", "hello");
        Exchange(_alpha);
        Exchange(_bravo);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void NothingToDo_AsksAFewThingsAnOrigin()
    {
        Exchange(_alpha);
        Exchange(_bravo);
        foreach (var machine in (TestMachine[])[_alpha, _bravo])
        {
            Exchange(machine);
            Assert.Empty(_calls.Except(["origins", "list", "entry", "flush", "complete"]));
            Assert.Equal(2 * 2, _calls.Count(call => call == "list")); // of two origins checkpoints and events
        }
    }

    [Fact]
    public void NewSession_IsFetchedByReference()
    {
        _alpha.Write("two", "more", "words");
        Exchange(_alpha);
        var run = Exchange(_bravo);
        Assert.Equal((RunStatus.Succeeded, 1), (run.Status, (int)run.Counters.ImportedSessions));
        Assert.Equal(2 * 2, _calls.Count(call => call == "list"));
        Assert.Equal(_alpha.Content(), _bravo.Content());
    }

    [Theory]
    [InlineData(ArtifactKind.Segments), InlineData(ArtifactKind.Manifests)]
    public void ReferredToButMissing_IsAskedForAgainUntilItComes(ArtifactKind kind)
    {
        var before = _bucket.Artifacts.Keys.ToHashSet();
        _alpha.Write("two", "more", "words");
        Exchange(_alpha);
        var late = _bucket.Artifacts.Single(item => !before.Contains(item.Key) && item.Key.Kind == kind);
        _bucket.Artifacts.Remove(late.Key, out _);

        Assert.Equal(0, Exchange(_bravo).Counters.ImportedSessions);
        Assert.Equal(0, Exchange(_bravo).Counters.ImportedSessions);
        _bucket.Artifacts[late.Key] = late.Value;
        var run = Exchange(_bravo);
        Assert.True(run.Counters.ImportedSessions == 1, Live.Outcome.Describe(run) + string.Join(',', _calls));
        Assert.Equal(_alpha.Content(), _bravo.Content());
        Exchange(_bravo);
        Assert.Equal(0, _calls.Count(call => call is "open"));
    }

    [Fact]
    public void NewestIncomplete_AnOlderOneIsImported()
    {
        _alpha.Write("two", "second");
        Exchange(_alpha);
        var before = _bucket.Artifacts.Keys.ToHashSet();
        _alpha.Write("three", "third");
        Exchange(_alpha);
        var missing = _bucket.Artifacts.Keys.Single(key => !before.Contains(key) && key.Kind == ArtifactKind.Segments);
        _bucket.Artifacts.Remove(missing, out _);
        Exchange(_bravo);
        Assert.Equal([$"{Alpha}~one", $"{Alpha}~two"], _bravo.Content().Keys);
    }

    [Fact]
    public void LostAtTheTarget_IsSentAgainWithinADay()
    {
        var lost = _bucket.Artifacts.Keys.Where(key => key.Kind is ArtifactKind.Segments or ArtifactKind.Manifests).ToList();
        lost.ForEach(key => _bucket.Artifacts.Remove(key, out _));
        Exchange(_alpha);
        Assert.All(lost, key => Assert.DoesNotContain(key, _bucket.Artifacts.Keys));
        _clock.Advance(TimeSpan.FromHours(25));
        Exchange(_alpha);
        Assert.All(lost, key => Assert.Contains(key, _bucket.Artifacts.Keys));
    }

    [Fact]
    public void EmptiedTarget_IsFilledAgainAtOnce()
    {
        Exchange(_alpha);
        var all = _bucket.Artifacts.Keys.ToList();
        all.ForEach(key => _bucket.Artifacts.Remove(key, out _));
        Exchange(_alpha);
        Assert.Equal(all.Order(ByPath), _bucket.Artifacts.Keys.Order(ByPath));
    }

    [Fact]
    public void CheckpointsGone_EverythingIsListed()
    {
        var all = _bucket.Artifacts.Keys.ToList();
        all.Where(key => key is { Origin: Alpha, Kind: ArtifactKind.Checkpoints or ArtifactKind.Segments }).ToList().ForEach(key => _bucket.Artifacts.Remove(key, out _));
        Exchange(_alpha);
        Assert.Equal(all.Order(ByPath), _bucket.Artifacts.Keys.Order(ByPath));
    }

    [Fact]
    public void CheckpointWrittenAnew_IsNoticed()
    {
        Exchange(_alpha);
        var checkpoint = _bucket.Artifacts.Keys.Single(key => key is { Origin: Alpha, Kind: ArtifactKind.Checkpoints });
        _bucket.Artifacts[checkpoint] = [.. _bucket.Artifacts[checkpoint], (byte)' '];
        var run = Exchange(_alpha);
        Assert.Equal(RunStatus.Partial, run.Status);
        Assert.Equal(nameof(ErrorCode.CheckpointConflict), run.ErrorCode);
    }

    [Fact]
    public void EventOfARelay_WithinADayOfTheLast_IsSeen()
    {
        PutEvent(_clock.Now.AddHours(-1));
        Assert.Equal(1, Exchange(_bravo).Counters.Received);
        PutEvent(_clock.Now.AddHours(-20));
        Assert.Equal(1, Exchange(_bravo).Counters.Received);
        PutEvent(_clock.Now.AddHours(-40));
        Assert.Equal(0, Exchange(_bravo).Counters.Received);
        _clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal(1, Exchange(_bravo).Counters.Received);
    }

    [Fact]
    public void EventFromTheFuture_HidesNoneOfToday()
    {
        PutEvent(_clock.Now.AddYears(100));
        Exchange(_bravo);
        PutEvent(_clock.Now.AddMinutes(-1));
        Assert.Equal(1, Exchange(_bravo).Counters.Received);
    }

    [Fact]
    public void SendingFails_AtEveryCall_TheNextRunSendsTheRest()
    {
        for (var index = 0; ; index++)
        {
            _alpha.Write($"s{index}", "some", $"words {index}");
            var failing = FaultInjectingTransport.FailingAt(_bucket, index, index % 2 == 0 ? ErrorCode.AccessDenied : ErrorCode.TargetUnreachable);
            var run = Run(_alpha, failing);
            Assert.Contains(run.Status, new[] { RunStatus.Failed, RunStatus.Partial, RunStatus.Succeeded });
            var calm = Exchange(_alpha);
            Assert.True(calm.Status == RunStatus.Succeeded, Live.Outcome.Describe(calm));
            Exchange(_bravo);
            Assert.Equal(_alpha.Content(), _bravo.Content());
            if (failing.Calls <= index)
            {
                Assert.True(index > 8, $"only {index} calls");
                return;
            }
        }
    }

    [Fact]
    public void FetchingFails_AtEveryCall_TheNextRunFetchesTheRest()
    {
        for (var index = 0; ; index++)
        {
            _alpha.Write($"s{index}", "some", $"words {index}");
            Exchange(_alpha);
            var failing = FaultInjectingTransport.FailingAt(_bucket, index, index % 2 == 0 ? ErrorCode.TransferIncomplete : ErrorCode.TargetUnavailable);
            Run(_bravo, failing);
            var calm = Exchange(_bravo);
            Assert.True(calm.Status == RunStatus.Succeeded, Live.Outcome.Describe(calm));
            Assert.Equal(_alpha.Content(), _bravo.Content());
            if (failing.Calls <= index)
            {
                Assert.True(index > 8, $"only {index} calls");
                return;
            }
        }
    }

    [Fact]
    public void WithoutConditionalCreate_ForeignCheckpointsAreNotRelayed()
    {
        var other = new MemoryTransport("other", _clock)
        {
            Traits = new TransportTraits { OrderedListing = true, BulkByReference = true, ConditionalCreate = false },
        };
        Assert.Equal(RunStatus.Succeeded, Run(_bravo, other).Status);
        Assert.DoesNotContain(other.Artifacts.Keys, key => key is { Origin: Alpha, Kind: ArtifactKind.Checkpoints });
        Assert.Contains(other.Artifacts.Keys, key => key is { Origin: Alpha, Kind: ArtifactKind.Segments });
        Run(_alpha, other);
        Assert.Contains(other.Artifacts.Keys, key => key is { Origin: Alpha, Kind: ArtifactKind.Checkpoints });
    }

    [Theory]
    [InlineData(true, true), InlineData(false, false)]
    public void DamagedObject_IsRemovedOnlyWhereTheWayIsSafe(bool secure, bool removed)
    {
        var bucket = new MemoryTransport("damaged", _clock)
        {
            Traits = new TransportTraits { OrderedListing = true, BulkByReference = true, IsSecure = secure },
        };
        Run(_alpha, bucket);
        var segment = bucket.Artifacts.Keys.First(key => key.Kind == ArtifactKind.Segments);
        bucket.Artifacts[segment] = bucket.Artifacts[segment][..^2];
        var charlie = NewMachine("charlie-778899");
        Assert.Equal(RunStatus.Partial, Run(charlie, bucket).Status);
        Assert.Equal(removed, !bucket.Artifacts.ContainsKey(segment));
        _clock.Advance(TimeSpan.FromHours(25));
        Run(_alpha, bucket);
        Run(charlie, bucket);
        Assert.Equal(removed, charlie.Content().ContainsKey($"{Alpha}~one"));
    }

    /// <summary>Two buckets, three machines, faults and losses in any order: when calm, all archives are equal.</summary>
    [Fact]
    public void AnyHistory_AfterEveryoneExchanged_AllArchivesAreEqual()
    {
        var step = from action in Gen.Choose(0, 6)
                   from machine in Gen.Choose(0, 2)
                   from pick in Gen.Choose(0, 1_000)
                   select (action, machine, pick);
        var round = 0;
        Prop.ForAll(Arb.From(Gen.ListOf(step).Resize(25)), steps =>
        {
            round++;
            var bucket = new MemoryTransport($"bucket-{round}", _clock) { Traits = _bucket.Traits };
            TestMachine[] machines = [NewMachine($"a{round}-000001"), NewMachine($"b{round}-000002"), NewMachine($"c{round}-000003")];
            foreach (var (action, machine, pick) in steps)
            {
                switch (action)
                {
                    case 0 or 1:
                        machines[machine].Write($"s{pick % 4}", $"text {pick}", $"and {machine}");
                        break;
                    case 2 or 3:
                        Run(machines[machine], bucket);
                        break;
                    case 4:
                        Run(machines[machine], FaultInjectingTransport.FailingAt(bucket, pick % 30, pick % 2 == 0 ? ErrorCode.TransferIncomplete : ErrorCode.TargetUnreachable));
                        break;
                    case 5:
                        _clock.Advance(TimeSpan.FromHours(pick % 30));
                        break;
                    default:
                        if (bucket.Artifacts.Keys.Order(ByPath).ElementAtOrDefault(pick) is { Kind: not ArtifactKind.Checkpoints } lost)
                        {
                            bucket.Artifacts.Remove(lost, out _);
                        }

                        break;
                }
            }

            _clock.Advance(TimeSpan.FromHours(25));
            foreach (var machine in machines.Concat(machines).Concat(machines))
            {
                Run(machine, bucket);
            }

            Assert.Equal(machines[0].Content(), machines[1].Content());
            Assert.Equal(machines[0].Content(), machines[2].Content());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(15));
    }

    private static readonly Comparer<ArtifactRef> ByPath = Comparer<ArtifactRef>.Create((a, b) => string.CompareOrdinal(a.Path, b.Path));

    private TestMachine NewMachine(string origin)
    {
        var folder = Path.Combine(_root, origin);
        return new TestMachine(folder, origin) { Options = new EngineOptions { ArchivePath = folder, Clock = _clock } };
    }

    private SyncRun Exchange(TestMachine machine)
    {
        _calls.Clear();
        return Run(machine, new FaultInjectingTransport(_bucket, (_, name) =>
        {
            lock (_calls)
            {
                _calls.Add(name);
            }
        }));
    }

    private static SyncRun Run(TestMachine machine, ITransport transport)
    {
        using var archive = ArchiveDatabase.Open(machine.Options, ArchiveMode.Create);
        var request = new ExchangeRequest { Target = "s3://test", OriginId = machine.Origin };
        return new ExchangeRunner(archive, () => transport, request, NullObserver.Instance).RunAsync(default).GetAwaiter().GetResult();
    }

    private void PutEvent(DateTimeOffset at)
    {
        var hlc = Hlc.FromTime(at).ToString();
        var bytes = EventDocument.Encode(new MetadataEvent { Version = 1, Hlc = hlc, Origin = Alpha, SessionGid = $"{Alpha}~one", Op = "star" });
        _bucket.Artifacts[ArtifactName.Meta(Alpha, $"{hlc}-{Live.WireFiles.Hash(bytes)}")] = bytes;
    }
}
