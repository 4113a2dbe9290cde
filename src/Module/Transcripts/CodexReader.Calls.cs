using System.Text;
using ArtifactSync.Wire;

namespace ArtifactSync.Transcripts;

/// <content>Tool calls with what came back, and events of subagents.</content>
internal sealed partial class CodexReader
{
    private void Call(JsonValue payload, TranscriptTime time)
    {
        string name = payload["name"u8].Text();
        if (name.Length == 0)
        {
            return;
        }

        (string input, byte[] json, string plain) = Arguments(payload);
        JsonValue arguments = JsonValue.ParseOrNone(json);
        string id = payload["call_id"u8].Text();
        var message = new MessageRecord
        {
            Role = "assistant",
            Content = CodexToolText.Of(name, payload["summary"u8].Text(), arguments, plain),
            HasToolUse = true,
        };
        message.ToolCalls.Add(new ToolCallRecord
        {
            ToolName = name,
            Category = ToolCategory.Of(name),
            ToolUseId = id,
            InputJson = input,
            FilePath = ClaudeToolText.FilePath(arguments),
        });
        State.Calls.Add(new OpenCall(id, State.NextOrdinal, 0, name));
        if (IsWait(name) && id.Length > 0)
        {
            JsonValue agents = arguments["ids"u8].IsArray ? arguments["ids"u8] : arguments["targets"u8];
            foreach (JsonValue agent in agents.EnumerateElements())
            {
                State.Calls.Relink(agent.Text().Trim(), id);
            }
        }

        Add(message, time);
    }

    /// <summary>The arguments of a call, which come as JSON, as JSON in a string, or as plain text.</summary>
    private static (string Input, byte[] Json, string Plain) Arguments(JsonValue payload)
    {
        (string, byte[], string) found = Argument(payload["arguments"u8]);
        return found.Item1.Length > 0 ? found : Argument(payload["input"u8]);
    }

    private static (string Input, byte[] Json, string Plain) Argument(JsonValue argument)
    {
        string text = argument.IsString ? argument.Text() : argument.Exists ? argument.RawText() : "";
        string trimmed = text.Trim();
        if (trimmed is "" or "{}" or "[]")
        {
            return ("", [], "");
        }

        byte[] json = Encoding.UTF8.GetBytes(trimmed);
        return JsonValue.TryParse(json, out _) ? (trimmed, json, "") : (text, [], trimmed);
    }

    private void Output(JsonValue payload, JsonValue type, TranscriptTime time)
    {
        if (State.Calls.Find(payload["call_id"u8].Text()) is not { } call)
        {
            return;
        }

        JsonValue output = payload["output"u8];
        string text = JsonText.Sanitize(output.TextOrRaw().Trim());
        if (text.Length == 0)
        {
            return;
        }

        JsonValue parsed = output.IsString ? JsonValue.ParseOrNone(Encoding.UTF8.GetBytes(text)) : output;
        if (call.Tool == "spawn_agent")
        {
            Spawned(call, parsed["agent_id"u8].Text().Trim());
        }
        else if (IsWait(call.Tool))
        {
            Waited(call, parsed["status"u8], time);
        }
        else
        {
            bool isCustom = type.Is("custom_tool_call_output"u8);
            string status = payload["status"u8].Text();
            Append(call, new ToolResultEventRecord
            {
                Source = isCustom ? "custom_tool_call_output" : "function_call_output",
                Status = isCustom && status.Length == 0 ? "completed" : JsonText.Sanitize(status),
                Content = text,
                Timestamp = time.ToString(),
            });
            State.Calls.Remove(call.Id);
        }
    }

    private void Spawned(OpenCall call, string agent)
    {
        if (agent.Length == 0)
        {
            return;
        }

        State.Calls.Link(agent, call.Id);
        if (!call.IsLinked)
        {
            Builder.Amend(new Amendment(call.Ordinal, call.Index) { SubagentSessionId = SessionOf(JsonText.Sanitize(agent)) });
            call.IsLinked = true;
        }
    }

    private void Waited(OpenCall call, JsonValue status, TranscriptTime time)
    {
        JsonValue.Members agents = status.EnumerateMembers();
        while (agents.MoveNext())
        {
            AgentEvent(call, JsonText.Decode(agents.Name), "wait_output", agents.Current, time);
        }
    }

    /// <summary>A note that a subagent came to an end, which Codex writes as if the user had said it.</summary>
    private bool Notification(string text, TranscriptTime time)
    {
        const string tag = "subagent_notification";
        if (!text.AsSpan().TrimStart().StartsWith($"<{tag}>", StringComparison.Ordinal))
        {
            return false;
        }

        JsonValue note = JsonValue.ParseOrNone(Encoding.UTF8.GetBytes(ClaudeText.Tagged(text, tag).Trim()));
        string agent = note["agent_id"u8].Text().Trim();
        agent = agent.Length > 0 ? agent : note["agent_path"u8].Text().Trim();
        return State.Calls.Links.TryGetValue(agent, out string? id) && State.Calls.Find(id) is { } call
            && AgentEvent(call, agent, tag, note["status"u8], time);
    }

    private bool AgentEvent(OpenCall call, string agent, string source, JsonValue status, TranscriptTime time)
    {
        string name = status["completed"u8].IsString ? "completed" : status["errored"u8].IsString ? "errored" : "running";
        string text = status[Encoding.ASCII.GetBytes(name)].Text().Trim();
        if (text.Length == 0)
        {
            return false;
        }

        agent = JsonText.Sanitize(agent);
        Append(call, new ToolResultEventRecord
        {
            Source = source,
            Status = name,
            Content = JsonText.Sanitize(text),
            AgentId = agent,
            SubagentSessionId = agent.Length > 0 ? SessionOf(agent) : "",
            Timestamp = time.ToString(),
        });
        return true;
    }

    private void Append(OpenCall call, ToolResultEventRecord added)
    {
        added.ToolUseId = JsonText.Sanitize(call.Id);
        added.ContentLength = JsonText.Utf8Length(added.Content);
        Builder.Amend(new Amendment(call.Ordinal, call.Index) { Event = added });
    }
}
