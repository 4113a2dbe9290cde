using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Transcripts;

/// <summary>Rows that the original program made, beside what we read from the same transcript.</summary>
internal static class RecordedRows
{
    /// <summary>Bookkeeping of the original program, and what importers don't compute (signals, outcome, health).</summary>
    private static readonly HashSet<string> NotCompared =
    [
        "machine", "file_path", "file_size", "file_mtime", "next_ordinal", "last_entry_uuid", "claude_linear_parse", "file_inode", "file_device",
        "file_hash", "local_modified_at", "transcript_revision", "outcome", "outcome_confidence", "ended_with_role", "health_score",
        "health_grade", "quality_signal_version", "short_prompt_count", "unstructured_start", "missing_success_criteria_count",
        "missing_verification_count", "duplicate_prompt_count", "no_code_context_count", "runaway_tool_loop_count", "data_version",
        "last_write_incremental", "created_at", "secrets_rules_version", "sync_marker", "session_kind", "parser_parent_session_id",
        "prompt_source", "session_id", "session_name", "has_tool_calls", "has_context_data", "message_ordinal", "tool_call_message_ordinal",
        "call_index", "display_name", "compaction_count", "updated_at",
        "deletion_cause",
    ];

    /// <summary>Compares every recorded column that our record has; an unknown column is a failure.</summary>
    public static void AssertSame(JsonElement recorded, object ours, string prefix, params string[] except)
    {
        Assert.All(recorded.EnumerateObject().Where(c => !NotCompared.Contains(c.Name) && !except.Contains(c.Name)), column =>
        {
            string name = string.Concat(column.Name.Split('_').Select(p => char.ToUpperInvariant(p[0]) + p[1..]));
            PropertyInfo? property = ours.GetType().GetProperty(name);
            Assert.True(property is not null, $"our record has no {column.Name}");
            object? value = property!.GetValue(ours);
            string expected = Text(column.Value, prefix), actual = Text(value);
            if (column.Name == "token_usage" && expected.Length > 0)
            {
                Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"{expected} / {actual}");
                return;
            }

            // Their columns know null where our members know only the empty value.
            expected = expected == "∅" && (actual is "" or "0") ? actual : expected;
            Assert.Equal(($"{column.Name}", expected), ($"{column.Name}", actual));
        });
    }

    private static string Text(JsonElement value, string prefix) => value.ValueKind switch
    {
        JsonValueKind.Null => "∅",
        JsonValueKind.String => prefix.Length > 0 && value.GetString()!.StartsWith(prefix, StringComparison.Ordinal)
            ? value.GetString()![prefix.Length..] : value.GetString()!,
        _ => value.GetRawText(),
    };

    private static string Text(object? value) => value switch
    {
        null => "∅",
        bool flag => flag ? "1" : "0",
        _ => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!,
    };

    /// <summary>All rows of one session in a dump.</summary>
    public static void AssertSession(JsonElement rows, string recordedId, Reading ours, string prefix)
    {
        JsonElement session = rows.GetProperty("sessions").EnumerateArray().Single(s => s.Text("id") == recordedId);
        AssertSame(session, ours.Row, prefix, "termination_status");
        Assert.Equal(session.Text("session_name"), ours.Session.Name);
        Assert.Equal(session.GetProperty("has_tool_calls").GetInt32() == 1, ours.Session.HasToolCalls);
        Assert.Equal(session.GetProperty("has_context_data").GetInt32() == 1, ours.Session.HasContextData);

        List<JsonElement> messages = [.. Of(rows, "messages", recordedId).OrderBy(m => m.GetProperty("ordinal").GetInt64())];
        Assert.Equal(messages.Count, ours.Messages.Count);
        foreach ((JsonElement recorded, MessageRecord message) in messages.Zip(ours.Messages))
        {
            AssertSame(recorded, message, prefix);
            AssertCalls(rows, recordedId, message, prefix);
        }
    }

    private static void AssertCalls(JsonElement rows, string id, MessageRecord message, string prefix)
    {
        List<JsonElement> calls = [.. Of(rows, "tool_calls", id)
            .Where(c => !c.Has("message_ordinal") || c.GetProperty("message_ordinal").GetInt64() == message.Ordinal)
            .Where(c => message.ToolCalls.Exists(o => o.ToolUseId == c.Text("tool_use_id") && o.ToolName == c.Text("tool_name")))];
        Assert.Equal(message.ToolCalls.Count, calls.Count);
        foreach (ToolCallRecord ours in message.ToolCalls)
        {
            JsonElement recorded = calls.Single(c => c.Text("tool_use_id") == ours.ToolUseId);
            Assert.Equal(recorded.GetProperty("call_index").GetInt64(), ours.CallIndex);
            AssertSame(recorded, ours, prefix);
            List<JsonElement> events = [.. Of(rows, "tool_result_events", id)
                .Where(e => e.Text("tool_use_id") == ours.ToolUseId && e.GetProperty("tool_call_message_ordinal").GetInt64() == message.Ordinal)];
            Assert.Equal(events.Count, ours.ResultEvents.Count);
            Assert.All(events.Zip(ours.ResultEvents), e => AssertSame(e.First, e.Second, prefix));
        }
    }

    private static IEnumerable<JsonElement> Of(JsonElement rows, string table, string id) =>
        rows.GetProperty(table).EnumerateArray().Where(r => r.Text("session_id") == id);
}
