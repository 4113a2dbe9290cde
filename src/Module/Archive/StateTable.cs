namespace ArtifactSync.Archive;

/// <summary><c>archive_state</c>: single values of the archive (origin id, store id, clock, ...).</summary>
internal static class StateTable
{
    public const string OriginId = "origin_id";
    public const string StoreId = "store_id";
    public const string InstanceId = "instance_id";
    public const string MetadataClock = "metadata_hlc";
    /// <summary>Name of the folder that Reset-ArtifactStore is moving the store to.</summary>
    public const string StoreAside = "store_aside";
    /// <summary>Own events are to be made again; the value names the folder of a store that may hold them.</summary>
    public const string EventsOwed = "events_owed";

    public static string? Get(Database db, string key) => db.Scalar<string>("SELECT value FROM archive_state WHERE key = ?", key);

    public static void Set(Database db, string key, string value) => db.Execute(
        "INSERT INTO archive_state(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value", key, value);

    /// <summary>Sets the value when there is none; returns the one that holds.</summary>
    public static string Ensure(Database db, string key, string value)
    {
        db.Execute("INSERT INTO archive_state(key, value) VALUES (?, ?) ON CONFLICT(key) DO NOTHING", key, value);
        return Get(db, key)!;
    }

    public static void Remove(Database db, string key) => db.Execute("DELETE FROM archive_state WHERE key = ?", key);
}
