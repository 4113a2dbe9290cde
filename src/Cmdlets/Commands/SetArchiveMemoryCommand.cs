using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Changes memories; what is not given stays.</summary>
[Cmdlet(VerbsCommon.Set, "ArchiveMemory", SupportsShouldProcess = true)]
[OutputType(typeof(ArchiveMemory))]
public sealed class SetArchiveMemoryCommand : MemoryCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdTransformation("SyncId")]
    [ArgumentCompleter(typeof(MemoryIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] SyncId { get; set; } = [];

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Title { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Content { get; set; }

    [Parameter]
    [ArgumentCompleter(typeof(MemoryTypeCompleter))]
    public string? Type { get; set; }

    [Parameter]
    [ArgumentCompleter(typeof(MemoryProjectCompleter))]
    public string? Project { get; set; }

    [Parameter]
    [ValidateSet("project", "personal")]
    public string? Scope { get; set; }

    [Parameter]
    [AllowEmptyString]
    public string? TopicKey { get; set; }

    [Parameter]
    public bool Deleted { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        var given = MyInvocation.BoundParameters;
        // PowerShell makes empty text of a null that is bound to text: only what was given counts.
        var edit = new MemoryEdit
        {
            Title = Title, Content = Content, Type = Given(nameof(Type), Type), Project = Given(nameof(Project), Project), Scope = Scope,
            TopicKey = Given(nameof(TopicKey), TopicKey), Deleted = given.ContainsKey(nameof(Deleted)) ? Deleted : null,
        };
        foreach (var id in SyncId)
        {
            Act(id, "Set memory", () => engine.EditMemory(id, edit) is var memory && PassThru ? memory : null);
        }

        string? Given(string name, string? value) => given.ContainsKey(name) ? value ?? "" : null;
    }
}
