using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>Repeating runs: each kind says what its repetition is.</summary>
public sealed partial class SyncEngine
{
    /// <summary>Repeats an earlier run as its child.</summary>
    /// <exception cref="ArtifactSyncException">RunNotFound; InvalidArgument: the run is still running or of another kind.</exception>
    public Task<SyncRun> RetryAsync(RetryRequest request, IRunObserver observer, CancellationToken cancellationToken) =>
        Repetition(request).Run(observer, cancellationToken);

    /// <summary>What <see cref="RetryAsync"/> would do; writes nothing.</summary>
    public Task<SyncRun> PlanRetryAsync(RetryRequest request, IRunObserver observer, CancellationToken cancellationToken) =>
        Repetition(request).Plan(observer, cancellationToken);

    private (Work Run, Work Plan) Repetition(RetryRequest request)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        var run = RunTable.FindRequest(archive.Reader, request.RunId) ?? throw new ArtifactSyncException(
            ErrorCode.RunNotFound, $"There is no run '{request.RunId}' in this archive. Get-SyncRun lists the runs.", request.RunId);
        if (run.Status == RunStatus.Running)
        {
            throw new ArtifactSyncException(ErrorCode.InvalidArgument, $"The run '{run.RunId}' is still running.", run.RunId);
        }
        switch (run)
        {
            case { Kind: RunKind.Exchange or RunKind.MemorySync } or { Kind: RunKind.Preflight, Project: null }:
                var exchange = JsonSerializer.Deserialize(run.RequestedJson, ExchangeRecordJson.Default.ExchangeRecord)!.ToRequest(run.RunId, request.Access);
                return ((o, t) => ExchangeAsync(exchange, o, t), (o, t) => PlanExchangeAsync(exchange, o, t));
            case { Kind: RunKind.Surgical or RunKind.Preflight }:
                var surgical = SurgicalRetry.ToRequest(archive.Reader, run, request);
                return ((o, t) => SurgicalAsync(surgical, o, t), (_, t) => Task.FromResult(PlanSurgical(surgical, t)));
            case { Kind: RunKind.MemoryImport }:
                return RepeatMemory(run, request.Access);
            default:
                throw new ArtifactSyncException(ErrorCode.InvalidArgument, $"A run of kind '{run.Kind}' can't be repeated.", run.RunId);
        }
    }

    private delegate Task<SyncRun> Work(IRunObserver observer, CancellationToken cancellationToken);
}
