using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>
/// The door to the engine: one method per kind of run. A run that failed is returned, with its code; exceptions
/// (<see cref="Errors.ArtifactSyncException"/>) leave a method only for trouble before a run exists.
/// </summary>
public sealed class SyncEngine(EngineOptions options)
{
    private readonly EngineOptions _options = options;

    /// <summary>Publish what changed, exchange with the target, ingest what arrived, replay metadata (architecture: data flow).</summary>
    public Task<SyncRun> ExchangeAsync(ExchangeRequest request, IRunObserver observer, CancellationToken cancellationToken) =>
        throw new NotSupportedException(_options.ArchivePath);

    /// <summary>What <see cref="ExchangeAsync"/> would do; opens the archive read-only and writes nothing anywhere.</summary>
    public Task<SyncRun> PlanExchangeAsync(ExchangeRequest request, IRunObserver observer, CancellationToken cancellationToken) =>
        throw new NotSupportedException(_options.ArchivePath);

    /// <summary>Repeats the exchange of an earlier run as its child.</summary>
    public Task<SyncRun> RetryAsync(string runId, IRunObserver observer, CancellationToken cancellationToken) =>
        throw new NotSupportedException(_options.ArchivePath);

    /// <summary>Reads transcripts into the archive; one object a file, as it is done.</summary>
    public IAsyncEnumerable<ArchiveSessionImport> ImportAsync(ImportRequest request, IRunObserver observer, CancellationToken cancellationToken) =>
        throw new NotSupportedException(_options.ArchivePath);

    public IEnumerable<SyncRun> GetRuns(RunQuery query) => throw new NotSupportedException(_options.ArchivePath);

    public IEnumerable<ArchiveSession> GetSessions(SessionQuery query) => throw new NotSupportedException(_options.ArchivePath);
}
