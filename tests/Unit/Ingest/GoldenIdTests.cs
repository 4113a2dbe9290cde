using System.Text.Json;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Ingest;

/// <summary>Ids as import rewrites them (spec 7.4), through a whole exchange.</summary>
[Trait("Category", "Golden")]
public sealed class GoldenIdTests
{
    public static TheoryData<string> Prefixes => Golden.Cases("artifact/ids.json|import_prefix");

    [GoldenTheory]
    [MemberData(nameof(Prefixes))]
    public async Task Exchange_ReferenceIds_AreStoredWithOrigin(string id)
    {
        JsonElement vector = Golden.Case(id);
        string origin = vector.Text("origin")!;
        string reference = vector.Text("id")!;
        using var scratch = new TempFolder();
        string share = scratch.CreateDirectory("share");
        string subagent = JsonSerializer.Serialize(reference);
        string call = reference.Length == 0 ? "" : $"\"subagent_session_id\":{subagent},";
        byte[] segment = WireFiles.Utf8(
            "{\"content\":\"\",\"ordinal\":0,\"role\":\"assistant\",\"tool_calls\":[{\"call_index\":0,\"result_events\":[{\"content\":\"c\",\"event_index\":0,"
            + $"\"source\":\"s\",\"status\":\"ok\"{call.TrimEnd(',').Insert(0, call.Length == 0 ? "" : ",")}}}],{call}\"tool_name\":\"T\"}}],\"v\":1}}\n");
        OneSession.Write(share, origin, [segment], session =>
        {
            session.ParentSessionId = reference;
            session.SourceSessionId = reference;
        });
        var machine = new Machine("bravo-3d4e5f", scratch["archive"]);

        SyncRun run = await machine.SyncAsync(share, initialize: true);

        Assert.True(run.Status == RunStatus.Succeeded, Outcome.Describe(run));
        using ArchiveSql sql = machine.Open();
        string expected = vector.Text("result")!;
        Row stored = sql.Query("SELECT * FROM sessions").Single();
        Assert.Equal(
            ($"{origin}~{OneSession.Id}", expected, expected),
            (stored.Text("id"), stored.Text("parent_session_id"), stored.Text("source_session_id")));
        Assert.Equal([expected, expected], sql.Texts("SELECT subagent_session_id FROM tool_calls UNION ALL SELECT subagent_session_id FROM tool_result_events"));
        string key = Golden.Load("artifact/ids.json").GetProperty("import_state_key")[0].Text("key")!;
        Assert.Equal([key], RowTables.Of(sql, machine.Artifacts)["pg_sync_state"].Select(r => r.Text("key").Replace(OneSession.Id, "sess-1", StringComparison.Ordinal)));
    }
}
