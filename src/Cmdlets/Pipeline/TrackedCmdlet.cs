using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Pipeline;

/// <summary>Base of the cmdlets that read issues and merge requests of the archive.</summary>
public abstract class TrackedCmdlet : ArchiveCmdlet
{
    /// <summary>Path of the project; wildcards count.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TrackedProjectCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Project { get; set; }

    /// <summary>Numbers within the project.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, long.MaxValue)]
    public long[] Iid { get; set; } = [];

    /// <summary>Only those in this state.</summary>
    [Parameter]
    [ValidateSet("opened", "closed", "merged", "locked")]
    public string? State { get; set; }

    /// <summary>Only those that bear this label.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Label { get; set; }

    /// <summary>Only those updated at or after this moment.</summary>
    [Parameter]
    [MomentTransformation]
    public DateTimeOffset? Since { get; set; }

    /// <summary>At most this many, those updated last.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? First { get; set; }

    /// <summary>Fills Notes.</summary>
    [Parameter]
    public SwitchParameter IncludeNote { get; set; }

    /// <summary>Fills Events.</summary>
    [Parameter]
    public SwitchParameter IncludeEvent { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var query = new TrackedQuery
        {
            Project = Project, Iids = Iid, State = State, Label = Label, Since = Since, First = First,
            IncludeNotes = IncludeNote, IncludeEvents = IncludeEvent,
        };
        var engine = OpenEngine();
        Run((sink, cancellationToken) => EmitAsync(engine, query, sink, cancellationToken));
    }

    private protected abstract IEnumerable<TrackedEntity> Read(SyncEngine engine, TrackedQuery query);

    private protected abstract string Kind { get; }

    private async Task EmitAsync(SyncEngine engine, TrackedQuery query, PipelineSink sink, CancellationToken cancellationToken)
    {
        var missing = new HashSet<long>(query.Iids);
        foreach (var entity in Read(engine, query))
        {
            cancellationToken.ThrowIfCancellationRequested();
            missing.Remove(entity.Iid);
            await sink.WriteObjectAsync(entity);
        }
        foreach (var iid in missing.Order())
        {
            var name = query.Project is null ? $"{Kind} {iid}" : $"{Kind} {iid} of '{query.Project}'";
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(new ArtifactSyncException(
                ErrorCode.NotFound, $"There is no {name} in this archive. Invoke-ArtifactSync -Project brings it.", iid)));
        }
    }
}
