using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Cmdlets;

/// <summary>Lists artifacts that were refused, with reason, origin and time.</summary>
[Cmdlet(VerbsCommon.Get, "QuarantinedArtifact", DefaultParameterSetName = FilterSet)]
[OutputType(typeof(QuarantinedArtifact))]
public sealed class GetQuarantinedArtifactCommand : ArchiveCmdlet
{
    private const string FilterSet = "Filter";
    private const string IdSet = "Id";

    [Parameter(ParameterSetName = IdSet, Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdTransformation("ArtifactId")]
    [ArgumentCompleter(typeof(ArtifactIdCompleter))]
    public long[] ArtifactId { get; set; } = [];

    [Parameter(ParameterSetName = FilterSet)]
    [ArgumentCompleter(typeof(OriginCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Origin { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    public ArtifactKind? Kind { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    [MomentTransformation]
    public DateTimeOffset? Since { get; set; }

    [Parameter(ParameterSetName = FilterSet)]
    [MomentTransformation]
    public DateTimeOffset? Until { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var query = new QuarantineQuery { ArtifactIds = ArtifactId, Origin = Origin, Kind = Kind, Since = Since, Until = Until };
        var engine = OpenEngine();
        Run((sink, cancellationToken) => EmitAsync(engine, query, sink, cancellationToken));
    }

    private static async Task EmitAsync(SyncEngine engine, QuarantineQuery query, PipelineSink sink, CancellationToken cancellationToken)
    {
        var missing = new List<long>(query.ArtifactIds);
        foreach (var artifact in engine.GetQuarantined(query))
        {
            cancellationToken.ThrowIfCancellationRequested();
            missing.RemoveAll(id => id == artifact.ArtifactId);
            await sink.WriteObjectAsync(artifact);
        }
        foreach (var id in missing)
        {
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(new ArtifactSyncException(
                ErrorCode.ArtifactNotFound, $"There is no artifact {id} in the quarantine. Get-QuarantinedArtifact without -ArtifactId lists them.", id)));
        }
    }
}
