using System.Text.Json.Nodes;

namespace ArtifactSync.Tests.Memory;

/// <summary>Small exports: one session s1 of project demo, and rows.</summary>
internal static class Doc
{
    public const string Key = "obs-00000000000000a1";
    public const string PromptKey = "prompt-00000000000000b1";

    public static string Of(params ReadOnlySpan<JsonObject> rows) => Of("s1", rows);

    public static string Of(string session, params ReadOnlySpan<JsonObject> rows)
    {
        var (observations, prompts) = (new JsonArray(), new JsonArray());
        foreach (var row in rows)
        {
            (row.ContainsKey("title") ? observations : prompts).Add((JsonNode)row);
        }

        return new JsonObject
        {
            ["version"] = "0.1.0", ["sessions"] = new JsonArray(Session(session)), ["observations"] = observations, ["prompts"] = prompts,
        }.ToJsonString();
    }

    public static JsonObject Session(string id = "s1", string project = "demo", string? ended = null, string? summary = null, string started = "2026-04-27 08:00:00") => new()
    {
        ["id"] = id, ["project"] = project, ["directory"] = "/d", ["started_at"] = started, ["ended_at"] = ended, ["summary"] = summary,
    };

    public static JsonObject Observation(
        string content = "text", string? updated = "2026-04-27 09:00:00", string? deleted = null, string key = Key, string? project = "demo",
        string session = "s1") => new()
    {
        ["sync_id"] = key, ["session_id"] = session, ["type"] = "decision", ["title"] = "T", ["content"] = content, ["project"] = project,
        ["scope"] = "project", ["revision_count"] = 3, ["duplicate_count"] = 2, ["created_at"] = "2026-04-27 08:10:00", ["updated_at"] = updated,
        ["deleted_at"] = deleted,
    };

    public static JsonObject Prompt(string content = "ask", string? created = "2026-04-27 08:05:00", string key = PromptKey, string session = "s1") => new()
    {
        ["sync_id"] = key, ["session_id"] = session, ["content"] = content, ["project"] = "demo", ["created_at"] = created,
    };
}
