using System.Net;
using System.Net.Sockets;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Model;
using ArtifactSync.Peer;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>A watch of a memory server over a real listener, in a time that is moved by hand (memory spec 7.1).</summary>
[Trait("Category", "Memory")]
public sealed class WatchTests : IDisposable
{
    private static readonly TimeSpan s_debounce = WatchSchedule.For("engram+https://host").Debounce;
    private static readonly TimeSpan s_interval = WatchSchedule.For("engram+https://host").Interval;
    private static readonly TimeSpan s_hangs = TimeSpan.FromSeconds(25); // less than a request may take: what waits for one fails, and what would wait for ever
    private readonly TempFolder _folder = new();
    private readonly TimerClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Case", "95")]
    public async Task Case95_AWriteAndAnImportOfAnotherProcess_ArePushedAfterTheDebounce_NotAtTheNextPoll()
    {
        await using var listener = await ListenAsync();
        var target = Target(listener);
        Other.EnableMemoryProject("p");
        await Other.ExchangeAsync(Request(target), NullObserver.Instance, default); // the pass that the enrollment owes
        await using var watch = new Watch(new SyncEngine(Options()), target, _clock);
        Assert.Equal(RunStatus.Succeeded, (await watch.NextAsync(s_debounce, TimeSpan.Zero)).Status);

        Other.AddMemory(new MemoryAddition { Title = "t", Content = "c", Project = "p" });
        Assert.Equal(2, (await watch.NextAsync(s_debounce, s_interval)).Counters.Sent);

        var file = _folder.WriteFile(
            """
            {"version":"0.1.0","sessions":[{"id":"s1","project":"p","directory":"/d","started_at":"2026-04-27 08:00:00"}],
             "observations":[{"sync_id":"obs-00000000000000a1","session_id":"s1","type":"t","title":"T","content":"C","updated_at":"2026-04-27 09:00:00"}]}
            """,
            "import.json");
        Assert.Null(Other.ImportMemoryAsync(new MemoryImportRequest { Paths = [file] }, NullObserver.Instance, default).ToBlockingEnumerable().Single().ErrorCode);
        Assert.Equal(2, (await watch.NextAsync(s_debounce, s_interval)).Counters.Sent);
    }

    [Fact]
    [Trait("Case", "58")]
    public async Task Case58_AnExceptionInACycle_IsAnInternalErrorWithBackoff_AndTheWatchGoesOn()
    {
        await using var listener = await ListenAsync();
        var target = Target(listener);
        var fails = true;
        Other.EnableMemoryProject("p");
        Other.AddMemory(new MemoryAddition { Title = "t", Content = "c", Project = "p" });
        var engine = new SyncEngine(Options() with
        {
            Checkpoint = step => _ = step == "memory:pull" && fails ? throw new InvalidOperationException("unexpected") : 0,
        });
        await using var watch = new Watch(engine, target, _clock);
        Assert.Equal(nameof(ErrorCode.UnexpectedError), (await watch.NextAsync(s_debounce, TimeSpan.Zero)).ErrorCode);
        var state = Other.GetSyncStates([]).First();
        Assert.Equal(("internal_error", 1), (state.ReasonCode, state.ConsecutiveFailures));
        Assert.NotNull(state.BackoffUntil);

        fails = false;
        Assert.Equal(2, (await watch.NextAsync(Backoff.Base * 1.25, s_interval)).Counters.Sent);
        state = Other.GetSyncStates([]).First();
        Assert.Equal((null, 0, (DateTimeOffset?)null), (state.ReasonCode, state.ConsecutiveFailures, state.BackoffUntil));
    }

