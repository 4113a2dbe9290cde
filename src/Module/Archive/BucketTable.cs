namespace ArtifactSync.Archive;

/// <summary>What was found out about buckets.</summary>
internal static class BucketTable
{
    /// <summary>Whether the bucket creates conditionally; null = never probed.</summary>
    public static bool? ConditionalCreate(Database db, string uri) =>
        db.Scalar<long?>("SELECT conditional_create FROM buckets WHERE uri = ?", uri) is { } value ? value != 0 : null;

    public static void Remember(Database db, string uri, bool conditionalCreate, DateTimeOffset now) => db.Execute(
        """
        INSERT INTO buckets(uri, conditional_create, probed_at) VALUES (?, ?, ?)
        ON CONFLICT(uri) DO UPDATE SET conditional_create = excluded.conditional_create, probed_at = excluded.probed_at
        """,
        uri, conditionalCreate ? 1L : 0L, now.ToUnixTimeMilliseconds());
}
