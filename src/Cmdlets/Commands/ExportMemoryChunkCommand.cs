using System.Management.Automation;
using System.Security;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Cmdlets;

/// <summary>
/// Writes what a chunk directory (.engram) lacks as one more chunk, or sends the changes of a project to a memory server as chunks.
/// </summary>
[Cmdlet(VerbsData.Export, "MemoryChunk", DefaultParameterSetName = DirectorySet, SupportsShouldProcess = true)]
[OutputType(typeof(MemoryChunk))]
public sealed class ExportMemoryChunkCommand : ArchiveWriterCmdlet
{
    internal const string DirectorySet = "Directory";
    internal const string ServerSet = "Server";

    [Parameter(ParameterSetName = DirectorySet, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = ImportMemoryChunkCommand.DefaultFolder;

    [Parameter(ParameterSetName = ServerSet, Mandatory = true)]
    [ArgumentCompleter(typeof(MemoryTargetCompleter))]
    [ValidateNotNullOrEmpty]
    public string Target { get; set; } = "";

    [Parameter(ParameterSetName = DirectorySet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = ServerSet, Mandatory = true)]
    [ArgumentCompleter(typeof(MemoryProjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Project { get; set; }

    [Parameter(ParameterSetName = ServerSet)]
    [ValidateNotNull]
    public SecureString? Token { get; set; }

    [Parameter(ParameterSetName = ServerSet)]
    public SwitchParameter AllowInsecure { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        if (ParameterSetName == ServerSet)
        {
            var request = new CloudChunkRequest
            {
                Target = Target, Project = Project!, Access = new TargetAccess { Token = Token, AllowInsecure = AllowInsecure },
            };
            Run((sink, cancellationToken) => SendAsync(engine, request, sink, cancellationToken));
            return;
        }
        var (folder, project) = (ResolvePath(Path), Project);
        Run((sink, cancellationToken) => ExportAsync(engine, folder, project, sink, cancellationToken));
    }

    private static async Task SendAsync(
        SyncEngine engine, CloudChunkRequest request, PipelineSink sink, CancellationToken cancellationToken)
    {
        var decision = await sink.ShouldProcessAsync(request.Target, $"Send the changes of project '{request.Project}' as chunks");
        if (decision == Decision.Skip)
            return;
        await engine.ExportCloudChunksAsync(
            request with { WhatIf = decision == Decision.Plan }, sink.WriteObjectAsync, sink, cancellationToken);
    }

    private static async Task ExportAsync(SyncEngine engine, string folder, string? project, PipelineSink sink,
        CancellationToken cancellationToken)
    {
        var decision = await sink.ShouldProcessAsync(folder, "Export chunk");
        if (decision == Decision.Skip)
            return;
        var request = new MemoryChunkRequest { Path = folder, Project = project, WhatIf = decision == Decision.Plan };
        var chunk = await engine.ExportMemoryChunkAsync(request, sink, cancellationToken);
        await sink.WriteObjectAsync(chunk);
        if (chunk.Status == "Failed")
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(ErrorMapping.ToException(chunk)));
    }
}
