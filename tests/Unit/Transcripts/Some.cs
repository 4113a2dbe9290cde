using System.Text;
using System.Text.Json.Nodes;

namespace ArtifactSync.Tests.Transcripts;

/// <summary>Lines of transcripts.</summary>
internal static class Some
{
    /// <summary>A session with a tool call and its result in every turn.</summary>
    public static string Claude(string session, int turns, int from = 0)
    {
        var text = new StringBuilder();
        for (int i = from; i < from + turns; i++)
        {
            text.Append(User(session, i, $"{session} question {i}"));
            text.Append(Assistant(session, i, $"msg-{session}-{i}", new JsonObject { ["type"] = "text", ["text"] = $"{session} answer {i}" }));
            text.Append(Assistant(session, i, $"msg-{session}-{i}", ToolUse($"call-{session}-{i}", "Bash", new JsonObject { ["command"] = $"echo {i}" })));
            text.Append(Result(session, i, $"call-{session}-{i}", $"{i}\n"));
        }

        return text.ToString();
    }

    public static string User(string session, int minute, string content) => Line("user", session, minute, new JsonObject
    {
        ["role"] = "user", ["content"] = content,
    });

    public static string Assistant(string session, int minute, string id, params JsonNode[] blocks) => Line("assistant", session, minute, new JsonObject
    {
        ["id"] = id,
        ["role"] = "assistant",
        ["model"] = "claude-sonnet-4",
        ["content"] = new JsonArray(blocks),
        ["usage"] = new JsonObject { ["input_tokens"] = 10 + minute, ["output_tokens"] = 5 },
    });

    public static string Result(string session, int minute, string call, string text, string? agent = null)
    {
        var message = new JsonObject
        {
            ["role"] = "user",
            ["content"] = new JsonArray(new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = call, ["content"] = text }),
        };
        return Line("user", session, minute, message, agent is null ? null : ("toolUseResult", new JsonObject { ["agentId"] = agent }));
    }

    public static JsonObject Text(string text) => new() { ["type"] = "text", ["text"] = text };

    public static JsonObject ToolUse(string id, string name, JsonNode input) =>
        new() { ["type"] = "tool_use", ["id"] = id, ["name"] = name, ["input"] = input };

    public static string Line(string type, string session, int minute, JsonNode message, (string Name, JsonNode Value)? more = null)
    {
        var line = new JsonObject
        {
            ["type"] = type,
            ["sessionId"] = session,
            ["uuid"] = $"{session}-{type}-{minute}",
            ["timestamp"] = $"2026-06-01T10:{minute % 60:D2}:00.000Z",
            ["cwd"] = "/work/app",
            ["gitBranch"] = "main",
            ["version"] = "2.1.9",
            ["message"] = message,
        };
        if (more is { } extra)
        {
            line[extra.Name] = extra.Value;
        }

        return line.ToJsonString() + "\n";
    }

    /// <summary>Lines of a Codex session: a prompt, a call with its output, a token count, an answer for every turn.</summary>
    public static string Codex(string session, int turns)
    {
        var text = new StringBuilder();
        text.Append(CodexLine("session_meta", 0, new JsonObject { ["id"] = session, ["cwd"] = "/work/svc" }));
        text.Append(CodexLine("turn_context", 0, new JsonObject { ["model"] = "gpt-5" }));
        for (int i = 0; i < turns; i++)
        {
            text.Append(CodexMessage("user", i, $"prompt {i}"));
            text.Append(CodexLine("response_item", i, new JsonObject
            {
                ["type"] = "function_call", ["name"] = "shell", ["call_id"] = $"call-{i}", ["arguments"] = $$"""{"command": ["ls", "{{i}}"]}""",
            }));
            text.Append(CodexLine("response_item", i, new JsonObject
            {
                ["type"] = "function_call_output", ["call_id"] = $"call-{i}", ["output"] = $"output {i}",
            }));
            text.Append(CodexLine("event_msg", i, new JsonObject
            {
                ["type"] = "token_count",
                ["info"] = new JsonObject
                {
                    ["last_token_usage"] = new JsonObject { ["input_tokens"] = 100 + i, ["cached_input_tokens"] = 40, ["output_tokens"] = 7 + i },
                },
            }));
            text.Append(CodexMessage("assistant", i, $"answer {i}"));
        }

        return text.ToString();
    }

    public static string CodexMessage(string role, int minute, string text) => CodexLine("response_item", minute, new JsonObject
    {
        ["type"] = "message",
        ["role"] = role,
        ["content"] = new JsonArray(new JsonObject { ["type"] = role == "user" ? "input_text" : "output_text", ["text"] = text }),
    });

    public static string CodexLine(string type, int minute, JsonNode payload) => new JsonObject
    {
        ["timestamp"] = $"2026-06-01T10:{minute % 60:D2}:00.5Z", ["type"] = type, ["payload"] = payload,
    }.ToJsonString() + "\n";
}
