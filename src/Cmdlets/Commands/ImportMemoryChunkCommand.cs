using System.Management.Automation;
using System.Security;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Cmdlets;

/// <summary>
/// Merges the chunks of a chunk directory (.engram), or those that a memory server keeps of a project, that are new here.
/// </summary>
[Cmdlet(VerbsData.Import, "MemoryChunk", DefaultParameterSetName = ExportMemoryChunkCommand.DirectorySet, SupportsShouldProcess = true)]
[OutputType(typeof(MemoryImportResult))]
public sealed class ImportMemoryChunkCommand : ArchiveWriterCmdlet
{
    internal const string DefaultFolder = ".engram";

    [Parameter(ParameterSetName = ExportMemoryChunkCommand.DirectorySet, Position = 0, ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP", "LiteralPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [DefaultFolder];

    [Parameter(ParameterSetName = ExportMemoryChunkCommand.ServerSet, Mandatory = true)]
    [ArgumentCompleter(typeof(MemoryTargetCompleter))]
    [ValidateNotNullOrEmpty]
    public string Target { get; set; } = "";

    // Not from the pipeline: a set that takes a mandatory value from it would be chosen for folders, too.
    [Parameter(ParameterSetName = ExportMemoryChunkCommand.ServerSet, Mandatory = true)]
    [ArgumentCompleter(typeof(MemoryProjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string Project { get; set; } = "";

    [Parameter(ParameterSetName = ExportMemoryChunkCommand.ServerSet)]
    [ValidateNotNull]
    public SecureString? Token { get; set; }

    [Parameter(ParameterSetName = ExportMemoryChunkCommand.ServerSet)]
    public SwitchParameter AllowInsecure { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        if (ParameterSetName == ExportMemoryChunkCommand.ServerSet)
        {
            var request = new CloudChunkRequest
            {
                Target = Target, Project = Project, Access = new TargetAccess { Token = Token, AllowInsecure = AllowInsecure },
            };
            Run((sink, cancellationToken) => ImportAsync(
                request.Target, $"Import the chunks of project '{request.Project}'", sink,
                whatIf => engine.ImportCloudChunksAsync(request with { WhatIf = whatIf }, sink, cancellationToken)));
            return;
        }
        foreach (var path in Path)
        {
            var folder = ResolvePath(path);
            Run((sink, cancellationToken) => ImportFolderAsync(engine, folder, sink, cancellationToken));
        }
    }

    private static async Task ImportFolderAsync(SyncEngine engine, string folder, PipelineSink sink, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
        {
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(new ArtifactSyncException(
                ErrorCode.PathNotFound, $"There is no chunk directory '{folder}'. Name the folder that holds manifest.json.", folder)));
            return;
        }
        await ImportAsync(folder, "Import chunks", sink, whatIf =>
            engine.ImportMemoryChunksAsync(new MemoryChunkRequest { Path = folder, WhatIf = whatIf }, sink, cancellationToken));
    }

    private static async Task ImportAsync(string target, string action, PipelineSink sink, Func<bool, Task<MemoryImportResult>> import)
    {
        var decision = await sink.ShouldProcessAsync(target, action);
        if (decision == Decision.Skip)
            return;
        var result = await import(decision == Decision.Plan);
        await sink.WriteObjectAsync(result);
        if (result.Status == "Failed")
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(ErrorMapping.ToException(result)));
    }
}
