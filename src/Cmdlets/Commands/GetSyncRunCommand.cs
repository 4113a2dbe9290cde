using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Reads the ledger: what ran, how it ended, what can be retried.</summary>
[Cmdlet(VerbsCommon.Get, "SyncRun", DefaultParameterSetName = FilterSet)]
[OutputType(typeof(SyncRun))]
public sealed class GetSyncRunCommand : ArchiveCmdlet
{
    private const string FilterSet = "Filter";
    private const string IdSet = "Id";

    [Parameter(ParameterSetName = IdSet, Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdTransformation("RunId")]
    [ArgumentCompleter(typeof(RunIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] RunId { get; set; } = [];

    [Parameter(ParameterSetName = FilterSet)]
    [ValidateRange(1, int.MaxValue)]
    public int? Last { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    public RunStatus[] Status { get; set; } = [];

    [Parameter(ParameterSetName = FilterSet)]
    public RunKind[] Kind { get; set; } = [];

    [Parameter(ParameterSetName = FilterSet)]
    [MomentTransformation]
    public DateTimeOffset? Since { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    [MomentTransformation]
    public DateTimeOffset? Until { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter Retryable { get; set; }

    [Parameter]
    public SwitchParameter IncludeEntity { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var query = new RunQuery
        {
            RunIds = RunId, Last = Last, Statuses = Status, Kinds = Kind, Since = Since, Until = Until,
            Retryable = Retryable, IncludeEntities = IncludeEntity,
        };
        var engine = OpenEngine();
        Run((sink, cancellationToken) => EmitAsync(engine, query, sink, cancellationToken));
    }

    private static async Task EmitAsync(SyncEngine engine, RunQuery query, PipelineSink sink, CancellationToken cancellationToken)
    {
        var missing = new List<string>(query.RunIds);
        foreach (var run in engine.GetRuns(query))
        {
            cancellationToken.ThrowIfCancellationRequested();
            missing.RemoveAll(id => id == run.RunId);
            await sink.WriteObjectAsync(run);
        }
        foreach (var id in missing)
        {
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(new ArtifactSyncException(
                ErrorCode.RunNotFound, $"There is no run '{id}' in this archive. Get-SyncRun without -RunId lists the runs.", id)));
        }
    }
}
