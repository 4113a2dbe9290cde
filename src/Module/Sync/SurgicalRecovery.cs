using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tracker;

namespace ArtifactSync.Sync;

/// <summary>What is left of a surgical run that died (surgical spec 8), in the transaction that closes it.</summary>
internal static class SurgicalRecovery
{
    public static void Settle(Database db, string runId, DateTimeOffset now)
    {
        if (RunTable.FindRequest(db, runId) is not { Kind: RunKind.Surgical })
        {
            return;
        }
        DependentQueue.Abort(db, runId, nameof(ErrorCode.RunCrashed), now.ToUnixTimeMilliseconds());
        var open = SurgicalItems.Open(db, runId);
        var phase = RunTable.Phase(db, runId);
        foreach (var (entityType, iid, code) in open)
        {
            if (code is null)
            {
                RunTable.UpsertEntity(db, runId, SurgicalEntity.Of(
                    new TrackedItem(entityType, iid), phase, EntityStatus.Failed, ErrorCode.RunCrashed,
                    "The run ended before this item was done.", now));
            }
        }
        if (open.Count == 0)
        {
            RunTable.Succeed(db, runId); // it died between its last stage and its last word
        }
    }
}
