using System.Management.Automation;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>
/// The parameter set that takes items from the pipeline, gathers them, and brings them in one run (one a server):
/// <c>$run.FailedIids | Invoke-ArtifactSync -Project group/app</c>.
/// </summary>
public sealed partial class InvokeArtifactSyncCommand
{
    private const string SurgicalItemSet = "SurgicalItem";

    private readonly List<(Uri? GitLab, TrackedItem Item)> _gathered = [];

    [Parameter(ParameterSetName = SurgicalItemSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateSet(TrackedItem.Issue, TrackedItem.MergeRequest)]
    public string EntityType { get; set; } = "";

    [Parameter(ParameterSetName = SurgicalItemSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, long.MaxValue)]
    public long Iid { get; set; }

    private void BringGathered()
    {
        RequireOneServer(_gathered.Select(item => GitLabDefaults.Address(item.GitLab)));
        foreach (var run in _gathered.GroupBy(item => item.GitLab))
            Bring(alone: !MyInvocation.ExpectingInput, run.Key, Project, [.. run.Select(item => item.Item)]);
    }

    private void Gather() => _gathered.Add((GitLabUri, new TrackedItem(EntityType, Iid)));
}
