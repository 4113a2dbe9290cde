namespace ArtifactSync.Archive;

/// <summary>
/// Which items of a surgical run are done: terminal success is a row of the last stage that its options demand, or one that says
/// the archive has a fresher item (surgical spec 7). A missing row is no success: a run that died has none.
/// </summary>
internal static class SurgicalItems
{
    /// <summary>Rows <c>e</c> of the run <c>r</c> that speak of the item <c>i</c> (an element of its request).</summary>
    public const string OfItemSql =
        "e.run_id = r.run_id AND e.entity_type = json_extract(i.value, '$.entityType') AND e.iid = json_extract(i.value, '$.iid')";

    /// <summary>Whether the item <c>i</c> of the run <c>r</c> still lacks terminal success.</summary>
    public const string OpenSql =
        $"""
        NOT EXISTS (SELECT 1 FROM sync_run_entities e WHERE {OfItemSql}
          AND ((e.stage = json_extract(r.options_json, '$.lastStage') AND e.status IN ('ok', 'skipped'))
            OR (e.stage = 'ingest' AND e.status = 'skipped')))
        """;

    /// <summary>Open items of a run in the order of its request, each with the code of its latest failure.</summary>
    public static IReadOnlyList<(string EntityType, long Iid, string? Code)> Open(Database db, string runId) =>
    [
        .. db.Query(
            $"""
            SELECT json_extract(i.value, '$.entityType'), json_extract(i.value, '$.iid'),
              (SELECT e.error_code FROM sync_run_entities e WHERE {OfItemSql} AND e.status = 'failed' ORDER BY e.id DESC LIMIT 1)
            FROM sync_runs r, json_each(r.requested_json, '$.items') i WHERE r.run_id = ? AND {OpenSql} ORDER BY i.key
            """,
            static row => (row.Text(0), row.Int64(1), row.TextOrNull(2)),
            runId),
    ];
}
