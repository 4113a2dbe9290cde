namespace ArtifactSync.Wire;

/// <summary>The operations of metadata events (spec 9.2); the list is complete.</summary>
internal static class EventOp
{
    public const string Rename = "rename";
    public const string SoftDelete = "soft_delete";
    public const string Restore = "restore";
    public const string Star = "star";
    public const string Unstar = "unstar";
    public const string Pin = "pin";
    public const string Unpin = "unpin";
    public const string Purge = "purge";
}
