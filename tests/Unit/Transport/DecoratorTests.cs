using ArtifactSync.Errors;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Transport;

/// <summary>What decorators add to the contract.</summary>
[Trait("Category", "Transport")]
public sealed class DecoratorTests : IAsyncDisposable
{
    private readonly MemoryTransport _memory = new();
    private readonly ListeningObserver _observer = new();

    public ValueTask DisposeAsync() => _memory.DisposeAsync();

    [Fact]
    public async Task Throttle_ManyCalls_NeverMoreAtOnceThanTheLimit()
    {
        var (now, most) = (0, 0);
        var inner = new FaultInjectingTransport(_memory);
        await using var sut = new ThrottleTransport(new Slow(inner, () =>
        {
            var running = Interlocked.Increment(ref now);
            InterlockedMax(ref most, running);
        }, () => Interlocked.Decrement(ref now)), 3);
        await Parallel.ForEachAsync(Enumerable.Range(0, 60), new ParallelOptions { MaxDegreeOfParallelism = 20 }, async (n, token) =>
            await sut.PutAsync(Some.Segment($"{n}"), "x", token));
        Assert.InRange(most, 1, 3);
        Assert.Equal(60, _memory.Artifacts.Count);
    }

    [Fact]
    public async Task Throttle_OpenStream_HoldsItsSlotUntilItIsClosed()
    {
        await using var sut = new ThrottleTransport(_memory, 1);
        await sut.PutAsync(Some.Segment("a"), "x");
        var stream = await sut.OpenReadAsync(Some.Segment("a"), default);
        var waiting = sut.FindAsync(Some.Segment("a"), default);
        Assert.False(waiting.IsCompleted);
        await stream.DisposeAsync();
        await stream.DisposeAsync(); // twice gives back one slot
        Assert.NotNull(await waiting);
        var second = sut.OpenReadAsync(Some.Segment("a"), default);
        Assert.True(second.IsCompletedSuccessfully);
        Assert.False(sut.FindAsync(Some.Segment("a"), default).IsCompleted);
        await (await second).DisposeAsync();
    }

    [Fact]
    public async Task Logging_Calls_AreOneLineWithoutTheNameOfTheTarget()
    {
        var secret = new MemoryTransport("https://user:geheim@peer/?token=geheim");
        await using var sut = new LoggingTransport(
            FaultInjectingTransport.FailingAt(secret, 1, ErrorCode.TargetTimeout), _observer, new InstantClock());
        await sut.PutAsync(Some.Segment("a"), "x");
        await Assert.ThrowsAsync<ArtifactSyncException>(() => sut.OpenReadAsync(Some.Segment("a"), default));
        Assert.Equal(2, _observer.Lines.Count);
        Assert.Matches($"^put {Some.Segment("a")}: Created after [0-9]+ ms$", _observer.Lines.ElementAt(0));
        Assert.Matches($"^get {Some.Segment("a")}: TargetTimeout after [0-9]+ ms$", _observer.Lines.ElementAt(1));
    }

    [Fact]
    public async Task Retry_AskedForAPause_WaitsThatLongButNotForEver()
    {
        var clock = new InstantClock();
        var asked = new Queue<TimeSpan>([TimeSpan.FromSeconds(7), TimeSpan.FromHours(1)]);
        await using var sut = new RetryTransport(new FaultInjectingTransport(_memory, (_, _) =>
        {
            if (asked.TryDequeue(out var pause))
            {
                throw new ArtifactSyncException(ErrorCode.TargetUnavailable, "busy").With(pause);
            }
        }), clock, new Random(1), _observer);
        await sut.PutAsync(Some.Segment("a"), "x");
        Assert.Equal([TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(30)], clock.Pauses);
        Assert.Equal(2, _observer.Lines.Count);
    }

    [Fact]
    public async Task Retry_WithoutAnAskedPause_GrowsAndDiffersByTheDice()
    {
        var pauses = new List<IReadOnlyList<TimeSpan>>();
        for (var seed = 0; seed < 2; seed++)
        {
            var clock = new InstantClock();
            await using var sut = new RetryTransport(
                new FaultInjectingTransport(_memory, (_, _) => throw new ArtifactSyncException(ErrorCode.TargetUnreachable, "gone")), clock, new Random(seed), _observer);
            await Assert.ThrowsAsync<ArtifactSyncException>(() => sut.FindAsync(Some.Segment("a"), default));
            Assert.Equal(4, clock.Pauses.Count);
            Assert.All(clock.Pauses, pause => Assert.InRange(pause, TimeSpan.Zero, TimeSpan.FromSeconds(30)));
            pauses.Add(clock.Pauses);
        }

        Assert.NotEqual(pauses[0], pauses[1]);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Retry_ListingFailsMidway_GoesOnOnlyWhereTheOrderAllowsIt(bool ordered)
    {
        var memory = new MemoryTransport { Traits = new TransportTraits { OrderedListing = ordered } };
        foreach (var n in Enumerable.Range(0, 10))
        {
            await memory.PutAsync(Some.Segment($"{n}"), "x");
        }

        await using var sut = new RetryTransport(
            FaultInjectingTransport.FailingAt(memory, 5, ErrorCode.TargetUnavailable), new InstantClock(), new Random(1), _observer);
        if (ordered)
        {
            Assert.Equal(10, (await sut.NamesAsync(Some.Origin, ArtifactKind.Segments)).Distinct(StringComparer.Ordinal).Count());
        }
        else
        {
            await Assert.ThrowsAsync<ArtifactSyncException>(() => sut.NamesAsync(Some.Origin, ArtifactKind.Segments));
        }
    }

    [Fact]
    public async Task DryRun_Removal_IsOnlyCounted()
    {
        await _memory.PutAsync(Some.Segment("a"), "x");
        await using var sut = new DryRunTransport(_memory);
        Assert.True(await sut.RemoveAsync(Some.Segment("a"), default));
        Assert.Equal(1, sut.PlannedRemovals);
        Assert.Single(_memory.Artifacts);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }

    /// <summary>Tells when calls begin and end, and gives others the processor in between.</summary>
    private sealed class Slow(ITransport inner, Action begin, Action end) : DelegatingTransport(inner)
    {
        protected override async Task<T> CallAsync<T>(string verb, string subject, Func<Task<T>> call, CancellationToken cancellationToken)
        {
            begin();
            try
            {
                for (var turn = 0; turn < 5; turn++)
                {
                    await Task.Yield();
                }

                return await call();
            }
            finally
            {
                end();
            }
        }
    }
}
