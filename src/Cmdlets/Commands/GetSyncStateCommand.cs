using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>How synchronisation with a memory server stands: the server, then each project.</summary>
[Cmdlet(VerbsCommon.Get, "SyncState")]
[OutputType(typeof(SyncState))]
public sealed class GetSyncStateCommand : ArchiveCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(MemoryProjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Project { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        Run((sink, cancellationToken) => EmitAsync(engine, sink, cancellationToken));
    }

    private async Task EmitAsync(SyncEngine engine, PipelineSink sink, CancellationToken cancellationToken)
    {
        foreach (var state in engine.GetSyncStates(Project))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await sink.WriteObjectAsync(state);
        }
    }
}
