using ArtifactSync.Ingest;

namespace ArtifactSync.Tests.Ingest;

public sealed class WeightedQueueTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task TryTake_EachItemFillsTheQueue_NeitherSideMissesItsSignal()
    {
        const int Items = 100_000;
        using var queue = new WeightedQueue<int>(1);
        using var patience = new CancellationTokenSource(s_patience);
        var producer = Task.Run(() =>
        {
            for (var i = 0; i < Items; i++)
            {
                Assert.True(queue.Add(i, 1, patience.Token));
            }
            queue.Complete();
        });
        var taken = 0;
        while (queue.TryTake(out var item, patience.Token))
        {
            Assert.Equal(taken++, item);
        }
        await producer;
        Assert.Equal(Items, taken);
    }

    [Fact]
    public async Task Abandon_ProducerWaitsForRoom_IsToldToStop()
    {
        using var queue = new WeightedQueue<int>(1);
        using var patience = new CancellationTokenSource(s_patience);
        Assert.True(queue.Add(0, 1, patience.Token));
        var producer = Task.Run(() => queue.Add(1, 1, patience.Token));
        queue.Abandon();
        Assert.False(await producer);
    }

    [Fact]
    public void TryTake_ProducerFailed_ThrowsAfterWhatCameBefore()
    {
        using var queue = new WeightedQueue<int>(10);
        queue.Add(7, 1, CancellationToken.None);
        queue.Complete(new InvalidOperationException("broken"));
        Assert.True(queue.TryTake(out var item, CancellationToken.None));
        Assert.Equal(7, item);
        Assert.Throws<InvalidOperationException>(() => queue.TryTake(out _, CancellationToken.None));
    }
}
