using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>Enrolls projects: their changes are queued for a memory server from now on.</summary>
[Cmdlet(VerbsLifecycle.Enable, "MemoryProject", SupportsShouldProcess = true)]
[OutputType(typeof(MemoryProject))]
public sealed class EnableMemoryProjectCommand : MemoryCmdlet
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
            Act(project, "Enroll project", () => engine.EnableMemoryProject(project));
    }
}
