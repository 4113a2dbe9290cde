using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Writes what a chunk directory (.engram) lacks as one more chunk.</summary>
[Cmdlet(VerbsData.Export, "MemoryChunk", SupportsShouldProcess = true)]
[OutputType(typeof(MemoryChunk))]
public sealed class ExportMemoryChunkCommand : ArchiveCmdlet
{
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = ImportMemoryChunkCommand.DefaultFolder;

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(MemoryProjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Project { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        var (folder, project) = (ResolvePath(Path), Project);
        Run((sink, cancellationToken) => ExportAsync(engine, folder, project, sink, cancellationToken));
    }

    private static async Task ExportAsync(SyncEngine engine, string folder, string? project, PipelineSink sink,
        CancellationToken cancellationToken)
    {
        var decision = await sink.ShouldProcessAsync(folder, "Export chunk");
        if (decision == Decision.Skip)
            return;
        var request = new MemoryChunkRequest { Path = folder, Project = project, WhatIf = decision == Decision.Plan };
        var chunk = engine.ExportMemoryChunk(request, sink, cancellationToken);
        await sink.WriteObjectAsync(chunk);
        if (chunk.Status == "Failed")
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(ErrorMapping.ToException(chunk)));
    }
}
