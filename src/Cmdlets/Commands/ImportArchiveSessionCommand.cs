using System.Management.Automation;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Reads transcripts of agents into the archive; what comes through the pipeline is one run.</summary>
[Cmdlet(VerbsData.Import, "ArchiveSession", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(ArchiveSessionImport))]
public sealed class ImportArchiveSessionCommand : ArchiveWriterCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private readonly List<string> _paths = [];

    [Parameter(ParameterSetName = PathSet, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    [Parameter(ParameterSetName = LiteralPathSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    [Parameter]
    public SwitchParameter Full { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var path in Path)
            Gather(() => FileSystemPaths.Wildcard(SessionState, path));
        foreach (var path in LiteralPath)
            Gather(() => [FileSystemPaths.Existing(SessionState, path)]);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Nothing found is not the same as nothing named: only the latter means the usual folders.
        var named = MyInvocation.ExpectingInput || Path.Length > 0 || LiteralPath.Length > 0;
        if (named && _paths.Count == 0)
            return;
        var engine = OpenEngine();
        Run((sink, cancellationToken) => ImportAsync(engine, sink, cancellationToken));
    }

    private void Gather(Func<IReadOnlyList<string>> resolve)
    {
        try
        {
            _paths.AddRange(resolve());
        }
        catch (ArtifactSyncException e)
        {
            WriteError(ErrorMapping.ToRecord(e));
        }
    }

    private async Task ImportAsync(SyncEngine engine, PipelineSink sink, CancellationToken cancellationToken)
    {
        var what = _paths.Count switch
        {
            0 => "the usual folders of Claude Code and Codex",
            1 => _paths[0],
            var count => $"{count} files and folders",
        };
        var decision = await sink.ShouldProcessAsync(what, "Import transcripts");
        if (decision == Decision.Skip)
            return;
        var request = new ImportRequest { Paths = _paths, Full = Full, WhatIf = decision == Decision.Plan };
        await foreach (var file in engine.ImportAsync(request, sink, cancellationToken))
        {
            await sink.WriteObjectAsync(file);
            if (file.Status == "Failed")
                await sink.WriteErrorAsync(ErrorMapping.ToRecord(ErrorMapping.ToException(file)));
        }
    }
}
