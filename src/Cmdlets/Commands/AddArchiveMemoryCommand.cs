using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Saves a memory; the same topic or text as one that is there changes that one.</summary>
[Cmdlet(VerbsCommon.Add, "ArchiveMemory", SupportsShouldProcess = true)]
[OutputType(typeof(ArchiveMemory))]
public sealed class AddArchiveMemoryCommand : MemoryCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Title { get; set; } = "";

    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Content { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(MemoryTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string Type { get; set; } = "manual";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(MemoryProjectCompleter))]
    public string? Project { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateSet("project", "personal")]
    public string Scope { get; set; } = "project";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? TopicKey { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? SessionId { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? ToolName { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        var request = new MemoryAddition
        {
            Title = Title, Content = Content, Type = Type, Project = Project, Scope = Scope, TopicKey = TopicKey, SessionId = SessionId,
            ToolName = ToolName,
        };
        Act(Title, "Add memory", () => engine.AddMemory(request));
    }
}
