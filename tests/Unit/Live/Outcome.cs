using ArtifactSync.Model;

namespace ArtifactSync.Tests.Live;

/// <summary>How a run of ours is shown in a failed test.</summary>
internal static class Outcome
{
    public static string Describe(SyncRun run) =>
        $"{run.Status} {run.ErrorCode} {run.ErrorMessage}"
        + string.Concat(run.Entities.Select(e => $"\n  {e.Stage} {e.EntityType} {e.Key}: {e.Status} {e.ErrorCode} {e.ErrorMessage}"));
}
