using System.Runtime.CompilerServices;
using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Model;
using ArtifactSync.Transcripts;
using ArtifactSync.Transport;

namespace ArtifactSync.Sync;

/// <summary>
/// The door to the engine: one method per kind of run. A run that failed is returned, with its code; exceptions
/// (<see cref="ArtifactSyncException"/>) leave a method only for trouble before a run exists.
/// </summary>
public sealed partial class SyncEngine(EngineOptions options)
{
    /// <summary>Publish what changed, exchange with the target, ingest what arrived, replay metadata (architecture: data flow).</summary>
    public async Task<SyncRun> ExchangeAsync(ExchangeRequest request, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (EngramTarget.Is(request.Target))
        {
            return await SyncMemoryAsync(request, observer, cancellationToken);
        }
        TransportFactory.Check(request.Target, Transport(request, observer, dryRun: true));
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.Create);
        var open = () => TransportFactory.Open(
            request.Target, Transport(request, observer, dryRun: request.PreflightOnly) with { Stores = new ArchiveStoreMemory(archive) });
        return await new ExchangeRunner(archive, open, request, observer).RunAsync(cancellationToken);
    }

    /// <summary>
    /// What <see cref="ExchangeAsync"/> would do. Opens the archive read-only, reads folders, makes no network request and
    /// writes nothing anywhere; the object has status Planned and no id.
    /// </summary>
    public async Task<SyncRun> PlanExchangeAsync(ExchangeRequest request, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (EngramTarget.Is(request.Target))
        {
            return PlanMemory(request);
        }
        TransportFactory.Check(request.Target, Transport(request, observer, dryRun: true));
        using var archive = OpenExisting();
        var run = new PlannedRun(options, request);
        run.AddTranscripts(archive, observer, cancellationToken);
        run.AddPublications(archive);
        if (TargetPath.IsFolder(request.Target) && Directory.Exists(request.Target))
        {
            await using var transport = TransportFactory.Open(request.Target, Transport(request, observer, dryRun: true));
            await run.AddExchangeAsync(archive, transport, cancellationToken);
        }
        return run.ToRun();
    }

    /// <summary>Repeats the exchange of an earlier run as its child.</summary>
    /// <exception cref="ArtifactSyncException">RunNotFound; InvalidArgument: the run is still running or of another kind.</exception>
    /// <param name="access">As for a new exchange: the ledger keeps none of it.</param>
    public async Task<SyncRun> RetryAsync(string runId, TargetAccess access, IRunObserver observer, CancellationToken cancellationToken)
    {
        if (await RetryMemoryAsync(runId, observer, cancellationToken) is { } repeated)
        {
            return repeated;
        }
        ExchangeRecord record;
        using (var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly))
        {
            var run = RunTable.FindRequest(archive.Reader, runId) ?? throw new ArtifactSyncException(
                ErrorCode.RunNotFound, $"There is no run '{runId}' in the archive '{archive.Folder}'.", runId);
            if (run.Status == RunStatus.Running || run.Kind is not (RunKind.Exchange or RunKind.Preflight or RunKind.MemorySync))
            {
                throw new ArtifactSyncException(ErrorCode.InvalidArgument,
                    run.Status == RunStatus.Running ? $"The run '{runId}' is still running." : $"A run of kind '{run.Kind}' can't be repeated.", runId);
            }
            record = JsonSerializer.Deserialize(run.RequestedJson, ExchangeRecordJson.Default.ExchangeRecord)!;
        }
        return await ExchangeAsync(record.ToRequest(runId, access), observer, cancellationToken);
    }

    /// <summary>Reads transcripts into the archive; one object a file, as it is done.</summary>
    public async IAsyncEnumerable<ArchiveSessionImport> ImportAsync(
        ImportRequest request, IRunObserver observer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        await Task.Yield();
        using var archive = request.WhatIf ? OpenExisting() : ArchiveDatabase.Open(options, ArchiveMode.Create);
        var files = request.WhatIf
            ? TranscriptImporter.Import(archive, null, request, observer, cancellationToken)
            : new ImportRunner(archive!, request, observer).Run(cancellationToken);
        foreach (var file in files)
        {
            yield return file;
        }
    }

    /// <summary>Runs of the ledger, newest first.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound; RunNotFound: an id that was asked for does not exist.</exception>
    public IEnumerable<SyncRun> GetRuns(RunQuery query)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        foreach (var run in RunReader.Read(archive.Reader, query, archive.Folder))
        {
            yield return run;
        }
    }

    /// <summary>Sessions of the archive, newest first; with a text query the best match first.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound; InvalidArgument: a query without a word.</exception>
    public IEnumerable<ArchiveSession> GetSessions(SessionQuery query)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        foreach (var session in SessionReader.Read(archive.Reader, query))
        {
            yield return session;
        }
    }

    private TransportOptions Transport(ExchangeRequest request, IRunObserver observer, bool dryRun) => new()
    {
        ArchiveFolder = options.ArchivePath,
        Clock = options.Clock,
        Random = options.Random,
        Access = request.Access,
        ThrottleLimit = options.ThrottleLimit,
        Observer = observer,
        DryRun = dryRun,
        Step = options.Checkpoint,
    };

    /// <summary>Read-only; null when there is none yet.</summary>
    private ArchiveDatabase? OpenExisting() =>
        File.Exists(Path.Combine(options.ArchivePath, ArchiveFiles.DatabaseName)) ? ArchiveDatabase.Open(options, ArchiveMode.ReadOnly) : null;
}
