using System.Management.Automation;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Pipeline;

/// <summary>Engine snapshots as one progress bar.</summary>
internal static class ProgressText
{
    private const int ActivityId = 1;
    private const string Activity = "ArtifactSync";

    public static ProgressRecord Record(in ProgressSnapshot snapshot)
    {
        var count = snapshot.Total > 0 ? $"{snapshot.Done:N0} of {snapshot.Total:N0}" : $"{snapshot.Done:N0}";
        return new ProgressRecord(ActivityId, Activity, $"{snapshot.Phase}: {count}")
        {
            CurrentOperation = snapshot.Item,
            PercentComplete = snapshot.Total > 0 ? (int)Math.Clamp(snapshot.Done * 100 / snapshot.Total, 0, 100) : -1,
        };
    }

    public static ProgressRecord Completed() => new(ActivityId, Activity, "Completed") { RecordType = ProgressRecordType.Completed };
}
