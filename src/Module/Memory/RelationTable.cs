using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary><c>memory_relations</c> (memory spec 1.5).</summary>
internal static class RelationTable
{
    private const string Columns =
        "r.sync_id, r.source_id, r.target_id, r.relation, r.reason, r.evidence, r.confidence, r.judgment_status, r.marked_by_actor, " +
        "r.marked_by_kind, r.marked_by_model, r.session_id, r.created_at, r.updated_at";

    public static Relation? Find(Database db, string syncId) =>
        db.First($"SELECT {Columns} FROM memory_relations r WHERE r.sync_id = ?", Read, syncId);

    /// <summary>Inserts or overwrites by sync id; the first <c>created_at</c> stays (8.3).</summary>
    public static void Put(Database db, Relation row) => db.Execute(
        """
        INSERT INTO memory_relations(sync_id, source_id, target_id, relation, reason, evidence, confidence, judgment_status,
          marked_by_actor, marked_by_kind, marked_by_model, session_id, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(sync_id) DO UPDATE SET source_id = excluded.source_id, target_id = excluded.target_id, relation = excluded.relation,
          reason = excluded.reason, evidence = excluded.evidence, confidence = excluded.confidence,
          judgment_status = excluded.judgment_status, marked_by_actor = excluded.marked_by_actor,
          marked_by_kind = excluded.marked_by_kind, marked_by_model = excluded.marked_by_model, session_id = excluded.session_id,
          updated_at = excluded.updated_at
        """,
        row.SyncId, row.SourceId, row.TargetId, row.Kind, row.Reason, row.Evidence, row.Confidence, row.JudgmentStatus,
        row.MarkedByActor, row.MarkedByKind, row.MarkedByModel, row.SessionId, row.CreatedAt, row.UpdatedAt);

    /// <summary>The observation is gone for good: its relations stay, as orphans.</summary>
    public static void Orphan(Database db, string observationId) => db.Execute(
        "UPDATE memory_relations SET judgment_status = 'orphaned' " +
        "WHERE (source_id = ?1 OR target_id = ?1) AND judgment_status <> 'orphaned'",
        observationId);

    /// <summary>Judged relations of a project: that of the source observation.</summary>
    public static IEnumerable<Relation> OfProject(Database db, string project) => db.Query(
        $"""
        SELECT {Columns} FROM memory_relations r WHERE r.judgment_status = 'judged' AND EXISTS(
          SELECT 1 FROM memory_observations o WHERE o.sync_id = r.source_id AND (o.project = ?1 OR (trim(coalesce(o.project, '')) = ''
            AND EXISTS(SELECT 1 FROM memory_sessions s WHERE s.id = o.session_id AND s.project = ?1))))
        ORDER BY r.id
        """,
        Read, project);

    private static Relation Read(Statement row) => new()
    {
        SyncId = row.Text(0), SourceId = row.Text(1), TargetId = row.Text(2), Kind = row.Text(3), Reason = row.TextOrNull(4),
        Evidence = row.TextOrNull(5), Confidence = row.DoubleOrNull(6), JudgmentStatus = row.Text(7), MarkedByActor = row.TextOrNull(8),
        MarkedByKind = row.TextOrNull(9), MarkedByModel = row.TextOrNull(10), SessionId = row.TextOrNull(11), CreatedAt = row.Text(12),
        UpdatedAt = row.Text(13),
    };
}
