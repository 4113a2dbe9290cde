using System.Management.Automation;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Merges the chunks of a chunk directory (.engram) that are new here.</summary>
[Cmdlet(VerbsData.Import, "MemoryChunk", SupportsShouldProcess = true)]
[OutputType(typeof(MemoryImportResult))]
public sealed class ImportMemoryChunkCommand : ArchiveCmdlet
{
    internal const string DefaultFolder = ".engram";

    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP", "LiteralPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [DefaultFolder];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        foreach (var path in Path)
        {
            var folder = ResolvePath(path);
            Run((sink, cancellationToken) => ImportAsync(engine, folder, sink, cancellationToken));
        }
    }

    private static async Task ImportAsync(SyncEngine engine, string folder, PipelineSink sink, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
        {
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(new ArtifactSyncException(
                ErrorCode.PathNotFound, $"There is no chunk directory '{folder}'. Name the folder that holds manifest.json.", folder)));
            return;
        }
        var decision = await sink.ShouldProcessAsync(folder, "Import chunks");
        if (decision == Decision.Skip)
            return;
        var request = new MemoryChunkRequest { Path = folder, WhatIf = decision == Decision.Plan };
        var result = engine.ImportMemoryChunks(request, sink, cancellationToken);
        await sink.WriteObjectAsync(result);
        if (result.Status == "Failed")
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(ErrorMapping.ToException(result)));
    }
}
