using System.Text.Json;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>
/// What a fault recording tells about an importer after a sync (index, notes: faults), each member as sorted lines of text.
/// An omitted member is empty.
/// </summary>
internal sealed class ImportState
{
    private readonly Dictionary<string, List<string>> _members;

    private ImportState(Dictionary<string, List<string>> members) => _members = members;

    public IReadOnlyDictionary<string, List<string>> Members => _members;

    public static ImportState Of(Machine machine)
    {
        using ArchiveSql sql = machine.Open();
        string origin = machine.Origin;
        return new ImportState(new(StringComparer.Ordinal)
        {
            ["live_foreign"] = Sorted(sql.Query("SELECT origin, kind, name FROM artifacts WHERE origin <> ?1", origin).Select(Logical)),
            ["quarantined"] = Sorted(sql.Query("SELECT DISTINCT origin, kind, name FROM quarantined_artifacts").Select(Logical)),
            ["sessions"] = Sorted(sql.Query("SELECT * FROM sessions WHERE own = 0").Select(
                s => Line(s["id"], s["message_count"], s["display_name"], s["deleted_at"]))),
            ["messages"] = Sorted(sql.Query(
                "SELECT s.id, m.* FROM messages m JOIN sessions s USING(sid) WHERE own = 0").Select(
                m => Line(m["id"], m["ordinal"], m["role"], m["content"]))),
            ["landing"] = Sorted(sql.Query("SELECT * FROM landings").Select(l => Line(l["origin"], l["sequence"]))),
            ["watermarks"] = Sorted(sql.Query("SELECT * FROM watermarks").Select(
                w => Line($"artifact_import:{Gid.Split(w.Text("gid")).Origin}:{w["gid"]}", w["manifest_sha256"]))),
            ["registers"] = Sorted(sql.Query("SELECT * FROM metadata_registers").Select(r => Line(r["session_gid"], r["field"], r["op"]))),
            ["applied"] = Sorted(sql.Query("SELECT order_key FROM metadata_applied").Select(a => Line(a["order_key"]))),
            ["stars"] = Sorted(sql.Query("SELECT session_id FROM starred_sessions").Select(s => Line(s["session_id"]))),
            ["pins"] = Sorted(sql.Query(
                "SELECT s.id, p.ordinal, p.note FROM pinned_messages p JOIN sessions s USING(sid)").Select(
                p => Line(p["id"], p["ordinal"], p["note"]))),
            ["excluded"] = Sorted(sql.Query("SELECT id FROM excluded_sessions").Select(e => Line(e["id"]))),
            ["repairs"] = Sorted(sql.Query("SELECT origin, kind, name FROM repair_queue").Select(
                r => Line([.. Logical(r).Split('/')]))),
        });
    }

    /// <summary>The members of a recorded outcome; quarantined names once, and not live as well.</summary>
    /// <remarks>
    /// Without a memory of what it put away, N fetches quarantined artifacts again with every exchange, and keeps those
    /// events live that it marked applied; ours fetches nothing twice (spec 7.3, appendix A 12).
    /// </remarks>
    public static ImportState Recorded(JsonElement outcome)
    {
        List<string> quarantined = Sorted(outcome.Texts("quarantined").Distinct(StringComparer.Ordinal));
        return new ImportState(new(StringComparer.Ordinal)
        {
            ["live_foreign"] = Sorted(outcome.Texts("live_foreign").Except(quarantined)),
            ["quarantined"] = quarantined,
            ["sessions"] = ItemLines(outcome, "sessions", "id", "message_count", "display_name", "deleted_at"),
            ["messages"] = ItemLines(outcome, "messages", "session_id", "ordinal", "role", "content"),
            ["landing"] = ItemLines(outcome, "landing"),
            ["watermarks"] = ItemLines(outcome, "watermarks"),
            ["registers"] = ItemLines(outcome, "registers"),
            ["applied"] = ItemLines(outcome, "applied"),
            ["stars"] = ItemLines(outcome, "stars"),
            ["pins"] = ItemLines(outcome, "pins"),
            ["excluded"] = ItemLines(outcome, "excluded"),
            ["repairs"] = ItemLines(outcome, "repairs"),
        });
    }

    /// <summary>This without the lines that hold one of the texts, and with others.</summary>
    public ImportState Changed(IReadOnlyList<string> without, IReadOnlyList<(string Member, string Line)> with)
    {
        foreach (string text in without)
        {
            Assert.True(_members.Values.Any(lines => lines.Any(l => l.Contains(text, StringComparison.Ordinal))), $"nothing recorded has '{text}'");
        }

        return new ImportState(_members.ToDictionary(
            m => m.Key,
            m => Sorted(m.Value.Where(line => !without.Any(text => line.Contains(text, StringComparison.Ordinal)))
                .Concat(with.Where(w => w.Member == m.Key).Select(w => w.Line))),
            StringComparer.Ordinal));
    }

    public void AssertMatches(ImportState recorded, string what)
    {
        foreach ((string member, List<string> lines) in recorded._members)
        {
            Lines.AssertSame($"{what}: {member}", lines, _members[member]);
        }
    }

    /// <summary>What was imported is here as well; of names and put-away artifacts there may be others.</summary>
    public void AssertContains(ImportState recorded, string what)
    {
        foreach (string member in (string[])["sessions", "messages", "landing", "watermarks", "registers", "applied", "stars", "pins", "excluded"])
        {
            Lines.AssertSame($"{what}: {member}", [], recorded._members[member].Except(_members[member], StringComparer.Ordinal));
        }
    }

    /// <summary>All that is live in the store, own origin included.</summary>
    public static List<string> StoreNames(ArchiveSql sql) => Sorted(sql.Query("SELECT origin, kind, name FROM artifacts").Select(Logical));

    private static string Logical(Row row)
    {
        var kind = (ArtifactKind)row.Number("kind");
        return WireFiles.Logical($"{row["origin"]}/{ArtifactName.KindDirectory(kind)}/{row["name"]}");
    }

    private static List<string> ItemLines(JsonElement outcome, string member, params string[] names) =>
        outcome.TryGetProperty(member, out JsonElement list) ? Sorted(list.EnumerateArray().Select(item => Line(item, names))) : [];

    private static string Line(JsonElement item, string[] names) => item.ValueKind switch
    {
        JsonValueKind.Object => Line([.. names.Select(n => RowTables.ToValue(item.GetProperty(n)))]),
        JsonValueKind.Array => Line([.. item.EnumerateArray().Select(RowTables.ToValue)]),
        _ => Line(RowTables.ToValue(item)),
    };

    private static string Line(params object?[] values) =>
        string.Join(" | ", values.Select(v => FormattableString.Invariant($"{v ?? "null"}")));

    private static List<string> Sorted(IEnumerable<string> lines) => [.. lines.Order(StringComparer.Ordinal)];
}
