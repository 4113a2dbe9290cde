using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.Cmdlets;

public class PipelineSinkTests
{
    private const int Capacity = 64;

    [Fact]
    public void Progress_ManySnapshots_AtMostFiveASecond()
    {
        var clock = new StepClock();
        var sink = new PipelineSink(clock, CancellationToken.None);
        for (var i = 0; i < 10_000; i++, clock.Advance(TimeSpan.FromMilliseconds(0.2))) // two seconds
            sink.Progress(new ProgressSnapshot("pull", "x", i, 10_000, 0));
        Assert.Equal(10, Drain(sink));
        Assert.True(sink.ShowedProgress);
    }

    [Fact]
    public void Progress_FullQueue_IsDroppedWithoutWaiting()
    {
        var clock = new StepClock();
        var sink = new PipelineSink(clock, CancellationToken.None);
        for (var i = 0; i < 1000; i++, clock.Advance(TimeSpan.FromSeconds(1)))
            sink.Progress(new ProgressSnapshot("pull", null, i, 0, 0));
        Assert.Equal(Capacity, Drain(sink));
    }

    [Fact]
    public async Task WriteObjectAsync_FullQueue_WaitsForThePipeline()
    {
        var sink = new PipelineSink(new StepClock(), CancellationToken.None);
        for (var i = 0; i < Capacity; i++)
            await sink.WriteObjectAsync(i);
        var waiting = sink.WriteObjectAsync("one more").AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.True(sink.Records.TryRead(out _));
        await waiting;
    }

    [Fact]
    public async Task WriteObjectAsync_PipelineGone_IsCancelled()
    {
        using var gone = new CancellationTokenSource();
        var sink = new PipelineSink(new StepClock(), gone.Token);
        for (var i = 0; i < Capacity; i++)
            await sink.WriteObjectAsync(i);
        var waiting = sink.WriteObjectAsync("nobody listens").AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Verbose_PipelineGoneAndQueueFull_NeitherThrowsNorHangs()
    {
        using var gone = new CancellationTokenSource();
        var sink = new PipelineSink(new StepClock(), gone.Token);
        for (var i = 0; i < Capacity; i++)
            sink.Verbose("fill");
        var speaking = Task.Run(() => sink.Verbose("clean-up of the engine still speaks"));
        await gone.CancelAsync();
        await speaking.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task ShouldProcessAsync_PipelineGoneBeforeTheAnswer_IsCancelled()
    {
        using var gone = new CancellationTokenSource();
        var sink = new PipelineSink(new StepClock(), gone.Token);
        var question = sink.ShouldProcessAsync("target", "action");
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => question);
    }

    private static int Drain(PipelineSink sink)
    {
        sink.Complete();
        var count = 0;
        while (sink.Records.TryRead(out _))
            count++;
        return count;
    }

    private sealed class StepClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
