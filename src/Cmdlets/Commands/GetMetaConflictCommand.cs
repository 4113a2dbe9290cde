using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Lists edits that lost against an edit of another machine.</summary>
[Cmdlet(VerbsCommon.Get, "MetaConflict")]
[OutputType(typeof(MetaConflict))]
public sealed class GetMetaConflictCommand : ArchiveCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [IdTransformation("SessionId", "Id")]
    [ArgumentCompleter(typeof(ConflictSessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] SessionId { get; set; } = [];

    [Parameter]
    [ArgumentCompleter(typeof(ConflictFieldCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Field { get; set; }

    [Parameter]
    [ArgumentCompleter(typeof(ConflictOriginCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Origin { get; set; }

    [Parameter]
    [MomentTransformation]
    public DateTimeOffset? Since { get; set; }

    [Parameter]
    public SwitchParameter Unresolved { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var query = new ConflictQuery { SessionIds = SessionId, Field = Field, Origin = Origin, Since = Since, Unresolved = Unresolved };
        var engine = OpenEngine();
        Run(async (sink, cancellationToken) =>
        {
            foreach (var conflict in engine.GetConflicts(query))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await sink.WriteObjectAsync(conflict);
            }
        });
    }
}
