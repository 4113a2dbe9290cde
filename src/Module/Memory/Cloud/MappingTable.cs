using ArtifactSync.Archive;

namespace ArtifactSync.Memory.Cloud;

/// <summary>A number that a server gave to one of our mutations, and what that mutation was.</summary>
internal readonly record struct MappedMutation(long LocalSeq, long CloudSeq, string Entity, string EntityKey, string Op, string Project);

/// <summary>
/// <c>memory_mapping</c>: local numbers and those of the server (memory spec 7.3). One row a local number, the latest wins.
/// </summary>
internal static class MappingTable
{
    private const string Columns = "m.local_seq, m.cloud_seq, j.entity, j.entity_key, j.op, j.project";
    private const string Source = "memory_mapping m JOIN memory_mutations j ON j.seq = m.local_seq";

    public static void Put(Database db, long localSeq, long cloudSeq, long now)
    {
        using var statement = db.Prepare(
            """
            INSERT INTO memory_mapping(local_seq, cloud_seq, synced_at) VALUES (?, ?, ?)
            ON CONFLICT(local_seq) DO UPDATE SET cloud_seq = excluded.cloud_seq, synced_at = excluded.synced_at
            """);
        statement.Bind(1, localSeq).Bind(2, cloudSeq).Bind(3, now).Run();
    }

    public static bool Any(Database db) => db.Scalar<bool>("SELECT 1 FROM memory_mapping LIMIT 1");

    public static MappedMutation? FindByCloudSeq(Database db, long cloudSeq)
    {
        using var statement = db.Prepare($"SELECT {Columns} FROM {Source} WHERE m.cloud_seq = ?");
        statement.Bind(1, cloudSeq);
        return statement.Step() ? Read(statement) : null;
    }

    /// <summary>Pending rows that a server accepted before a crash (7.2 step 1).</summary>
    public static IReadOnlyList<MappedMutation> Unacked(Database db) =>
        [.. db.Query($"SELECT {Columns} FROM {Source} WHERE j.acked_at IS NULL AND j.disposition IS NULL ORDER BY m.local_seq", Read)];

    /// <summary>Numbers above the cursor: acked, and not seen in the log.</summary>
    public static IReadOnlyList<MappedMutation> Above(Database db, long cursor) =>
        [.. db.Query($"SELECT {Columns} FROM {Source} WHERE m.cloud_seq > ? ORDER BY m.cloud_seq", Read, cursor)];

    /// <summary>Forgets what was consumed and is acked: it serves nothing any more.</summary>
    public static void Prune(Database db, long cursor) => db.Execute(
        "DELETE FROM memory_mapping WHERE cloud_seq <= ? AND local_seq IN (SELECT seq FROM memory_mutations WHERE acked_at IS NOT NULL)",
            cursor);

    public static void Clear(Database db) => db.Execute("DELETE FROM memory_mapping");

    private static MappedMutation Read(Statement row) =>
        new(row.Int64(0), row.Int64(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5));
}
