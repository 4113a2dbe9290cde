using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using ArtifactSync.Archive;

namespace ArtifactSync.Transcripts;

/// <summary>One file on its way: a worker fills it with chunks, the writer empties it.</summary>
internal sealed class ParseJob(TranscriptParser parser) : IDisposable
{
    /// <summary>Chunks that may wait; a chunk is about a megabyte.</summary>
    private const int Waiting = 4;
    private BlockingCollection<SessionChunk>? _chunks;
    private ExceptionDispatchInfo? _failure;

    // Made by whoever comes first: of many thousands of jobs only a few are under way.
    private BlockingCollection<SessionChunk> Queue => LazyInitializer.EnsureInitialized(ref _chunks, static () => new(Waiting));

    public TranscriptParser Parser { get; private set; } = parser;

    /// <summary>There once all chunks have been taken.</summary>
    public FileResult? Result { get; private set; }

    public void Run(Func<string, TranscriptFile?> remembered, CancellationToken cancellationToken)
    {
        try
        {
            if (Parser.Known is not null)
            {
                Parser = Parser with { Known = remembered(Parser.Path) };
            }

            Result = Parser.Read(chunk => Queue.Add(chunk, cancellationToken), cancellationToken);
        }
        catch (Exception e)
        {
            // The writer meets it where it takes the chunks.
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            Queue.CompleteAdding();
        }
    }

    public IEnumerable<SessionChunk> Chunks(CancellationToken cancellationToken)
    {
        foreach (SessionChunk chunk in Queue.GetConsumingEnumerable(cancellationToken))
        {
            yield return chunk;
        }

        _failure?.Throw();
    }

    public void Dispose() => _chunks?.Dispose();
}

/// <summary>
/// Parses files on threads of its own, ahead of the writer but not far. Jobs are taken up in their order, so the writer,
/// which empties them in the same order, always waits for one that somebody works on.
/// </summary>
internal sealed class ParsePipeline : IDisposable
{
    private const int Ahead = 16;
    private readonly IReadOnlyList<ParseJob> _jobs;
    private readonly SemaphoreSlim _room = new(Ahead);
    private readonly CancellationTokenSource _stop;
    private readonly List<Thread> _threads = [];
    private readonly ArchiveDatabase? _archive;
    private int _next = -1;

    public ParsePipeline(IReadOnlyList<ParseJob> jobs, ArchiveDatabase? archive, int workers, CancellationToken cancellationToken)
    {
        (_jobs, _archive) = (jobs, archive);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        for (int i = 0; i < Math.Min(workers, jobs.Count); i++)
        {
            var thread = new Thread(Work) { IsBackground = true, Name = "transcript parser" };
            _threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>The writer is done with a job.</summary>
    public void Release() => _room.Release();

    private void Work()
    {
        var reader = new Lazy<Database>(() => _archive!.OpenReader());
        try
        {
            while (true)
            {
                _room.Wait(_stop.Token);
                int index = Interlocked.Increment(ref _next);
                if (index >= _jobs.Count)
                {
                    _room.Release();
                    return;
                }

                _jobs[index].Run(path => TranscriptTable.Find(reader.Value, path), _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The writer went away or was told to stop; it does not wait for this thread's job.
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _threads.ForEach(t => t.Join());
        foreach (ParseJob job in _jobs)
        {
            job.Dispose();
        }

        _room.Dispose();
        _stop.Dispose();
    }
}
