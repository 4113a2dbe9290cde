using System.Text.Json;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Ingest;

/// <summary>What is stored of an imported session (spec 7.4), through an exchange with a folder.</summary>
[Trait("Category", "Golden")]
public sealed class GoldenRewriteTests
{
    /// <summary>Columns of ours that no vector tells: keys, and what only the archive itself knows.</summary>
    private static readonly HashSet<string> Local = new(StringComparer.Ordinal)
    {
        "sid", "mid", "cid", "uid", "own", "origin", "display_name", "created_at", "transcript_revision", "local_modified_at",
        "is_automated", "signals_pending_since",
    };

    public static TheoryData<string> Cases => Golden.Cases("artifact-fuzz/import-rewrite.json|cases");

    [GoldenTheory]
    [MemberData(nameof(Cases))]
    public async Task Exchange_NewSession_IsStoredAsRecorded(string id)
    {
        JsonElement vector = Golden.Case(id);
        using var scratch = new TempFolder();
        string share = scratch.CreateDirectory("share");
        using JsonDocument manifest = JsonDocument.Parse(vector.Text("manifest")!);
        string origin = manifest.RootElement.Text("origin")!;
        foreach (JsonElement segment in vector.GetProperty("segments").EnumerateArray())
        {
            WireFiles.WriteHashed(share, origin, ArtifactKind.Segments, WireFiles.Utf8(segment.GetString()!));
        }

        OneSession.WriteCheckpoint(share, origin, manifest.RootElement.Text("native_session_id")!, WireFiles.Utf8(vector.Text("manifest")!));
        var machine = new Machine("bravo-3d4e5f", scratch["archive"]);

        SyncRun run = await machine.SyncAsync(share, initialize: true);

        using ArchiveSql sql = machine.Open();
        if (vector.Text("outcome") == "imported")
        {
            Assert.True(run.Status == RunStatus.Succeeded, Outcome.Describe(run));
            AssertStored(vector, sql);
        }
        else
        {
            // Also where the original meets its database's refusal on every run (5.3).
            Assert.True(run.Status == RunStatus.Partial, Outcome.Describe(run));
            Assert.Empty(sql.Query("SELECT id FROM sessions"));
            Assert.Single(sql.Query("SELECT DISTINCT name FROM quarantined_artifacts"));
        }
    }

    private static void AssertStored(JsonElement vector, ArchiveSql sql)
    {
        var lines = new List<string>();
        Row session = RowSeeder.WireRow(vector.GetProperty("stored_session"));
        session["session_name"] = RowTables.ToValue(vector.GetProperty("stored_session_name"));
        session["has_tool_calls"] = RowTables.ToValue(vector.GetProperty("stored_has_tool_calls"));
        session["has_context_data"] = RowTables.ToValue(vector.GetProperty("stored_has_context_data"));
        session["secret_leak_count"] = RowTables.ToValue(vector.GetProperty("stored_secret_leak_count"));
        session["secrets_rules_version"] = RowTables.ToValue(vector.GetProperty("stored_secrets_rules_version"));
        session["data_version"] = RowTables.ToValue(vector.GetProperty("stored_data_version"));
        if (vector.GetProperty("stored_quality_signals") is { ValueKind: JsonValueKind.Object } signals)
        {
            RowSeeder.AddSignals(session, signals);
        }

        Compare(lines, sql, "sessions", [session], sql.Query("SELECT * FROM sessions"));
        JsonElement[] messages = [.. RowSeeder.Lines(WireFiles.Utf8(vector.Text("stored_messages")!))];
        Compare(lines, sql, "messages", [.. messages.Select(RowSeeder.WireRow)], sql.Query("SELECT * FROM messages ORDER BY ordinal"));
        JsonElement[] calls = [.. messages.SelectMany(m => Items(m, "tool_calls"))];
        Compare(lines, sql, "tool_calls", [.. calls.Select(RowSeeder.WireRow)],
            sql.Query("SELECT c.* FROM tool_calls c JOIN messages USING(mid) ORDER BY ordinal, call_index"));
        Compare(lines, sql, "tool_result_events", [.. calls.SelectMany(c => Items(c, "result_events")).Select(RowSeeder.WireRow)],
            sql.Query(
                "SELECT e.* FROM tool_result_events e JOIN tool_calls USING(cid) JOIN messages USING(mid) ORDER BY ordinal, call_index, event_index"));
        Compare(lines, sql, "usage_events", [.. vector.GetProperty("stored_usage_events").EnumerateArray().Select(RowSeeder.WireRow)],
            sql.Query("SELECT * FROM usage_events ORDER BY coalesce(occurred_at, ''), uid"));
        Assert.True(lines.Count == 0, string.Join('\n', lines));
    }

    /// <summary>Every column of ours: what the vector says, else the empty value.</summary>
    private static void Compare(List<string> lines, ArchiveSql sql, string table, IReadOnlyList<Row> expected, List<Row> stored)
    {
        if (expected.Count != stored.Count)
        {
            lines.Add($"{table}: {expected.Count} rows expected, {stored.Count} stored");
            return;
        }

        for (int i = 0; i < stored.Count; i++)
        {
            foreach ((string column, bool required) in sql.Columns(table).Where(c => !Local.Contains(c.Key)))
            {
                object? value = stored[i][column];
                object? wanted = expected[i].GetValueOrDefault(column);
                bool empty = wanted is null && (required ? value is "" or 0L : value is null);
                if (!empty && !Equals(wanted is long && value is double ? Convert.ToDouble(wanted) : wanted, value))
                {
                    lines.Add($"{table}[{i}].{column}: expected '{wanted ?? "null"}', stored '{value ?? "null"}'");
                }
            }
        }
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement list) ? list.EnumerateArray() : default;
}
