using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

[Trait("Category", "Metadata")]
public sealed class HybridClockTests
{
    private static readonly Hlc Now = LedgerClock.Start;

    [Fact]
    public void Next_CounterUsedUp_IsAnErrorAndNotARepeatedStamp()
    {
        var last = new Hlc(Now.Seconds, Now.Nanos, ulong.MaxValue);

        var error = Assert.Throws<ArtifactSyncException>(() => HybridClock.Next(last, Now));

        Assert.Equal(ErrorCode.ClockOverflow, error.Code);
    }

    [Fact]
    public void Next_WallPassedTheUsedUpCounter_GoesOn()
    {
        var last = new Hlc(Now.Seconds - 1, 0, ulong.MaxValue);

        Assert.Equal(Now, HybridClock.Next(last, Now));
    }

    [Fact]
    public void Observe_CounterUsedUp_KeepsTheState()
    {
        var remote = new Hlc(Now.Seconds + 10, 0, ulong.MaxValue);

        Assert.Null(HybridClock.Observe(null, remote, Now, out ErrorCode? fault));
        Assert.Equal(ErrorCode.ClockOverflow, fault);
    }

    [Fact]
    public void Next_AfterObserving_ExceedsBothClocks()
    {
        var last = new Hlc(Now.Seconds + 5, 7, 3);
        var remote = new Hlc(Now.Seconds + 60, 9, 41);

        Hlc observed = HybridClock.Observe(last, remote, Now, out _)!.Value;

        Assert.True(HybridClock.Next(observed, Now) > remote);
        Assert.True(HybridClock.Next(observed, Now) > last);
    }

    [Fact]
    public void Now_ClockOfTicks_GivesNanosecondsOfTheTick()
    {
        var wall = new DateTimeOffset(2026, 11, 21, 8, 0, 0, TimeSpan.Zero).AddTicks(1_234_567);

        Hlc read = WallClock.Now(new FixedTime(wall));

        Assert.Equal("2026-11-21T080000.123456700Z-00000000000000000000", read.ToString());
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
