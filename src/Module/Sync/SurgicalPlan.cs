using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Tracker;

namespace ArtifactSync.Sync;

/// <summary>What -WhatIf tells about a surgical run: the items, what the archive has of them, the phases that would follow.</summary>
internal static class SurgicalPlan
{
    public static SyncRun Make(EngineOptions options, Database? db, SurgicalRequest request)
    {
        var now = options.Clock.GetUtcNow();
        var project = db is null ? null : ProjectTable.Find(db, request.GitLabUri, request.Project);
        var phases = request.PreflightOnly ? "preflight" : $"preflight to {request.LastStage}";
        var counters = new RunCounters { Requested = request.Items.Count };
        return PlannedRun.Of(options, RunKind.Surgical, $"{request.GitLabUri}/{request.Project}", counters) with
        {
            InstanceUrl = request.GitLabUri,
            Project = request.Project,
            ParentRunId = request.ParentRunId,
            Entities = [
                .. request.Items.Select(item => SurgicalEntity.Of(item, "plan", EntityStatus.Planned, null, $"{phases}; {Local(db, project, item)}", now)),
                .. request.LeftOut.Select(left => SurgicalEntity.Of(left.Item, "plan", EntityStatus.Skipped, left.Code, SurgicalRetry.LeftOut, now)),
            ],
        };
    }

    private static string Local(Database? db, long? project, TrackedItem item) =>
        project is { } id && EntityTable.Find(db!, item.EntityType, id, item.Iid) is { } known
            ? $"in the archive as of {SurgicalFetch.Text(known.UpdatedAt)}"
            : "not in the archive";
}
