using System.Text;

namespace ArtifactSync.Tests.Live;

/// <summary>Compares a recorded dump with our rows and says which row and column differs.</summary>
internal static class RowDiff
{
    private const int MaxLines = 40;
    private const int MaxText = 160;

    /// <summary>Compared tables and what identifies a row in them.</summary>
    private static readonly Dictionary<string, string[]> Keys = new(StringComparer.Ordinal)
    {
        ["sessions"] = ["id"],
        ["own_sessions"] = ["id"],
        ["messages"] = ["session_id", "ordinal"],
        ["tool_calls"] = ["session_id", "message_ordinal", "call_index"],
        ["tool_result_events"] = ["session_id", "tool_call_message_ordinal", "call_index", "event_index"],
        ["usage_events"] = ["session_id", "source", "model", "occurred_at", "dedup_key"],
        ["starred_sessions"] = ["session_id"],
        ["pinned_messages"] = ["session_id", "ordinal"],
        ["excluded_sessions"] = ["id"],
        ["pg_sync_state"] = ["key"],
        ["artifact_checkpoint_landings"] = ["origin"],
        ["artifact_checkpoint_landing_sessions"] = ["origin", "gid"],
        ["artifact_checkpoint_heads"] = ["origin"],
        ["artifact_publications"] = ["origin", "session_id"],
        ["metadata_applied_events"] = ["origin", "order_key"],
        ["metadata_replay_state"] = ["session_gid", "field"],
        ["metadata_conflicts"] = ["session_gid", "field", "winning_order_key", "losing_order_key"],
        ["metadata_artifact_provenance"] = ["origin", "order_key"],
    };

    /// <summary>Tables of theirs without a counterpart: bookkeeping that has another shape here.</summary>
    private static readonly HashSet<string> NotOurs = new(StringComparer.Ordinal)
    {
        // The floor also counts own checkpoints seen on the target (6.5); received heads exist only at servers.
        "artifact_checkpoint_floors", "artifact_peer_checkpoint_heads", "artifact_repair_queue",
    };

    /// <summary>Volatile or local bookkeeping (index, notes), and columns that exist in one program only.</summary>
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal)
    {
        "created_at", "updated_at", "applied_at", "detected_at", "local_modified_at", "sync_marker", "transcript_revision", "next_ordinal",
        "last_entry_uuid", "last_write_incremental", "publication_revision",
    };

    /// <summary>Tables of content; the rest is curation and bookkeeping.</summary>
    public static readonly IReadOnlyList<string> Content = ["sessions", "messages", "tool_calls", "tool_result_events", "usage_events"];

    /// <param name="recorded">The dump of the original program.</param>
    /// <param name="ours">Our rows, see <see cref="RowTables.Of"/>.</param>
    /// <param name="required">Per table of ours, which columns refuse null: there, recorded null is our empty value.</param>
    /// <param name="excludedTables">Tables that this comparison leaves out.</param>
    public static void AssertEqual(
        RowTables recorded, RowTables ours, Func<string, IReadOnlyDictionary<string, bool>> required, params string[] excludedTables)
    {
        var lines = new List<string>();
        HashSet<string> own = [.. recorded["sessions"].Where(IsOwn).Select(s => s.Text("id"))];
        foreach ((string table, List<Row> rows) in recorded.Where(t => !NotOurs.Contains(t.Key) && !excludedTables.Contains(t.Key)))
        {
            if (!Keys.TryGetValue(table, out string[]? key))
            {
                lines.Add($"{table}: recorded, but not compared");
                continue;
            }

            IEnumerable<Row> comparable = table switch
            {
                "sessions" => rows.Where(r => !IsOwn(r)),
                _ when Content.Contains(table) => rows.Where(r => !own.Contains(r.Text("session_id"))),
                "pg_sync_state" => rows.Where(r => r.Text("key").StartsWith("artifact_import:", StringComparison.Ordinal)),
                _ => rows,
            };
            Compare(table, key, comparable, ours[table], required(table), lines);
        }

        Assert.True(lines.Count == 0, Report(lines));
    }

    private static bool IsOwn(Row session) => session.Text("machine") == "local";

    private static void Compare(
        string table, string[] key, IEnumerable<Row> recorded, List<Row> ours, IReadOnlyDictionary<string, bool> required, List<string> lines)
    {
        Dictionary<string, Row> left = Index(key, recorded);
        Dictionary<string, Row> right = Index(key, ours);
        foreach ((string id, Row row) in left)
        {
            if (right.Remove(id, out Row? other))
            {
                CompareRow($"{table}[{id}]", row, other, required, lines);
            }
            else
            {
                lines.Add($"{table}[{id}]: recorded, missing here");
            }
        }

        lines.AddRange(right.Keys.Select(id => $"{table}[{id}]: here, not recorded"));
    }

    private static Dictionary<string, Row> Index(string[] key, IEnumerable<Row> rows)
    {
        var index = new Dictionary<string, Row>(StringComparer.Ordinal);
        foreach (Row row in rows)
        {
            string id = string.Join(' ', key.Select(k => row[k]));
            // Events without a unique name (usage without dedup key) are told apart by their order.
            string unique = id;
            for (int n = 2; !index.TryAdd(unique, row); n++)
            {
                unique = $"{id} #{n}";
            }
        }

        return index;
    }

    private static void CompareRow(string name, Row recorded, Row ours, IReadOnlyDictionary<string, bool> required, List<string> lines)
    {
        foreach ((string column, object? value) in recorded.Where(c => !Ignored.Contains(c.Key)))
        {
            if (!ours.TryGetValue(column, out object? other))
            {
                if (!IsExtra(name, column))
                {
                    lines.Add($"{name}.{column}: not mapped");
                }
            }
            else if (!AreEqual(value, other, required.GetValueOrDefault(column)))
            {
                lines.Add($"{name}.{column}: recorded {Show(value)}, ours {Show(other)}");
            }
        }
    }

    /// <summary>A pin's anchor is stored once here.</summary>
    private static bool IsExtra(string name, string column) =>
        column == "message_ordinal" && name.StartsWith("pinned_messages", StringComparison.Ordinal);

    private static bool AreEqual(object? recorded, object? ours, bool required) => (recorded, ours) switch
    {
        (null, null) => true,
        (null, "" or 0L) => required,
        (long l, double d) => l == d,
        (double d, double e) => d.Equals(e),
        _ => Equals(recorded, ours),
    };

    private static string Show(object? value) => value switch
    {
        null => "null",
        string text => $"'{(text.Length > MaxText ? text[..MaxText] + "…" : text).ReplaceLineEndings("\\n")}'",
        byte[] bytes => $"bytes {Convert.ToHexString(bytes)}",
        _ => FormattableString.Invariant($"{value}"),
    };

    private static string Report(List<string> lines)
    {
        var report = new StringBuilder().AppendLine($"{lines.Count} differences:");
        foreach (string line in lines.Take(MaxLines))
        {
            report.AppendLine(line);
        }

        return report.ToString();
    }
}
