using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary>
/// <c>memory_targets</c>: what is known of a server (memory spec 5.5). Every method that changes a row makes it first: an update that
/// meets no row would lose its value silently. Keys are normalised here.
/// </summary>
internal static partial class MemoryTargetTable
{
    /// <summary>The mutation log.</summary>
    public const string Cloud = "cloud";

    /// <summary>Status of one project.</summary>
    public static string OfProject(string project) => $"{Cloud}:{project}";

    public static void Ensure(Database db, string target, long now) => db.Execute(
        "INSERT INTO memory_targets(target_key, updated_at) VALUES (?, ?) ON CONFLICT(target_key) DO NOTHING",
        MemoryText.TargetKey(target), now);

    /// <summary>Something was journalled (5.3). A degraded target stays so: a local edit does not end a back-off.</summary>
    public static void SetEnqueued(Database db, string target, long seq, long now)
    {
        Ensure(db, target, now);
        db.Execute(
            """
            UPDATE memory_targets SET lifecycle = CASE lifecycle WHEN 'degraded' THEN lifecycle ELSE 'pending' END,
              last_enqueued_seq = max(last_enqueued_seq, ?1), updated_at = ?2
            WHERE target_key = ?3
            """,
            seq, now, MemoryText.TargetKey(target));
    }

    /// <summary>The newest change of this machine that is in the journal; 0 = none.</summary>
    public static long Enqueued(Database db) =>
        db.Scalar<long>("SELECT last_enqueued_seq FROM memory_targets WHERE target_key = ?", Cloud);

    /// <summary>The rule of the server that this archive knows; the default when it knows none.</summary>
    public static VersionRule Rule(Database db, bool isPassFromZero = false) => db.First(
        "SELECT memory_order, last_pulled_seq FROM memory_targets WHERE target_key = ?",
        row => new VersionRule(Enum.Parse<MemoryOrder>(row.Text(0)), row.Int64(1), isPassFromZero), Cloud);

    /// <summary>The pull cursor; 0 when there is no row.</summary>
    public static long Cursor(Database db) =>
        db.Scalar<long>("SELECT last_pulled_seq FROM memory_targets WHERE target_key = ?", Cloud);
}
