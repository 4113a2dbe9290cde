using System.Text;
using System.Text.Json;

namespace ArtifactSync.Tests.Live;

/// <summary>Puts sessions into an archive as if they had been read from transcripts or imported.</summary>
internal sealed class RowSeeder(ArchiveSql sql)
{
    private static readonly string[] QualitySignals =
    [
        "short_prompt_count", "unstructured_start", "missing_success_criteria_count", "missing_verification_count",
        "duplicate_prompt_count", "no_code_context_count", "runaway_tool_loop_count",
    ];

    /// <summary>All content of a recorded dump; rows of machine <c>local</c> are own ones.</summary>
    public void Seed(RowTables recorded)
    {
        using IDisposable transaction = sql.Transaction();
        var messages = recorded["messages"].ToLookup(r => r.Text("session_id"), StringComparer.Ordinal);
        var calls = recorded["tool_calls"].ToLookup(r => (r.Text("session_id"), r.Number("message_ordinal")));
        var events = recorded["tool_result_events"].ToLookup(
            r => (r.Text("session_id"), r.Number("tool_call_message_ordinal"), r.Number("call_index")));
        var usage = recorded["usage_events"].ToLookup(r => r.Text("session_id"), StringComparer.Ordinal);
        foreach (Row session in recorded["sessions"])
        {
            string id = session.Text("id");
            long sid = InsertSession(session, own: session.Text("machine") == "local");
            foreach (Row message in messages[id])
            {
                long ordinal = message.Number("ordinal");
                long mid = InsertMessage(message, sid);
                foreach (Row call in calls[(id, ordinal)])
                {
                    long cid = InsertRow("tool_calls", call, ("mid", mid));
                    foreach (Row result in events[(id, ordinal, call.Number("call_index"))])
                    {
                        InsertRow("tool_result_events", result, ("cid", cid));
                    }
                }
            }

            foreach (Row item in usage[id])
            {
                InsertRow("usage_events", item, ("sid", sid));
            }
        }
    }

    /// <summary>The session of a decoded manifest and its segments as an own session, replacing an earlier state of it.</summary>
    public void SeedOwn(byte[] manifest, IEnumerable<byte[]> segments)
    {
        using var document = JsonDocument.Parse(manifest);
        JsonElement root = document.RootElement;
        Row session = WireRow(root.GetProperty("session"));
        session["session_name"] = root.Text("session_name");
        session["data_version"] = root.GetProperty("data_version").GetInt64();
        session["has_tool_calls"] = root.Has("session_has_tool_calls") ? 1L : 0L;
        session["has_context_data"] = root.Has("session_has_context_data") ? 1L : 0L;
        if (Equals(session.GetValueOrDefault("display_name"), session["session_name"]))
        {
            session["display_name"] = null; // 6.2: the wire has the title, else the session name
        }

        if (root.TryGetProperty("session_quality_signals", out JsonElement signals))
        {
            AddSignals(session, signals);
        }

        SeedOwn(
            session,
            root.TryGetProperty("usage_events", out JsonElement usage) ? usage.EnumerateArray().Select(WireRow) : [],
            segments.SelectMany(Lines));
    }

    /// <param name="session">Columns of the row; unknown ones are left out, absent ones get their default.</param>
    /// <param name="usageEvents">Rows in order.</param>
    /// <param name="messages">Records of segments (spec 4.7).</param>
    public void SeedOwn(Row session, IEnumerable<Row> usageEvents, IEnumerable<JsonElement> messages)
    {
        using IDisposable transaction = sql.Transaction();
        session["machine"] = "local";
        long sid = Replace(session);
        foreach (JsonElement message in messages)
        {
            long mid = InsertMessage(WireRow(message), sid);
            foreach (JsonElement call in Items(message, "tool_calls"))
            {
                long cid = InsertRow("tool_calls", WireRow(call), ("mid", mid));
                foreach (JsonElement result in Items(call, "result_events"))
                {
                    InsertRow("tool_result_events", WireRow(result), ("cid", cid));
                }
            }
        }

        foreach (Row item in usageEvents)
        {
            InsertRow("usage_events", item, ("sid", sid));
        }
    }

    public static void AddSignals(Row session, JsonElement signals)
    {
        session["quality_signal_version"] = signals.GetProperty("version").GetInt64();
        foreach (string name in QualitySignals)
        {
            session[name] = RowTables.ToValue(signals.GetProperty(name));
        }
    }

    public static IEnumerable<JsonElement> Lines(byte[] segment) =>
        Encoding.UTF8.GetString(segment).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement);

    /// <summary>The scalar members of a wire object; embedded JSON (token_usage) as its text.</summary>
    public static Row WireRow(JsonElement element)
    {
        var row = new Row();
        foreach (JsonProperty member in element.EnumerateObject())
        {
            if (member.Name == "token_usage")
            {
                row[member.Name] = member.Value.GetRawText();
            }
            else if (member.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
            {
                row[member.Name] = RowTables.ToValue(member.Value);
            }
        }

        return row;
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement list) ? list.EnumerateArray() : default;

    /// <summary>A known session keeps its row, and with it pins and trash; its content goes.</summary>
    private long Replace(Row session)
    {
        if (sql.Query("SELECT sid FROM sessions WHERE id = ?1", session["id"]).SingleOrDefault() is not { } known)
        {
            return InsertSession(session, own: true);
        }

        string[] columns = [.. sql.Columns("sessions").Keys.Where(c => c is not ("sid" or "id" or "own" or "origin" or "deleted_at"))];
        Row fresh = sql.Query("SELECT * FROM sessions WHERE sid = ?1", InsertSession(Copy(session, "id", "fresh"), own: false))[0];
        sql.Execute("DELETE FROM sessions WHERE sid = ?1", fresh["sid"]);
        sql.Execute(
            $"UPDATE sessions SET {string.Join(',', columns.Select((c, i) => $"{c} = ?{i + 2}"))} WHERE id = ?1",
            [session["id"], .. columns.Select(c => fresh[c])]);
        sql.Execute("DELETE FROM messages WHERE sid = ?1", known["sid"]);
        sql.Execute("DELETE FROM usage_events WHERE sid = ?1", known["sid"]);
        return known.Number("sid");
    }

    private static Row Copy(Row row, string column, object value)
    {
        var copy = new Row();
        foreach ((string key, object? item) in row)
        {
            copy[key] = item;
        }

        copy[column] = value;
        return copy;
    }

    private long InsertSession(Row session, bool own)
    {
        string id = session.Text("id");
        return InsertRow("sessions", session, ("own", own ? 1L : 0L), ("origin", own ? "" : id.Split('~')[0]));
    }

    /// <summary>The writer of messages also writes the index of their text; only deletions are left to triggers.</summary>
    private long InsertMessage(Row message, long sid)
    {
        long mid = InsertRow("messages", message, ("sid", sid));
        sql.Execute("INSERT INTO message_text(rowid, content) SELECT mid, content FROM messages WHERE mid = ?1", mid);
        return mid;
    }

    private long InsertRow(string table, Row row, params (string Column, object Value)[] keys)
    {
        IReadOnlyDictionary<string, bool> columns = sql.Columns(table);
        var copy = new Row();
        foreach ((string column, object? value) in row)
        {
            // Where we refuse null, the default is the empty value.
            if (value is not null || !columns.GetValueOrDefault(column))
            {
                copy[column] = value;
            }
        }

        foreach ((string column, object value) in keys)
        {
            copy[column] = value;
        }

        return sql.Insert(table, copy);
    }
}
