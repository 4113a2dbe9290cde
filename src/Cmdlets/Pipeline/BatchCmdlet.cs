using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Pipeline;

/// <summary>
/// Base of the cmdlets that change many small things: what the pipeline brings is gathered and done in batches, each one
/// transaction and one flush to disk, the last one when the pipeline ends. Nothing is asked or written before that.
/// </summary>
/// <typeparam name="T">One item of work.</typeparam>
public abstract class BatchCmdlet<T> : ArchiveWriterCmdlet
{
    private const int BatchSize = 256;
    private const long BatchCharacters = 4 << 20;
    private readonly List<T> _items = [];
    private long _characters;
    private EngineOptions? _options;

    /// <inheritdoc/>
    protected override void EndProcessing() => Flush();

    /// <param name="item">What to do, in the archive that is named now.</param>
    /// <param name="characters">What it weighs.</param>
    private protected void Gather(T item, long characters)
    {
        var options = Guarded(CreateOptions);
        if (_items.Count >= BatchSize || _characters >= BatchCharacters || (_options is { } open && open.ArchivePath != options.ArchivePath))
            Flush();
        _options = options;
        _items.Add(item);
        _characters += characters;
    }

    private protected abstract Task DoAsync(SyncEngine engine, IReadOnlyList<T> items, PipelineSink sink, CancellationToken cancellationToken);

    private void Flush()
    {
        if (_items.Count == 0)
            return;
        var (engine, items) = (new SyncEngine(_options!), _items.ToArray());
        _items.Clear();
        _characters = 0;
        Run((sink, cancellationToken) => DoAsync(engine, items, sink, cancellationToken));
    }
}
