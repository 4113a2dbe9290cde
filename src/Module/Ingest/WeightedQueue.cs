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
    private readonly ManualResetEventSlim _changed = new();
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
                    _changed.Set();
                    return true;
                }
                _changed.Reset();
            }
            _changed.Wait(cancellationToken);
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
                    _changed.Set();
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
                _changed.Reset();
            }
            _changed.Wait(cancellationToken);
        }
    }

    public void Complete(Exception? fault = null)
    {
        lock (_gate)
        {
            (_completed, _fault) = (true, fault);
            _changed.Set();
        }
    }

    public void Abandon()
    {
        lock (_gate)
        {
            _abandoned = true;
            _changed.Set();
        }
    }

    public void Dispose() => _changed.Dispose();
}
