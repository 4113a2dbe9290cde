using System.Runtime.ExceptionServices;

namespace ArtifactSync.Ingest;

/// <summary>
/// Hands items from one producer thread to one consumer thread and bounds what lies between by weight (bytes), not by
/// count: a single item above the budget passes alone. A fault of either side reaches the other.
/// </summary>
internal sealed class WeightedQueue<T>(long budget) : IDisposable
{
    private readonly Queue<(T Item, long Weight)> _items = new();
    private readonly Lock _gate = new();
    // One event a side: with a common one, a side that resets it before it waits can swallow the signal for the other.
    private readonly ManualResetEventSlim _room = new();
    private readonly ManualResetEventSlim _news = new();
    private long _weight;
    private bool _completed;
    private bool _abandoned;
    private Exception? _fault;

    /// <summary>Waits for room. False when the consumer has gone: stop producing.</summary>
    public bool Add(T item, long weight, CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_abandoned)
                {
                    return false;
                }
                if (_weight == 0 || _weight + weight <= budget)
                {
                    _items.Enqueue((item, weight));
                    _weight += Math.Max(weight, 1);
                    _news.Set();
                    return true;
                }
                _room.Reset();
            }
            _room.Wait(cancellationToken);
        }
    }

    /// <summary>Waits for the next item; false at the end. Throws the producer's fault after what came before it.</summary>
    public bool TryTake(out T item, CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_items.TryDequeue(out var entry))
                {
                    item = entry.Item;
                    _weight -= Math.Max(entry.Weight, 1);
                    _room.Set();
                    return true;
                }
                if (_completed)
                {
                    item = default!;
                    if (_fault is not null)
                    {
                        ExceptionDispatchInfo.Throw(_fault);
                    }
                    return false;
                }
                _news.Reset();
            }
            _news.Wait(cancellationToken);
        }
    }

    public void Complete(Exception? fault = null)
    {
        lock (_gate)
        {
            (_completed, _fault) = (true, fault);
            _news.Set();
        }
    }

    public void Abandon()
    {
        lock (_gate)
        {
            _abandoned = true;
            _room.Set();
        }
    }

    public void Dispose()
    {
        _room.Dispose();
        _news.Dispose();
    }
}
