using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Pipeline;

/// <summary>Base of the cmdlets that take artifacts out of the quarantine, one by one.</summary>
public abstract class QuarantineCmdlet : ArchiveCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdTransformation("ArtifactId")]
    [ArgumentCompleter(typeof(ArtifactIdCompleter))]
    public long[] ArtifactId { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        Run(async (sink, cancellationToken) =>
        {
            foreach (var id in ArtifactId)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await OneAsync(engine, id, sink, cancellationToken);
            }
        });
    }

    private protected abstract string Action { get; }

    private protected abstract QuarantinedArtifact Do(SyncEngine engine, long id, bool whatIf, CancellationToken cancellationToken);

    private async Task OneAsync(SyncEngine engine, long id, PipelineSink sink, CancellationToken cancellationToken)
    {
        try
        {
            // Looked up before it is asked for, so that the question names it.
            var artifact = engine.GetQuarantined(new QuarantineQuery { ArtifactIds = [id] }).FirstOrDefault();
            var decision = await sink.ShouldProcessAsync(
                artifact is null ? $"artifact {id}" : $"{artifact.Origin}/{artifact.Name} ({artifact.ErrorCode})", Action);
            if (decision != Decision.Skip)
                await sink.WriteObjectAsync(Do(engine, id, decision == Decision.Plan, cancellationToken));
        }
        catch (ArtifactSyncException e) when (e.Code != ErrorCode.ArchiveNotFound)
        {
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(e));
        }
    }
}
