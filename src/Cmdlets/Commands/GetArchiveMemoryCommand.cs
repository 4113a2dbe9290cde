using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Lists memories of the archive, or searches them.</summary>
[Cmdlet(VerbsCommon.Get, "ArchiveMemory", DefaultParameterSetName = FilterSet)]
[OutputType(typeof(ArchiveMemory))]
public sealed class GetArchiveMemoryCommand : ArchiveCmdlet
{
    private const string FilterSet = "Filter";
    private const string IdSet = "SyncId";

    [Parameter(ParameterSetName = IdSet, Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdTransformation("SyncId")]
    [ArgumentCompleter(typeof(MemoryIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] SyncId { get; set; } = [];

    [Parameter(ParameterSetName = FilterSet)]
    [ValidateNotNullOrEmpty]
    public string? Query { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    [ArgumentCompleter(typeof(MemoryProjectCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Project { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    [ArgumentCompleter(typeof(MemoryTypeCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Type { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    [MomentTransformation]
    public DateTimeOffset? Since { get; set; }

    [Parameter]
    public SwitchParameter IncludeDeleted { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    [ValidateRange(1, int.MaxValue)]
    public int? First { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var query = new MemoryQuery
        {
            SyncIds = SyncId, Text = Query, Project = Project, Type = Type, Since = Since, IncludeDeleted = IncludeDeleted, First = First,
        };
        var engine = OpenEngine();
        Run((sink, cancellationToken) => EmitAsync(engine, query, sink, cancellationToken));
    }

    private static async Task EmitAsync(SyncEngine engine, MemoryQuery query, PipelineSink sink, CancellationToken cancellationToken)
    {
        var missing = new List<string>(query.SyncIds);
        foreach (var memory in engine.GetMemories(query))
        {
            cancellationToken.ThrowIfCancellationRequested();
            missing.Remove(memory.SyncId);
            await sink.WriteObjectAsync(memory);
        }
        foreach (var id in missing)
        {
            var isDeleted = !query.IncludeDeleted && engine.GetMemories(new MemoryQuery { SyncIds = [id], IncludeDeleted = true }).Any();
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(new ArtifactSyncException(
                ErrorCode.MemoryNotFound,
                isDeleted ? $"The memory '{id}' is deleted. Add -IncludeDeleted." : $"There is no memory '{id}' in this archive.", id)));
        }
    }
}
