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

    private readonly List<string> _runs = [];

    /// <summary>As with targets: a token waits until all servers are known.</summary>
    private void Retry()
    {
        if (Token is null)
            Retry(RunId, alone: !MyInvocation.ExpectingInput && RunId.Length == 1);
        else
            _runs.AddRange(RunId);
    }

    private void RetryGathered()
    {
        var engine = OpenEngine();
        RequireOneServer(_runs.Count < 2 ? [] : engine.GetRuns(new RunQuery { RunIds = _runs }).Select(run => run.InstanceUrl ?? run.Target).OfType<string>());
        Retry(_runs, alone: !MyInvocation.ExpectingInput && _runs.Count == 1);
    }

    private void Retry(IReadOnlyList<string> runs, bool alone)
    {
        foreach (var id in runs)
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
