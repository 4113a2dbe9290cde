using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Searches issues and merge requests with their threads, by words or by words and meaning.</summary>
[Cmdlet(VerbsCommon.Find, "ArchiveDocument")]
[OutputType(typeof(ArchiveDocument))]
public sealed class FindArchiveDocumentCommand : ArchiveCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public string Query { get; set; } = "";

    [Parameter]
    [ArgumentCompleter(typeof(TrackedProjectCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Project { get; set; }

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int First { get; set; } = DocumentQuery.DefaultFirst;

    [Parameter]
    public SwitchParameter Semantic { get; set; }

    [Parameter]
    [ValidateNotNull]
    public Uri? EmbedUri { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? EmbedModel { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        Run(async (sink, cancellationToken) =>
        {
            var target = Semantic ? EmbedDefaults.Target(EmbedUri, EmbedModel) ?? throw new ArtifactSyncException(
                ErrorCode.InvalidArgument, "-Semantic needs -EmbedUri, or $env:ARTIFACTSYNC_EMBED_URI.", Query) : null;
            var query = new DocumentQuery { Text = Query, Project = Project, First = First, Semantic = target };
            foreach (var document in await engine.FindDocumentsAsync(query, cancellationToken))
                await sink.WriteObjectAsync(document);
        });
    }
}
