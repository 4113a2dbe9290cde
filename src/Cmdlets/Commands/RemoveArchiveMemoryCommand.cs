using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>Deletes memories so that they can come back, or for good.</summary>
[Cmdlet(VerbsCommon.Remove, "ArchiveMemory", SupportsShouldProcess = true)]
[OutputType(typeof(ArchiveMemory))]
public sealed class RemoveArchiveMemoryCommand : MemoryCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdTransformation("SyncId")]
    [ArgumentCompleter(typeof(MemoryIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] SyncId { get; set; } = [];

    [Parameter]
    public SwitchParameter Permanent { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        foreach (var id in SyncId)
        {
            Act(id, Permanent ? "Remove memory for good" : "Remove memory",
                () => engine.RemoveMemory(id, Permanent) is var memory && PassThru ? memory : null);
        }
    }
}
