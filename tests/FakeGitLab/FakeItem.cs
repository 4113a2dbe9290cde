using System.Globalization;
using System.Text.Json.Nodes;

namespace ArtifactSync.FakeGitLab;

/// <summary>One page as the server sends it, where a test says so itself.</summary>
public sealed record FakePage(string Body, IReadOnlyDictionary<string, string> Headers);

/// <summary>An issue or merge request with what belongs to it. Bodies are the JSON that is sent.</summary>
public sealed class FakeItem(string type, JsonObject body)
{
    private readonly Dictionary<string, byte[]> _rendered = new(StringComparer.Ordinal);

    public string Type => type;

    public JsonObject Body { get; set; } = body;

    public JsonArray Discussions { get; init; } = [];

    public JsonArray LabelEvents { get; init; } = [];

    public JsonArray StateEvents { get; init; } = [];

    public JsonArray MilestoneEvents { get; init; } = [];

    /// <summary>Pages by list name (<c>discussions</c>, <c>resource_label_events</c>, ...) instead of those made of the lists.</summary>
    public Dictionary<string, IReadOnlyList<FakePage>> Pages { get; } = new(StringComparer.Ordinal);

    public long Iid => Body["iid"]!.GetValue<long>();

    public JsonArray List(string name) => name switch
    {
        "discussions" => Discussions,
        "resource_label_events" => LabelEvents,
        "resource_state_events" => StateEvents,
        "resource_milestone_events" => MilestoneEvents,
        _ => throw new ArgumentException($"There is no list '{name}'.", nameof(name)),
    };

    /// <summary>The bytes of a page, made once: a server under measurement should not be busy with itself.</summary>
    public byte[] Render(string key, Func<JsonNode> make)
    {
        lock (_rendered)
        {
            if (!_rendered.TryGetValue(key, out var bytes))
            {
                bytes = System.Text.Encoding.UTF8.GetBytes(make().ToJsonString());
                _rendered.Add(key, bytes);
            }
            return bytes;
        }
    }

    /// <summary>After a change of the lists or the body.</summary>
    public FakeItem Changed()
    {
        lock (_rendered)
        {
            _rendered.Clear();
        }
        return this;
    }

    public FakeItem Update(string updatedAt, Action<JsonObject>? change = null)
    {
        Body["updated_at"] = updatedAt;
        change?.Invoke(Body);
        return Changed();
    }

    public FakeItem AddNote(long id, string text, string at = "2024-09-27T09:01:22.710Z", bool system = false)
    {
        Discussions.Add(FakeData.Discussion(id, text, at, system));
        return Changed();
    }

    public FakeItem RemoveNote(long id)
    {
        var index = Discussions.Index().First(d => d.Item!["notes"]![0]!["id"]!.GetValue<long>() == id).Index;
        Discussions.RemoveAt(index);
        return Changed();
    }
}

/// <summary>Made-up items of the recorded shape.</summary>
public static class FakeData
{
    public static JsonObject User(string name) => new() { ["id"] = 9001, ["username"] = name, ["name"] = name, ["state"] = "active" };

    public static FakeItem Issue(long project, long iid, string title, string updatedAt = "2024-09-27T09:01:06.710Z") =>
        new("issue", Common(project, iid, title, updatedAt));

    public static FakeItem MergeRequest(long project, long iid, string title, string updatedAt = "2024-09-27T09:01:06.710Z")
    {
        var body = Common(project, iid, title, updatedAt);
        body["source_branch"] = "feature";
        body["target_branch"] = "main";
        body["draft"] = false;
        body["sha"] = "5efeb6ae7aa0433f1ef1add89c85109cf943ee6e";
        return new("merge_request", body);
    }

    public static JsonObject Discussion(long id, string text, string at, bool system = false) => new()
    {
        ["id"] = id.ToString("x40", CultureInfo.InvariantCulture),
        ["individual_note"] = true,
        ["notes"] = new JsonArray(new JsonObject
        {
            ["id"] = id, ["type"] = null, ["body"] = text, ["author"] = User("user-3"), ["created_at"] = at, ["updated_at"] = at,
            ["system"] = system, ["noteable_type"] = "Issue", ["resolvable"] = false,
        }),
    };

    public static JsonObject LabelEvent(long id, string? label, string action = "add") => new()
    {
        ["id"] = id, ["user"] = User("user-1"), ["created_at"] = "2024-09-27T09:05:00.000Z", ["action"] = action,
        ["label"] = label is null ? null : new JsonObject { ["id"] = 73, ["name"] = label },
    };

    private static JsonObject Common(long project, long iid, string title, string updatedAt) => new()
    {
        ["id"] = project * 100_000 + iid, ["iid"] = iid, ["project_id"] = project, ["title"] = title,
        ["description"] = $"Description of {title}", ["state"] = "opened", ["labels"] = new JsonArray("bug"), ["author"] = User("user-3"),
        ["assignees"] = new JsonArray(), ["created_at"] = "2024-09-27T08:00:00.000Z", ["updated_at"] = updatedAt,
        ["web_url"] = $"https://gitlab.example.com/group/app/-/issues/{iid}", ["milestone"] = null, ["future_key"] = new JsonObject { ["x"] = 1 },
    };
}
