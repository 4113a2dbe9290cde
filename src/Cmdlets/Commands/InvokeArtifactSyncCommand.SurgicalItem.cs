using System.Management.Automation;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>
/// The parameter set that takes items from the pipeline, gathers them, and brings those of one project in one run:
/// <c>$run.FailedIids | Invoke-ArtifactSync -Project group/app</c>.
/// </summary>
public sealed partial class InvokeArtifactSyncCommand
{
    private const string SurgicalItemSet = "SurgicalItem";

    private readonly List<(Uri? GitLab, string Project, TrackedItem Item)> _gathered = [];

    [Parameter(ParameterSetName = SurgicalItemSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateSet(TrackedItem.Issue, TrackedItem.MergeRequest)]
    public string EntityType { get; set; } = "";

    [Parameter(ParameterSetName = SurgicalItemSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, long.MaxValue)]
    public long Iid { get; set; }

    private void BringGathered()
    {
        var runs = _gathered.GroupBy(item => (item.GitLab, item.Project)).ToList();
        foreach (var run in runs)
            Bring(alone: runs.Count == 1 && !MyInvocation.ExpectingInput, run.Key.GitLab, run.Key.Project, [.. run.Select(item => item.Item)]);
    }

    private void Gather() => _gathered.Add((GitLabUri, Project, new TrackedItem(EntityType, Iid)));
}
