using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>Ends the enrollment of projects; what was queued stays.</summary>
[Cmdlet(VerbsLifecycle.Disable, "MemoryProject", SupportsShouldProcess = true)]
[OutputType(typeof(MemoryProject))]
public sealed class DisableMemoryProjectCommand : MemoryCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameters.IdTransformation("Project")]
    [ArgumentCompleter(typeof(MemoryProjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Project { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        foreach (var project in Project)
            Act(project, "End enrollment of project", () => engine.DisableMemoryProject(project));
    }
}
