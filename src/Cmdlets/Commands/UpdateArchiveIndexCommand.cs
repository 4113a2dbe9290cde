using System.Management.Automation;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Makes up for what runs left behind, or makes all that is derived anew from its sources.</summary>
[Cmdlet(VerbsData.Update, "ArchiveIndex", DefaultParameterSetName = CatchUpSet, SupportsShouldProcess = true)]
[OutputType(typeof(SyncRun))]
public sealed class UpdateArchiveIndexCommand : ArchiveWriterCmdlet
{
    private const string CatchUpSet = "CatchUp";
    private const string RebuildSet = "Rebuild";

    [Parameter(ParameterSetName = RebuildSet, Mandatory = true)]
    public SwitchParameter Rebuild { get; set; }

    [Parameter(ParameterSetName = CatchUpSet)]
    public SwitchParameter NoEmbed { get; set; }

    [Parameter(ParameterSetName = CatchUpSet)]
    [ValidateNotNull]
    public Uri? EmbedUri { get; set; }

    [Parameter(ParameterSetName = CatchUpSet)]
    [ValidateNotNullOrEmpty]
    public string? EmbedModel { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        Run(async (sink, cancellationToken) =>
        {
            var decision = await sink.ShouldProcessAsync(engine.ArchivePath, Rebuild ? "Rebuild" : "Update index");
            if (decision != Decision.Skip)
                await sink.WriteRunAsync(await RunAsync(engine, decision, sink, cancellationToken), isPartFailure: true);
        });
    }

    private async Task<SyncRun> RunAsync(SyncEngine engine, Decision decision, PipelineSink sink, CancellationToken cancellationToken)
    {
        if (Rebuild)
            return decision == Decision.Plan ? engine.PlanRebuild() : await engine.RebuildAsync(sink, cancellationToken);
        var request = new IndexRequest { Embed = NoEmbed ? null : EmbedDefaults.Target(EmbedUri, EmbedModel) };
        return decision == Decision.Plan ? engine.PlanUpdateIndex(request) : await engine.UpdateIndexAsync(request, sink, cancellationToken);
    }
}
