using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>Writes memories as one JSON document that the original program and Import-ArchiveMemory read.</summary>
[Cmdlet(VerbsData.Export, "ArchiveMemory", SupportsShouldProcess = true)]
[OutputType(typeof(MemoryExport))]
public sealed class ExportArchiveMemoryCommand : MemoryCmdlet
{
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(MemoryProjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Project { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var engine = OpenEngine();
        var (path, project) = (ResolvePath(Path), Project);
        Run(async (sink, cancellationToken) =>
        {
            if (await sink.ShouldProcessAsync(path, "Export memories") == Decision.Act)
                await sink.WriteObjectAsync(engine.ExportMemory(path, project, cancellationToken));
        });
    }
}
