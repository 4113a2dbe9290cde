using System.Globalization;
using System.Threading.Channels;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Metadata;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>
/// An archive, the transcripts that belong to it, and the target that it is kept in step with. Files tell when to look; the
/// archive tells whether this machine has made anything since, so that neither heartbeats nor imports start an exchange.
/// </summary>
internal sealed class WatchedArchive : IWatched
{
    private readonly SyncEngine _engine;
    private readonly EngineOptions _options;
    private readonly IRunObserver _observer;
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly List<FileSystemWatcher> _watchers = [];
    private ExchangeRequest _request;
    private long _transcriptChanges;
    private long _unknown;

    public WatchedArchive(SyncEngine engine, EngineOptions options, ExchangeRequest request, IRunObserver observer)
    {
        (_engine, _options, _request, _observer) = (engine, options, request, observer);
        foreach (var path in request.TranscriptPaths)
        {
            var isFolder = Directory.Exists(path);
            Watch(isFolder ? path : Path.GetDirectoryName(path)!, isFolder ? "*.jsonl" : Path.GetFileName(path), isFolder, TranscriptChanged);
        }
    }

    public async Task<SyncRun> ExchangeAsync(CancellationToken cancellationToken)
    {
        SyncRun run;
        try
        {
            run = await _engine.ExchangeAsync(_request, _observer, cancellationToken);
        }
        catch (ArtifactSyncException fault) when (ErrorCatalog.IsRetryable(fault.Code))
        {
            // Before there was a run: the share is not mounted, say.
            return PlannedRun.Of(_options, RunKind.Exchange, _request.Target, new RunCounters()) with
            {
                Status = RunStatus.Failed, ErrorCode = fault.Code.ToString(), ErrorMessage = fault.Message,
                RecommendedAction = ErrorCatalog.Action(fault.Code),
            };
        }
        if (run.Status is RunStatus.Succeeded or RunStatus.Partial)
        {
            _request = _request with { Initialize = false };
        }
        if (_watchers.TrueForAll(watcher => watcher.Path != _options.ArchivePath))
        {
            WatchArchive(); // the first exchange may have made it
        }
        return run;
    }

    /// <summary>
    /// For a memory server the newest row of the journal and the enrollments; else changes of own sessions and the newest artifact of the
    /// store (an edit is one). Read from the archive, so that it does not matter which process made them.
    /// </summary>
    public string Mark()
    {
        var transcripts = Interlocked.Read(ref _transcriptChanges);
        try
        {
            var mark = Read(db => EngramTarget.Is(_request.Target) ? MarkOfMemories(db) : MarkOfSessions(db));
            return string.Create(CultureInfo.InvariantCulture, $"{mark ?? "-"} {transcripts}");
        }
        catch (ArtifactSyncException fault) when (ErrorCatalog.IsRetryable(fault.Code))
        {
            return string.Create(CultureInfo.InvariantCulture, $"? {Interlocked.Increment(ref _unknown)}"); // busy: an exchange finds out
        }
    }

    public DateTimeOffset? BackoffUntil()
    {
        if (!EngramTarget.Is(_request.Target))
        {
            return null;
        }
        try
        {
            var server = EngramTarget.Text(EngramTarget.Parse(_request.Target, _request.Access.AllowInsecure));
            var until = Read(db => MemoryTargetTable.Read(db) is { BackoffUntil: { } at } state && state.ServerUrl == server
                ? DateTimeOffset.FromUnixTimeMilliseconds(at) : (DateTimeOffset?)null);
            var longest = _options.Clock.GetUtcNow() + Backoff.Max; // whatever a clock that was wrong left behind
            return until > longest ? longest : until;
        }
        catch (ArtifactSyncException fault) when (ErrorCatalog.IsRetryable(fault.Code))
        {
            return null; // busy: the exchange finds out
        }
    }

    private static string MarkOfMemories(Database db) =>
        string.Create(CultureInfo.InvariantCulture, $"{MemoryTargetTable.Enqueued(db)} {string.Join(',', MemoryProjectTable.Owing(db))}");

    private static string MarkOfSessions(Database db) =>
        string.Create(CultureInfo.InvariantCulture, $"{PublicationTable.Generation(db)} {MetadataTable.HighestArtifact(db)}");

    /// <summary>The default while there is no archive.</summary>
    private T? Read<T>(Func<Database, T> read)
    {
        if (!File.Exists(Path.Combine(_options.ArchivePath, ArchiveFiles.DatabaseName)))
        {
            return default;
        }
        using var archive = ArchiveDatabase.Open(_options, ArchiveMode.ReadWrite);
        return read(archive.Reader);
    }

    public Task ChangedAsync(CancellationToken cancellationToken) => _changes.Reader.ReadAsync(cancellationToken).AsTask();

    public void Forget(SyncRun run)
    {
        try
        {
            using var archive = ArchiveDatabase.Open(_options, ArchiveMode.ReadWrite);
            using var transaction = archive.BeginLedger();
            RunTable.Remove(transaction.Db, run.RunId!);
            transaction.Commit();
        }
        catch (ArtifactSyncException fault) when (ErrorCatalog.IsRetryable(fault.Code))
        {
            _observer.Verbose($"The row of the idle run '{run.RunId}' stays: {fault.Message}");
        }
    }

    public void Dispose() => _watchers.ForEach(watcher => watcher.Dispose());

    private void WatchArchive()
    {
        var seen = ArchiveStamp.Of(_options.ArchivePath);
        Watch(_options.ArchivePath, ArchiveFiles.DatabaseName + "*", subfolders: false, () =>
        {
            var now = ArchiveStamp.Of(_options.ArchivePath);
            if (now != seen)
            {
                seen = now;
                Changed();
            }
        });
    }

    private void Watch(string folder, string names, bool subfolders, Action changed)
    {
        try
        {
            var watcher = new FileSystemWatcher(folder, names) { IncludeSubdirectories = subfolders };
            watcher.Created += (_, _) => changed();
            watcher.Changed += (_, _) => changed();
            watcher.Renamed += (_, _) => changed();
            watcher.Error += (_, _) => changed(); // more than the system could tell
            watcher.EnableRaisingEvents = true;
            _watchers.Add(watcher);
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            _observer.Warning($"Changes below '{folder}' can't be watched ({e.Message}); they go with the next interval.");
        }
    }

    private void TranscriptChanged()
    {
        Interlocked.Increment(ref _transcriptChanges);
        Changed();
    }

    private void Changed() => _changes.Writer.TryWrite(true);
}
