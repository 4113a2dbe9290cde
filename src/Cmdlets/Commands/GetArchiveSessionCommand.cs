using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Lists sessions of the archive, own and foreign ones, or searches their text.</summary>
[Cmdlet(VerbsCommon.Get, "ArchiveSession", DefaultParameterSetName = FilterSet)]
[OutputType(typeof(ArchiveSession))]
public sealed class GetArchiveSessionCommand : ArchiveCmdlet
{
    private const string FilterSet = "Filter";
    private const string IdSet = "Id";

    [Parameter(ParameterSetName = IdSet, Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("SessionId")]
    [IdTransformation("SessionId", "Id")]
    [ArgumentCompleter(typeof(SessionIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Id { get; set; } = [];

    [Parameter(ParameterSetName = FilterSet)]
    [ArgumentCompleter(typeof(ProjectCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Project { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    [ArgumentCompleter(typeof(OriginCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Origin { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    [MomentTransformation]
    public DateTimeOffset? Since { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Name { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    [ValidateNotNullOrEmpty]
    public string? Query { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter Starred { get; set; }

    [Parameter]
    public SwitchParameter Trashed { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    [ValidateRange(1, int.MaxValue)]
    public int? First { get; set; }

    [Parameter]
    public SwitchParameter IncludeMessage { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var query = new SessionQuery
        {
            SessionIds = Id, Project = Project, Origin = Origin, Name = Name, Since = Since, Text = Query, First = First,
            Starred = MyInvocation.BoundParameters.ContainsKey(nameof(Starred)) ? Starred.ToBool() : null,
            Trashed = Trashed ? true : null, IncludeMessages = IncludeMessage,
        };
        var engine = OpenEngine();
        Run((sink, cancellationToken) => EmitAsync(engine, query, sink, cancellationToken));
    }

    private static async Task EmitAsync(SyncEngine engine, SessionQuery query, PipelineSink sink, CancellationToken cancellationToken)
    {
        var missing = new List<string>(query.SessionIds);
        foreach (var session in engine.GetSessions(query))
        {
            cancellationToken.ThrowIfCancellationRequested();
            missing.RemoveAll(id => id == session.SessionId);
            await sink.WriteObjectAsync(session);
        }
        foreach (var id in missing)
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(NotFound(engine, query, id)));
    }

    private static ArtifactSyncException NotFound(SyncEngine engine, SessionQuery query, string id)
    {
        var elsewhere = engine.GetSessions(new SessionQuery { SessionIds = [id], Trashed = query.Trashed is true ? null : true }).Any();
        var where = query.Trashed is true ? "in the trash of this archive" : "in this archive";
        var advice = (elsewhere, query.Trashed) switch
        {
            (true, true) => "It is not trashed: leave -Trashed out.",
            (true, _) => "It is in the trash: add -Trashed.",
            _ => "Get-ArchiveSession without -Id lists the sessions.",
        };
        return new ArtifactSyncException(ErrorCode.SessionNotFound, $"There is no session '{id}' {where}. {advice}", id);
    }
}
