using ArtifactSync.Archive;
using ArtifactSync.Errors;

namespace ArtifactSync.Tests.Archive;

public sealed class LeaseTests : IDisposable
{
    private readonly SteppingClock _clock = new();
    private readonly TestArchive _test;

    public LeaseTests() => _test = new TestArchive(_clock);

    public void Dispose() => _test.Dispose();

    [Fact]
    public void Acquire_Held_TimesOutNamingTheHolder()
    {
        using var other = _test.OpenAgain();
        using var held = other.AcquireLease("run-1", TimeSpan.Zero, default);

        var error = Assert.Throws<ArtifactSyncException>(() => Acquire("run-2", TimeSpan.FromSeconds(60)));

        Assert.Equal((ErrorCode.LeaseHeld, "run-1"), (error.Code, (string?)error.Target));
        Assert.Contains("run-1", error.Message);
        Assert.Contains(Environment.MachineName, error.Message);
        Assert.Contains(Environment.ProcessId.ToString(), error.Message);
        Assert.InRange(_clock.Waited.TotalSeconds, 60, 61);
    }

    [Fact]
    public void Acquire_SameArchiveObject_ExcludesToo()
    {
        using var held = Acquire("run-1");
        Assert.Equal(ErrorCode.LeaseHeld, Code(() => Acquire("run-2")));
    }

    [Fact]
    public void Acquire_ReleasedMeanwhile_Succeeds()
    {
        using var other = _test.OpenAgain();
        var held = other.AcquireLease("run-1", TimeSpan.Zero, default);
        var waits = 0;
        _clock.OnWait = () =>
        {
            if (++waits == 3)
            {
                held.Dispose();
            }
        };
        using var lease = Acquire("run-2", TimeSpan.FromSeconds(60));
        Assert.Equal(3, waits);
    }

    [Fact]
    public void Acquire_Cancelled_Throws()
    {
        using var held = Acquire("run-1");
        using var source = new CancellationTokenSource();
        _clock.OnWait = source.Cancel;
        Assert.ThrowsAny<OperationCanceledException>(() => _test.Archive.AcquireLease("run-2", TimeSpan.FromHours(1), source.Token));
    }

    [Fact]
    public void Acquire_AfterRelease_RaisesTheFence()
    {
        foreach (var expected in new[] { 1, 2, 3 })
        {
            using var lease = Acquire("run");
            Assert.Equal(expected, _test.Reader.Scalar<long>("SELECT fence FROM app_locks"));
        }
    }

    [Theory]
    [InlineData(119, false)]
    [InlineData(121, true)]
    public void Acquire_SilentHolder_IsStolenAfterTwoMinutes(int seconds, bool stolen)
    {
        HeldBy(Foreign, heartbeat: SteppingClock.Start);
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        if (stolen)
        {
            using var lease = Acquire("run-2");
            Assert.Equal(8, _test.Reader.Scalar<long>("SELECT fence FROM app_locks"));
        }
        else
        {
            Assert.Equal(ErrorCode.LeaseHeld, Code(() => Acquire("run-2")));
        }
    }

    public static TheoryData<string, bool> Owners => new()
    {
        { "dead pid here", true },
        { "our pid, other start", true },
        { "live pid, other start", true },
        { "dead pid elsewhere", false },
        { "live pid", false },
    };

