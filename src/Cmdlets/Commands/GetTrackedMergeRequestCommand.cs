using System.Management.Automation;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Reads merge requests of the archive.</summary>
[Cmdlet(VerbsCommon.Get, "TrackedMergeRequest")]
[OutputType(typeof(TrackedMergeRequest))]
public sealed class GetTrackedMergeRequestCommand : TrackedCmdlet
{
    private protected override string Kind => "merge request";

    private protected override IEnumerable<TrackedEntity> Read(SyncEngine engine, TrackedQuery query) => engine.GetMergeRequests(query);
}
