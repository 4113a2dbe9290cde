using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>The parameter set that brings single issues and merge requests of a GitLab project into the archive.</summary>
public sealed partial class InvokeArtifactSyncCommand
{
    private const string SurgicalSet = "Surgical";

    [Parameter(ParameterSetName = SurgicalSet, Mandatory = true)]
    [Parameter(ParameterSetName = SurgicalItemSet, Mandatory = true)]
    [ArgumentCompleter(typeof(TrackedProjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string Project { get; set; } = "";

    [Parameter(ParameterSetName = SurgicalSet)]
    [ValidateRange(1, long.MaxValue)]
    public long[] Issue { get; set; } = [];

    [Parameter(ParameterSetName = SurgicalSet)]
    [ValidateRange(1, long.MaxValue)]
    public long[] MergeRequest { get; set; } = [];

    [Parameter(ParameterSetName = SurgicalSet)]
    [Parameter(ParameterSetName = SurgicalItemSet, ValueFromPipelineByPropertyName = true)]
    [Alias("InstanceUrl")]
    [ValidateNotNull]
    public Uri? GitLabUri { get; set; }

    [Parameter(ParameterSetName = SurgicalSet)]
    [Parameter(ParameterSetName = SurgicalItemSet)]
    public SwitchParameter NoDocs { get; set; }

    [Parameter(ParameterSetName = SurgicalSet)]
    [Parameter(ParameterSetName = SurgicalItemSet)]
    public SwitchParameter NoEmbed { get; set; }

    [Parameter(ParameterSetName = SurgicalSet)]
    [Parameter(ParameterSetName = SurgicalItemSet)]
    [ValidateNotNull]
    public Uri? EmbedUri { get; set; }

    [Parameter(ParameterSetName = SurgicalSet)]
    [Parameter(ParameterSetName = SurgicalItemSet)]
    [ValidateNotNullOrEmpty]
    public string? EmbedModel { get; set; }

    [Parameter(ParameterSetName = SurgicalSet)]
    [Parameter(ParameterSetName = SurgicalItemSet)]
    [ValidateRange(1, 10_000)]
    public int MaxEntities { get; set; } = SurgicalRequest.DefaultMaxEntities;

    private void Surgical() => Bring(alone: true, GitLabUri, Project, [
        .. Issue.Select(iid => new TrackedItem(TrackedItem.Issue, iid)),
        .. MergeRequest.Select(iid => new TrackedItem(TrackedItem.MergeRequest, iid)),
    ]);

    private void Bring(bool alone, Uri? gitLab, string project, IReadOnlyList<TrackedItem> items)
    {
        var request = Guard(alone, () =>
        {
            var address = GitLabDefaults.Address(gitLab);
            return new SurgicalRequest
            {
                GitLabUri = address,
                Project = project,
                Items = items,
                Token = Token ?? GitLabDefaults.Token(address),
                PreflightOnly = PreflightOnly,
                NoDocs = NoDocs,
                NoEmbed = NoEmbed,
                Embed = NoEmbed ? null : EmbedDefaults.Target(EmbedUri, EmbedModel),
                MaxEntities = MaxEntities,
                Parallel = ThrottleLimit ?? SurgicalRequest.DefaultParallel,
            };
        });
        if (request is null)
            return;
        var target = $"{project} at {request.GitLabUri}: {string.Join(", ", items)}";
        RunOne(alone, target, PreflightOnly ? "Compare" : "Fetch", (engine, decision, sink, token) => decision == Decision.Plan
            ? Task.FromResult(engine.PlanSurgical(request, token))
            : engine.SurgicalAsync(request, sink, token));
    }
}
