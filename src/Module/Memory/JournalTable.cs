using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary>A row of <c>memory_mutations</c>.</summary>
/// <param name="Seq">Local number.</param>
internal sealed record JournalEntry(long Seq, string Entity, string EntityKey, string Op, string Project, string Payload, long OccurredAt);

/// <summary>
/// <c>memory_mutations</c>: the journal (memory spec 5.1). Written by <see cref="ChangeContext"/> in the transaction of the change;
/// acked and quarantined by the push.
/// </summary>
internal static class JournalTable
{
    private const string Pending = "acked_at IS NULL AND disposition IS NULL";
    private const string Columns = "seq, entity, entity_key, op, project, payload, occurred_at";

    public static long Append(Database db, string entity, string key, string op, string project, ReadOnlySpan<byte> payload, long now)
    {
        using var statement = db.Prepare(
            "INSERT INTO memory_mutations(entity, entity_key, op, project, payload, occurred_at) VALUES (?, ?, ?, ?, ?, ?)");
        statement.Bind(1, entity).Bind(2, key).Bind(3, op).Bind(4, project).Bind(5, payload).Bind(6, now).Run();
        return db.LastInsertRowId;
    }

    /// <summary>Pending rows of projects that are enrolled and owe no pass, by number (7.2 step 2).</summary>
    public static IReadOnlyList<JournalEntry> Sendable(Database db, long afterSeq, int limit) =>
    [
        .. db.Query(
            $"""
            SELECT {Columns} FROM memory_mutations INDEXED BY ix_memory_mutations_queue WHERE {Pending} AND seq > ?1
              AND project IN (SELECT project FROM memory_projects WHERE owes_pass = 0) ORDER BY seq LIMIT ?2
            """,
            Read, afterSeq, limit),
    ];

    /// <summary>Pending rows of one project by number, as they are read.</summary>
    public static IEnumerable<JournalEntry> PendingOf(Database db, string project, long afterSeq) => db.Query(
        $"SELECT {Columns} FROM memory_mutations WHERE project = ? AND seq > ? AND {Pending} ORDER BY seq", Read, project, afterSeq);

    public static long CountPendingOf(Database db, string project) =>
        db.Scalar<long>($"SELECT count(*) FROM memory_mutations WHERE project = ? AND {Pending}", project);

    /// <summary>Pending rows of one entity, whatever their project.</summary>
    public static IReadOnlyList<JournalEntry> PendingOf(Database db, string entity, string key) =>
    [
        .. db.Query(
            $"SELECT {Columns} FROM memory_mutations WHERE entity = ? AND entity_key = ? AND {Pending} ORDER BY seq", Read, entity, key),
    ];

    public static bool HasPending(Database db, string entity, string key) => db.Scalar<bool>(
        $"SELECT 1 FROM memory_mutations WHERE entity = ? AND entity_key = ? AND {Pending} LIMIT 1", entity, key);

    public static bool HasPendingAfter(Database db, string entity, string key, long seq) => db.Scalar<bool>(
        $"SELECT 1 FROM memory_mutations WHERE entity = ? AND entity_key = ? AND seq > ? AND {Pending} LIMIT 1", entity, key, seq);

    /// <summary>Pending rows a project, of enrolled and other projects alike.</summary>
    public static IReadOnlyList<(string Project, long Count, bool IsEnrolled)> CountPending(Database db) =>
    [
        .. db.Query(
            $"""
            SELECT project, count(*), EXISTS(SELECT 1 FROM memory_projects p WHERE p.project = m.project)
            FROM memory_mutations m WHERE {Pending} GROUP BY project ORDER BY project
            """,
            static row => (row.Text(0), row.Int64(1), row.Bool(2))),
    ];

    /// <summary>Acks one row; false when it was not pending.</summary>
    public static bool Ack(Database db, long seq, long now) =>
        db.Execute($"UPDATE memory_mutations SET acked_at = ? WHERE seq = ? AND {Pending}", now, seq) > 0;

    /// <summary>Takes a row out of the queue that can never be sent as it is (7.2 step 3). It stays, with the reason.</summary>
    public static bool Quarantine(Database db, long seq, string reason, long now) => db.Execute(
        $"UPDATE memory_mutations SET disposition = 'quarantined', reason = ?, disposed_at = ? WHERE seq = ? AND {Pending}",
        reason, now, seq) > 0;

    /// <summary>Removes pending upserts of a project whose row is not here any more (5.2): sent now they would bring it back.</summary>
    public static void RemoveOrphanedUpserts(Database db, string project) => db.Execute(
        $"""
        DELETE FROM memory_mutations WHERE {Pending} AND project = ? AND op = 'upsert' AND NOT CASE entity
          WHEN 'session' THEN EXISTS(SELECT 1 FROM memory_sessions s WHERE s.id = entity_key)
          WHEN 'observation' THEN EXISTS(SELECT 1 FROM memory_observations o WHERE o.sync_id = entity_key)
          WHEN 'prompt' THEN EXISTS(SELECT 1 FROM memory_prompts p WHERE p.sync_id = entity_key)
          ELSE EXISTS(SELECT 1 FROM memory_relations r WHERE r.sync_id = entity_key) END
        """,
        project);

    /// <summary>Whether anything of an enrolled project is pending.</summary>
    public static bool HasPending(Database db) => db.Scalar<bool>(
        $"SELECT 1 FROM memory_projects p WHERE EXISTS(SELECT 1 FROM memory_mutations m WHERE m.project = p.project AND {Pending}) LIMIT 1");

    public static bool HasPendingOf(Database db, string project) =>
        db.Scalar<bool>($"SELECT 1 FROM memory_mutations WHERE project = ? AND {Pending} LIMIT 1", project);

    /// <summary>Tells of every row of an enrolled project what became of it.</summary>
    public static void EachKey(Database db, Action<string, string, bool, bool> note)
    {
        using var statement = db.Prepare(
            """
            SELECT DISTINCT entity, entity_key, acked_at IS NOT NULL, disposition IS NOT NULL FROM memory_mutations
            WHERE project IN (SELECT project FROM memory_projects)
            """);
        while (statement.Step())
        {
            note(statement.Text(0), statement.Text(1), statement.Bool(2), statement.Bool(3));
        }
    }

    /// <summary>Quarantined rows a project.</summary>
    public static IReadOnlyDictionary<string, long> CountQuarantined(Database db) =>
        db.Query("SELECT project, count(*) FROM memory_mutations WHERE disposition IS NOT NULL GROUP BY project", static row => (row.Text(0), row.Int64(1)))
            .ToDictionary(count => count.Item1, count => count.Item2, StringComparer.Ordinal);

    /// <summary>Pending rows without a project.</summary>
    public static IReadOnlyList<JournalEntry> Unassigned(Database db, int limit) =>
        [.. db.Query($"SELECT {Columns} FROM memory_mutations WHERE {Pending} AND project = '' ORDER BY seq LIMIT ?", Read, limit)];

    public static void Assign(Database db, long seq, string project) =>
        db.Execute("UPDATE memory_mutations SET project = ? WHERE seq = ?", project, seq);

    private static JournalEntry Read(Statement row) => new(
        row.Int64(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5), row.Int64(6));
}
