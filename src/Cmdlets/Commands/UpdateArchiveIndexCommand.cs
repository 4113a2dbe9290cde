using System.Management.Automation;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Makes up for what runs left: documents that are behind, embeddings that are missing.</summary>
[Cmdlet(VerbsData.Update, "ArchiveIndex", SupportsShouldProcess = true)]
[OutputType(typeof(SyncRun))]
public sealed class UpdateArchiveIndexCommand : ArchiveCmdlet
{
    [Parameter]
    public SwitchParameter NoEmbed { get; set; }

    [Parameter]
    [ValidateNotNull]
    public Uri? EmbedUri { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? EmbedModel { get; set; }

    [Parameter]
    [DurationTransformation]
    public TimeSpan? LockTimeout { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var options = CreateOptions();
        var engine = OpenEngine();
        Run(async (sink, cancellationToken) =>
        {
            var request = new IndexRequest { Embed = NoEmbed ? null : EmbedDefaults.Target(EmbedUri, EmbedModel) };
            var decision = await sink.ShouldProcessAsync(options.ArchivePath, "Update index");
            if (decision == Decision.Skip)
                return;
            var run = decision == Decision.Plan ? engine.PlanUpdateIndex(request) : await engine.UpdateIndexAsync(request, sink, cancellationToken);
            await sink.WriteObjectAsync(run);
            if (run.Status is RunStatus.Failed or RunStatus.Aborted or RunStatus.Partial)
                throw ErrorMapping.ToException(run);
        });
    }

    private protected override EngineOptions CreateOptions() =>
        LockTimeout is { } timeout ? base.CreateOptions() with { LeaseTimeout = timeout } : base.CreateOptions();
}
