using System.Management.Automation;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>Makes what is derived anew from its sources.</summary>
[Cmdlet(VerbsData.Update, "ArchiveIndex", SupportsShouldProcess = true)]
[OutputType(typeof(SyncRun))]
public sealed class UpdateArchiveIndexCommand : ArchiveWriterCmdlet
{
    [Parameter(Mandatory = true)]
    public SwitchParameter Rebuild { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var engine = OpenEngine();
        Run(async (sink, cancellationToken) =>
        {
            var decision = await sink.ShouldProcessAsync(engine.ArchivePath, "Rebuild");
            if (decision == Decision.Skip)
                return;
            await sink.WriteRunAsync(decision == Decision.Plan ? engine.PlanRebuild() : await engine.RebuildAsync(sink, cancellationToken));
        });
    }
}