    [Theory]
    [MemberData(nameof(Owners))]
    public void Acquire_HolderOfProcess_IsStolenOnlyWhenItIsDead(string owner, bool stolen)
    {
        var self = ProcessIdentity.Current;
        using var living = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(OperatingSystem.IsWindows() ? "timeout" : "sleep", "60"))!;
        try
        {
            var start = new DateTimeOffset(living.StartTime.ToUniversalTime()).ToUnixTimeMilliseconds();
            HeldBy(owner switch
            {
                "dead pid here" => self with { ProcessId = int.MaxValue - 5 },
                "our pid, other start" => self with { StartedAt = self.StartedAt - 60_000 },
                "live pid, other start" => new ProcessIdentity(self.Host, living.Id, start - 60_000),
                "dead pid elsewhere" => new ProcessIdentity("elsewhere", int.MaxValue - 5, 0),
                _ => new ProcessIdentity(self.Host, living.Id, start),
            }, SteppingClock.Start);

            if (stolen)
            {
                Acquire("run-2").Dispose();
            }
            else
            {
                Assert.Equal(ErrorCode.LeaseHeld, Code(() => Acquire("run-2")));
            }
        }
        finally
        {
            living.Kill();
        }
    }

    [Fact]
    public void Begin_AfterTheft_IsLeaseLostAndWritesNothing()
    {
        using var lease = Acquire("run-1");
        Steal();

        Assert.Equal(ErrorCode.LeaseLost, Code(() => lease.Begin()));
        Assert.Null(StateTable.Get(_test.Reader, "key"));
    }

    [Fact]
    public void Dispose_AfterTheft_LeavesTheThief()
    {
        var lease = Acquire("run-1");
        Steal();
        lease.Dispose();
        Assert.Equal(("thief", false), (_test.Reader.Scalar<string>("SELECT run_id FROM app_locks"), _test.Reader.Scalar<bool>("SELECT released FROM app_locks")));
    }

    [Fact]
    public void Timer_Ticks_KeepTheLeaseAlive()
    {
        using var lease = Acquire("run-1");
        for (var i = 0; i < 60; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(10));
        }

        using var other = _test.OpenAgain();
        Assert.Equal(ErrorCode.LeaseHeld, Code(() => other.AcquireLease("run-2", TimeSpan.Zero, default)));
        Write(lease, "still");
        Assert.Equal("still", StateTable.Get(_test.Reader, "key"));
    }

    [Fact]
    public void Commit_LongTransaction_Beats()
    {
        using var lease = Acquire("run-1");
        using (var transaction = lease.Begin())
        {
            _clock.Advance(TimeSpan.FromMinutes(10));
            transaction.Commit();
        }

        Assert.Equal(_clock.GetUtcNow().ToUnixTimeMilliseconds(), _test.Reader.Scalar<long>("SELECT heartbeat_at FROM app_locks"));
    }

    [Fact]
    public void Transaction_NotCommitted_IsRolledBack()
    {
        using var lease = Acquire("run-1");
        using (var transaction = lease.Begin())
        {
            StateTable.Set(transaction.Db, "key", "lost");
        }

        Write(lease, "kept");
        Assert.Equal("kept", StateTable.Get(_test.Reader, "key"));
    }

    [Fact]
    public void BeginLedger_WhileLeaseIsHeldElsewhere_Writes()
    {
        using var other = _test.OpenAgain();
        using var held = other.AcquireLease("run-1", TimeSpan.Zero, default);
        _test.Write(db => StateTable.Set(db, "key", "ledger"));
        Assert.Equal("ledger", StateTable.Get(_test.Reader, "key"));
    }

    [Fact]
    public void BeginLedger_OtherWriterStays_IsArchiveBusyAfterTheTimeout()
    {
        using var other = _test.OpenAgain();
        using var writing = other.BeginLedger();
        Assert.Equal(ErrorCode.ArchiveBusy, Code(() => _test.Archive.BeginLedger()));
        Assert.InRange(_clock.Waited.TotalSeconds, 60, 61);
    }

    [Fact]
    public async Task Acquire_ManyThreads_OneAtATime()
    {
        using var real = new TestArchive();
        var (inside, worst, sum) = (0, 0, 0);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            using var archive = real.OpenAgain();
            for (var i = 0; i < 15; i++)
            {
                using var lease = archive.AcquireLease($"run-{worker}", TimeSpan.FromMinutes(2), default);
                worst = Math.Max(worst, Interlocked.Increment(ref inside));
                using (var transaction = lease.Begin())
                {
                    var value = int.Parse(StateTable.Get(transaction.Db, "n") ?? "0") + 1;
                    StateTable.Set(transaction.Db, "n", value.ToString());
                    transaction.Commit();
                }

                Interlocked.Increment(ref sum);
                Interlocked.Decrement(ref inside);
            }
        })));
        Assert.Equal(1, worst);
        Assert.Equal(sum.ToString(), StateTable.Get(real.Reader, "n"));
    }

    private static ProcessIdentity Foreign { get; } = new("elsewhere", 1, 1);

    private static ErrorCode Code(Action action) => Assert.Throws<ArtifactSyncException>(action).Code;

    private static void Write(Lease lease, string value)
    {
        using var transaction = lease.Begin();
        StateTable.Set(transaction.Db, "key", value);
        transaction.Commit();
    }

    private Lease Acquire(string run, TimeSpan timeout = default) => _test.Archive.AcquireLease(run, timeout, default);

    private void Steal() => _test.Write(db => db.Execute("UPDATE app_locks SET fence = fence + 1, run_id = 'thief'"));

    private void HeldBy(ProcessIdentity owner, DateTimeOffset heartbeat) => _test.Write(db => db.Execute(
        "INSERT INTO app_locks VALUES ('sync', 'run-1', 7, ?, ?, ?, 0, ?, 0)", owner.ProcessId, owner.StartedAt, owner.Host, heartbeat.ToUnixTimeMilliseconds()));
}
