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
        return Empty(options, RunKind.Surgical) with
        {
            Target = $"{request.GitLabUri}/{request.Project}",
            InstanceUrl = request.GitLabUri,
            Project = request.Project,
            ParentRunId = request.ParentRunId,
            Counters = new RunCounters { Requested = request.Items.Count },
            Entities = [
                .. request.Items.Select(item => SurgicalEntity.Of(item, "plan", EntityStatus.Planned, null, $"{phases}; {Local(db, project, item)}", now)),
                .. request.LeftOut.Select(left => SurgicalEntity.Of(left.Item, "plan", EntityStatus.Skipped, left.Code, SurgicalRetry.LeftOut, now)),
            ],
        };
    }

    /// <summary>A planned run without content.</summary>
    public static SyncRun Empty(EngineOptions options, RunKind kind) => new()
    {
        Kind = kind,
        Status = RunStatus.Planned,
        Phase = "planned",
        StartedAt = options.Clock.GetUtcNow(),
        FinishedAt = options.Clock.GetUtcNow(),
        Host = ProcessIdentity.Current.Host,
        ProcessId = ProcessIdentity.Current.ProcessId,
        ArchivePath = options.ArchivePath,
    };

    private static string Local(Database? db, long? project, TrackedItem item) =>
        project is { } id && EntityTable.Find(db!, item.EntityType, id, item.Iid) is { } known
            ? $"in the archive as of {SurgicalFetch.Text(known.UpdatedAt)}"
            : "not in the archive";
}