    [Fact]
    public async Task IdlePolls_AreNotTold_AndLeaveNoRow()
    {
        await using var listener = await ListenAsync();
        var target = Target(listener);
        Other.EnableMemoryProject("p");
        Other.AddMemory(new MemoryAddition { Title = "t", Content = "c", Project = "p" });
        await Other.ExchangeAsync(Request(target), NullObserver.Instance, default);
        await using var watch = new Watch(new SyncEngine(Options()), target, _clock);
        Assert.Equal(RunStatus.Succeeded, (await watch.NextAsync(s_debounce, TimeSpan.Zero)).Status);
        for (var poll = 0; poll < 3; poll++)
        {
            await _clock.ArmedAsync(s_interval).WaitAsync(s_hangs);
            await _clock.PassAsync(s_interval);
        }

        Other.AddMemory(new MemoryAddition { Title = "u", Content = "c", Project = "p" });
        Assert.Equal(1, (await watch.NextAsync(s_debounce, s_interval * 4)).Counters.Sent); // the next that is told
        Assert.Equal(3, Other.GetRuns(new RunQuery { Last = 100 }).Count(run => run.Kind == RunKind.MemorySync && run.Status != RunStatus.Running));
    }

    [Fact]
    [Trait("Case", "95")]
    public async Task Case95_Cancelled_WhileTheServerHoldsARequest_EndsAtOnce()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var target = $"engram+http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}";
        using var stop = new CancellationTokenSource();
        var next = new SyncEngine(Options()).WatchAsync(Request(target), WatchSchedule.For(target), NullObserver.Instance, stop.Token).GetAsyncEnumerator(default).MoveNextAsync().AsTask();
        using var connection = await silent.AcceptTcpClientAsync();
        Assert.True(await connection.GetStream().ReadAsync(new byte[1]) > 0); // the request is on its way
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(s_hangs));
        Assert.Null(MemoryTargetTable.Read(Read().Reader).LeaseOwner);
    }

    [Fact]
    public void Mark_ChangesWithOwnChangesAndEnrollments_NotWithWhatWasPulledOrLedgers()
    {
        using var server = new LogServer();
        using var machine = new MemoryMachine("A", server, _clock.GetUtcNow());
        using var watched = new WatchedArchive(
            new SyncEngine(Options()), Options() with { ArchivePath = machine.Archive.Folder }, Request("engram+" + LogServer.Url), NullObserver.Instance);
        var marks = new List<string> { watched.Mark() };
        machine.Enroll("p");
        marks.Add(watched.Mark());
        machine.Cycle();
        marks.Add(watched.Mark());
        machine.CreateSession("s", "p", "/d");
        marks.Add(watched.Mark());
        Assert.Equal(marks[0], marks[2]);
        Assert.Equal(3, marks.Distinct().Count());

        machine.Cycle();
        server.Append("p", "session", "foreign", "upsert", """{"id":"foreign","project":"p","directory":"/f"}""");
        machine.Cycle();
        machine.CreateSession("t", "not-enrolled", "/d");
        Assert.Equal(marks[^1], watched.Mark());
    }

    /// <summary>A process that begins to watch keeps to the pause that another one found.</summary>
    [Fact]
    public void BackoffUntil_IsThatOfThisServer_AndNeverLongerThanTheLongest()
    {
        using var server = new LogServer();
        using var machine = new MemoryMachine("A", server, _clock.GetUtcNow());
        server.Before = (_, _) => throw new HttpRequestException("down");
        machine.Cycle();
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(machine.State.BackoffUntil!.Value), Until(LogServer.Url));
        Assert.Null(Until("http://127.0.0.1:2"));
        machine.Write(change => MemoryTargetTable.SetFailure(
            change.Db, "cloud", "transport_failed", "m", _clock.GetUtcNow().AddDays(1).ToUnixTimeMilliseconds(), change.NowMs));
        Assert.Equal(_clock.GetUtcNow() + Backoff.Max, Until(LogServer.Url));

        DateTimeOffset? Until(string url)
        {
            using var watched = new WatchedArchive(
                new SyncEngine(Options()), Options() with { ArchivePath = machine.Archive.Folder }, Request("engram+" + url), NullObserver.Instance);
            return watched.BackoffUntil();
        }
    }

    /// <summary>Else a watch would look, see its own looking as a change, and look again.</summary>
    [Fact]
    public void Stamp_IsAnotherAfterACommit_NotAfterALook()
    {
        using (var archive = ArchiveDatabase.Open(Options(), ArchiveMode.Create))
        {
            Assert.NotEqual(default, ArchiveStamp.Of(archive.Folder));
        }

        var before = ArchiveStamp.Of(Options().ArchivePath);
        using (var archive = Read())
        {
            Assert.Equal(0, MemoryTargetTable.Enqueued(archive.Reader));
            Assert.Equal(before, ArchiveStamp.Of(archive.Folder));
        }

        Assert.Equal(before, ArchiveStamp.Of(Options().ArchivePath));
        Other.EnableMemoryProject("p");
        Assert.NotEqual(before, ArchiveStamp.Of(Options().ArchivePath));
    }

    [Theory]
    [InlineData("engram+https://host", 30, 500)]
    [InlineData("https://host", 300, 2000)]
    public void Schedule_OfATarget(string target, int intervalSeconds, int debounceMs) => Assert.Equal(
        new WatchSchedule { Interval = TimeSpan.FromSeconds(intervalSeconds), Debounce = TimeSpan.FromMilliseconds(debounceMs) }, WatchSchedule.For(target));

    /// <summary>Another process: an engine with connections of its own, whose timers nobody moves by hand.</summary>
    private SyncEngine Other => new(Options() with { Clock = new SameTime(_clock) });

    private EngineOptions Options() => new() { ArchivePath = _folder["own"], Clock = _clock };

    private ArchiveDatabase Read() => ArchiveDatabase.Open(Options(), ArchiveMode.ReadWrite);

    private static ExchangeRequest Request(string target) => new() { Target = target, Access = TargetAccess.None };

    private Task<PeerListener> ListenAsync() => PeerListener.StartAsync(
        new PeerListenOptions { Engine = new EngineOptions { ArchivePath = _folder["server"] }, Uris = [new Uri("http://127.0.0.1:0/")] }, default);

    private static string Target(PeerListener listener) => "engram+" + listener.Info.Uri.GetLeftPart(UriPartial.Authority);

    /// <summary>The time of another clock, with timers of the system.</summary>
    private sealed class SameTime(TimeProvider other) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => other.GetUtcNow();
    }

    /// <summary>The runs of a watch, asked for one after the other.</summary>
    private sealed class Watch : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly TimerClock _clock;
        private readonly IAsyncEnumerator<SyncRun> _runs;
        private Task<bool>? _next;

        public Watch(SyncEngine engine, string target, TimerClock clock)
        {
            _clock = clock;
            _runs = engine.WatchAsync(Request(target), WatchSchedule.For(target), NullObserver.Instance, _stop.Token).GetAsyncEnumerator();
        }

        /// <summary>
        /// The next run. Time moves by a step whenever something waits for no longer than that, but not as far as <paramref name="limit"/>.
        /// </summary>
        public async Task<SyncRun> NextAsync(TimeSpan step, TimeSpan limit)
        {
            _next ??= _runs.MoveNextAsync().AsTask();
            for (var passed = step; !_next.IsCompleted; passed += step)
            {
                if (await Task.WhenAny(_next, _clock.ArmedAsync(step)).WaitAsync(s_hangs) != _next)
                {
                    Assert.True(passed < limit, "it only came with the poll");
                    await _clock.PassAsync(step);
                }
            }

            Assert.True(await _next);
            var run = _runs.Current;
            _next = _runs.MoveNextAsync().AsTask(); // goes on to its next wait
            return run;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            if (_next is not null)
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _next.WaitAsync(s_hangs));
            }

            await _runs.DisposeAsync();
            _stop.Dispose();
        }
    }
}
