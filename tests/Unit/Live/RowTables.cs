using System.Text.Json;

namespace ArtifactSync.Tests.Live;

/// <summary>Rows of several tables under the names of the original program.</summary>
internal sealed class RowTables : Dictionary<string, List<Row>>
{
    private RowTables()
        : base(StringComparer.Ordinal)
    {
    }

    /// <summary>A recorded dump (index, notes: rows).</summary>
    public static RowTables Recorded(JsonElement dump)
    {
        var tables = new RowTables();
        foreach (JsonProperty table in dump.EnumerateObject())
        {
            tables[table.Name] = [.. table.Value.EnumerateArray().Select(ToRow)];
        }

        tables["own_sessions"] = [.. tables["sessions"].Where(s => s.Text("machine") == "local").Select(s => new Row
        {
            ["id"] = s["id"], ["display_name"] = s["display_name"], ["trashed"] = s["deleted_at"] is null ? 0L : 1L,
        })];
        return tables;
    }

    /// <summary>What an archive of ours holds, under the recorded names; content of foreign sessions only.</summary>
    public static RowTables Of(ArchiveSql sql, string artifactsFolder)
    {
        const string Foreign = "sid IN (SELECT sid FROM sessions WHERE own = 0)";
        return new RowTables
        {
            ["sessions"] = sql.Query("SELECT * FROM sessions WHERE own = 0 ORDER BY id"),
            ["own_sessions"] = sql.Query("SELECT id, display_name, deleted_at IS NOT NULL AS trashed FROM sessions WHERE own = 1"),
            ["messages"] = sql.Query($"SELECT s.id AS session_id, m.* FROM messages m JOIN sessions s USING(sid) WHERE m.{Foreign}"),
            ["tool_calls"] = sql.Query(
                $"""
                SELECT s.id AS session_id, m.ordinal AS message_ordinal, c.*
                FROM tool_calls c JOIN messages m USING(mid) JOIN sessions s USING(sid) WHERE m.{Foreign}
                """),
            ["tool_result_events"] = sql.Query(
                $"""
                SELECT s.id AS session_id, m.ordinal AS tool_call_message_ordinal, c.call_index, e.*
                FROM tool_result_events e JOIN tool_calls c USING(cid) JOIN messages m USING(mid) JOIN sessions s USING(sid) WHERE m.{Foreign}
                """),
            ["usage_events"] = sql.Query(
                $"SELECT s.id AS session_id, u.* FROM usage_events u JOIN sessions s USING(sid) WHERE u.{Foreign} ORDER BY s.id, uid"),
            ["starred_sessions"] = sql.Query("SELECT session_id FROM starred_sessions"),
            ["pinned_messages"] = sql.Query("SELECT s.id AS session_id, p.ordinal, p.note FROM pinned_messages p JOIN sessions s USING(sid)"),
            ["excluded_sessions"] = sql.Query("SELECT id FROM excluded_sessions"),
            ["pg_sync_state"] = sql.Query(
                "SELECT 'artifact_import:' || substr(gid, 1, instr(gid, '~') - 1) || ':' || gid AS key, manifest_sha256 AS value FROM watermarks"),
            ["artifact_checkpoint_landings"] = sql.Query("SELECT origin, sequence FROM landings"),
            ["artifact_checkpoint_landing_sessions"] = LandedSessions(sql, artifactsFolder),
            ["artifact_checkpoint_heads"] = sql.Query(
                "SELECT origin, sequence, map_sha256 AS session_map_sha256, checkpoint_sha256, checkpoint_size FROM publication_head"),
            ["artifact_publications"] = sql.Query(
                "SELECT h.origin, p.session_id, p.manifest_sha256 AS manifest_hash FROM publications p CROSS JOIN publication_head h"),
            ["metadata_applied_events"] = sql.Query("SELECT origin, order_key, artifact_sha256 AS artifact_hash FROM metadata_applied"),
            ["metadata_replay_state"] = sql.Query("SELECT *, artifact_sha256 AS artifact_hash FROM metadata_registers"),
            ["metadata_conflicts"] = sql.Query("SELECT * FROM metadata_conflicts"),
            ["metadata_artifact_provenance"] = sql.Query("SELECT *, artifact_sha256 AS artifact_hash FROM metadata_provenance"),
        };
    }

    /// <summary>Other texts for a stamp, wherever it stands: order key, clock text, hash.</summary>
    public void Replace(string orderKey, string other)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [orderKey] = other, [orderKey[..^65]] = other[..^65], [orderKey[^64..]] = other[^64..],
        };
        foreach (Row row in Values.SelectMany(rows => rows))
        {
            foreach (string column in row.Keys.Where(c => row[c] is string text && texts.ContainsKey(text)).ToList())
            {
                row[column] = texts[row.Text(column)];
            }
        }
    }

    /// <summary>The machine that trashed a session has its own clock's time there (index, notes).</summary>
    public void HideOwnClock(string ownOrigin)
    {
        foreach (Row register in this["metadata_replay_state"].Where(r => r.Text("field") == "deleted_at" && r.Text("origin") == ownOrigin))
        {
            foreach (Row session in this["sessions"].Where(s => s.Text("id") == register.Text("session_gid") && s["deleted_at"] is not null))
            {
                session["deleted_at"] = "by this machine";
            }
        }
    }

    /// <summary>The landing keeps the checkpoint's hash; the map it stands for is read from the store.</summary>
    private static List<Row> LandedSessions(ArchiveSql sql, string artifactsFolder)
    {
        var rows = new List<Row>();
        foreach (Row landing in sql.Query("SELECT * FROM landings"))
        {
            string file = Path.Combine(
                artifactsFolder, landing.Text("origin"), "checkpoints", $"cp-{landing.Number("sequence"):D10}.json");
            byte[] bytes = File.ReadAllBytes(file);
            Assert.Equal(landing.Text("checkpoint_sha256"), Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));
            using var document = JsonDocument.Parse(bytes);
            rows.AddRange(document.RootElement.GetProperty("sessions").EnumerateObject().Select(s => new Row
            {
                ["origin"] = landing.Text("origin"),
                ["gid"] = s.Name,
                ["manifest_hash"] = s.Value.GetString(),
            }));
        }

        return rows;
    }

    private static Row ToRow(JsonElement element)
    {
        var row = new Row();
        foreach (JsonProperty member in element.EnumerateObject())
        {
            row[member.Name] = ToValue(member.Value);
        }

        return row;
    }

    public static object? ToValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => 1L,
        JsonValueKind.False => 0L,
        JsonValueKind.Number => value.TryGetInt64(out long number) ? (object)number : value.GetDouble(),
        JsonValueKind.Object => value.GetProperty("$b64").GetBytesFromBase64(),
        _ => throw new NotSupportedException($"a row value of kind {value.ValueKind}"),
    };
}
