using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>The parameter set that repeats runs: <c>Get-SyncRun -Retryable | Invoke-ArtifactSync -RetryFailed</c>.</summary>
public sealed partial class InvokeArtifactSyncCommand
{
    private const string RetrySet = "Retry";

    [Parameter(ParameterSetName = RetrySet, Mandatory = true)]
    public SwitchParameter RetryFailed { get; set; }

    [Parameter(ParameterSetName = RetrySet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(RunIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] RunId { get; set; } = [];

    private void Retry()
    {
        var alone = !MyInvocation.ExpectingInput && RunId.Length == 1;
        foreach (var id in RunId)
        {
            RunOne(alone, id, "Retry run", (engine, decision, sink, token) => decision == Decision.Plan
                ? PlanAsync(engine, id, sink, token)
                : engine.RetryAsync(id, Access, sink, token));
        }
    }

    private async Task<SyncRun> PlanAsync(SyncEngine engine, string id, PipelineSink sink, CancellationToken token) =>
        await engine.PlanMemoryRetryAsync(id, sink, token) ?? await engine.PlanExchangeAsync(Repeat(engine, id) with { Access = Access }, sink, token);

    /// <summary>What a retry would do, as the request that it would repeat.</summary>
    private static ExchangeRequest Repeat(SyncEngine engine, string id)
    {
        var run = engine.GetRuns(new RunQuery { RunIds = [id] }).FirstOrDefault()
            ?? throw new ArtifactSyncException(
                ErrorCode.RunNotFound, $"There is no run '{id}' in this archive. Get-SyncRun lists the runs.", id);
        return run.Target is { } target
            ? new ExchangeRequest { Target = target, ParentRunId = id }
            : throw new ArtifactSyncException(ErrorCode.InvalidArgument, $"The run '{id}' ({run.Kind}) has no target to plan for.", id);
    }
}
