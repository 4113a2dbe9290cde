using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Lists changes that can never be sent, and mutations from elsewhere that can never be applied.</summary>
[Cmdlet(VerbsCommon.Get, "MemoryQuarantine")]
[OutputType(typeof(QuarantinedMemory))]
public sealed class GetMemoryQuarantineCommand : ArchiveCmdlet
{
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(MemoryProjectCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Project { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        var project = Project;
        Run((sink, cancellationToken) => EmitAsync(engine, project, sink, cancellationToken));
    }

    private static async Task EmitAsync(SyncEngine engine, string? project, PipelineSink sink, CancellationToken cancellationToken)
    {
        foreach (var row in engine.GetMemoryQuarantine(project))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await sink.WriteObjectAsync(row);
        }
    }
}
