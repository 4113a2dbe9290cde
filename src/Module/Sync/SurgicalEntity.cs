using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>Rows of the ledger about issues and merge requests: their key is their number.</summary>
internal static class SurgicalEntity
{
    public static SyncRunEntity Of(TrackedItem item, string stage, EntityStatus status, ErrorCode? code, string? message, DateTimeOffset now) => new()
    {
        EntityType = item.EntityType,
        Key = $"{item.Iid}",
        Iid = item.Iid,
        Stage = stage,
        Status = status,
        ErrorCode = code?.ToString(),
        ErrorMessage = message,
        UpdatedAt = now,
    };
}
