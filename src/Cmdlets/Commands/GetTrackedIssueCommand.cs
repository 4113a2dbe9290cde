using System.Management.Automation;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Reads issues of the archive.</summary>
[Cmdlet(VerbsCommon.Get, "TrackedIssue")]
[OutputType(typeof(TrackedIssue))]
public sealed class GetTrackedIssueCommand : TrackedCmdlet
{
    private protected override string Kind => "issue";

    private protected override IEnumerable<TrackedEntity> Read(SyncEngine engine, TrackedQuery query) => engine.GetIssues(query);
}
