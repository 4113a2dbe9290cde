using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>Usage events of sessions.</summary>
internal static class UsageTable
{
    private const string Select =
        """
        SELECT message_ordinal, source, model, input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens,
          reasoning_tokens, cost_usd, cost_status, cost_source, occurred_at, dedup_key
        FROM usage_events WHERE sid = ?
        """;

    /// <summary>In the order of a manifest: by time (none = ""), then as stored (spec 4.2).</summary>
    public static IEnumerable<UsageEventRecord> Read(Database db, long sid) =>
        db.Query(Select + " ORDER BY coalesce(occurred_at, ''), uid", ReadEvent, sid);

    /// <summary>Makes the events of a session what is given; true when they were others before.</summary>
    /// <exception cref="ArtifactSyncException">DocumentInvalid: a (source, dedup_key) is repeated.</exception>
    public static bool Replace(Database db, long sid, IReadOnlyCollection<UsageEventRecord> usage)
    {
        if (db.Query(Select + " ORDER BY uid", ReadEvent, sid).SequenceEqual(usage))
        {
            return false;
        }

        db.Execute("DELETE FROM usage_events WHERE sid = ?", sid);
        Append(db, sid, usage);
        return true;
    }

    public static void Append(Database db, long sid, IEnumerable<UsageEventRecord> usage)
    {
        using var s = db.Prepare(
            """
            INSERT INTO usage_events(sid, message_ordinal, source, model, input_tokens, output_tokens, cache_creation_input_tokens,
              cache_read_input_tokens, reasoning_tokens, cost_usd, cost_status, cost_source, occurred_at, dedup_key)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """);
        s.Bind(1, sid);
        foreach (var u in usage)
        {
            s.Bind(2, u.MessageOrdinal).Bind(3, u.Source).Bind(4, u.Model).Bind(5, u.InputTokens).Bind(6, u.OutputTokens)
                .Bind(7, u.CacheCreationInputTokens).Bind(8, u.CacheReadInputTokens).Bind(9, u.ReasoningTokens).Bind(10, u.CostUsd)
                .Bind(11, u.CostStatus).Bind(12, u.CostSource).Bind(13, u.OccurredAt.Length > 0 ? u.OccurredAt : null).Bind(14, u.DedupKey);
            try
            {
                s.Run();
            }
            catch (ArtifactSyncException e) when (SqliteErrors.IsConstraint(e))
            {
                throw new ArtifactSyncException(
                    ErrorCode.DocumentInvalid,
                    $"The session has more than one usage event '{u.DedupKey}' of '{u.Source}'; it is left out.",
                    u.DedupKey,
                    e);
            }
        }
    }

    private static UsageEventRecord ReadEvent(Statement s) => new()
    {
        MessageOrdinal = s.Int64OrNull(0),
        Source = s.Text(1),
        Model = s.Text(2),
        InputTokens = s.Int64(3),
        OutputTokens = s.Int64(4),
        CacheCreationInputTokens = s.Int64(5),
        CacheReadInputTokens = s.Int64(6),
        ReasoningTokens = s.Int64(7),
        CostUsd = s.DoubleOrNull(8),
        CostStatus = s.Text(9),
        CostSource = s.Text(10),
        OccurredAt = s.Text(11),
        DedupKey = s.Text(12),
    };
}
