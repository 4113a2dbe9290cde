using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
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

    [Parameter(ParameterSetName = RetrySet)]
    public SwitchParameter IncludePermanent { get; set; }

    private void Retry()
    {
        var alone = !MyInvocation.ExpectingInput && RunId.Length == 1;
        foreach (var id in RunId)
        {
            RunOne(alone, id, "Retry run", (engine, decision, sink, token) =>
            {
                var request = new RetryRequest
                {
                    RunId = id, IncludePermanent = IncludePermanent, Access = Access with { Token = RetryToken(engine, id) }, Parallel = ThrottleLimit,
                };
                return decision == Decision.Plan ? engine.PlanRetryAsync(request, sink, token) : engine.RetryAsync(request, sink, token);
            });
        }
    }

    /// <summary>The parameter, else that of the environment when it is for the server of the run.</summary>
    private System.Security.SecureString? RetryToken(SyncEngine engine, string id) =>
        Token ?? (engine.GetRuns(new RunQuery { RunIds = [id] }).FirstOrDefault()?.InstanceUrl is { } address ? GitLabDefaults.Token(address) : null);
}
