using System.Management.Automation;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Merges JSON exports of memory stores into the archive; what comes through the pipeline is one run.</summary>
[Cmdlet(VerbsData.Import, "ArchiveMemory", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(MemoryImportResult))]
public sealed class ImportArchiveMemoryCommand : ArchiveCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string ObjectSet = "InputObject";
    private readonly List<string> _paths = [];
    private readonly MemoryDocument _document = new();

    [Parameter(ParameterSetName = PathSet, Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    [Parameter(ParameterSetName = LiteralPathSet, Mandatory = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    [Parameter(ParameterSetName = ObjectSet, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public PSObject InputObject { get; set; } = new();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var path in Path)
            Gather(() => _paths.AddRange(FileSystemPaths.Wildcard(SessionState, path)));
        foreach (var path in LiteralPath)
            Gather(() => _paths.Add(FileSystemPaths.Existing(SessionState, path)));
        if (ParameterSetName == ObjectSet)
            Gather(AddInput);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_paths.Count == 0 && _document.IsEmpty)
            return;
        var engine = OpenEngine();
        Run((sink, cancellationToken) => ImportAsync(engine, sink, cancellationToken));
    }

    // Text and files are paths, everything else is content.
    private void AddInput()
    {
        switch (InputObject.BaseObject)
        {
            case string path:
                _paths.AddRange(FileSystemPaths.Wildcard(SessionState, path));
                break;
            case FileSystemInfo file:
                _paths.Add(file.FullName);
                break;
            default:
                _document.Add(InputObject);
                break;
        }
    }

    private void Gather(Action resolve)
    {
        try
        {
            resolve();
        }
        catch (ArtifactSyncException e)
        {
            WriteError(ErrorMapping.ToRecord(e));
        }
    }

    private async Task ImportAsync(SyncEngine engine, PipelineSink sink, CancellationToken cancellationToken)
    {
        var what = (_paths.Count, _document.IsEmpty) switch
        {
            (0, _) => "the objects of the pipeline",
            (1, true) => _paths[0],
            var (count, _) => $"{count} files",
        };
        var decision = await sink.ShouldProcessAsync(what, "Import memories");
        if (decision == Decision.Skip)
            return;
        var request = new MemoryImportRequest
        {
            Paths = _paths, Document = _document.IsEmpty ? default(ReadOnlyMemory<byte>?) : _document.ToJson(),
            WhatIf = decision == Decision.Plan,
        };
        await foreach (var file in engine.ImportMemoryAsync(request, sink, cancellationToken))
        {
            await sink.WriteObjectAsync(file);
            if (file.Status == "Failed")
                await sink.WriteErrorAsync(ErrorMapping.ToRecord(ErrorMapping.ToException(file)));
        }
    }
}
