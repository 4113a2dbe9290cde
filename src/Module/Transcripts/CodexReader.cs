using System.Globalization;
using System.Text;
using ArtifactSync.Wire;

namespace ArtifactSync.Transcripts;

/// <summary>
/// Codex: one file is one session, named by its first <c>session_meta</c>. Prompts, answers and calls are messages; outputs,
/// events of subagents and token counts belong to messages before them.
/// </summary>
internal sealed class CodexReader(ReaderState state, SessionBuilder builder, TranscriptSource source) : TranscriptReader(state, builder, source)
{
    private const string IdPrefix = "codex:";
    private static readonly string[] SystemPrefixes =
        ["# AGENTS.md", "<environment_context>", "<INSTRUCTIONS>", "<user_instructions>", "<permissions instructions>", "<turn_aborted>"];

    protected override void Entry(ReadOnlySpan<byte> line, long lineStart)
    {
        JsonValue type = default, payload = default, timestamp = default;
        JsonValue.Members members = JsonValue.EnumerateUnchecked(line);
        while (members.MoveNext())
        {
            if (members.Name.SequenceEqual("payload"u8)) { payload = members.Current; }
            else if (members.Name.SequenceEqual("type"u8)) { type = members.Current; }
            else if (members.Name.SequenceEqual("timestamp"u8)) { timestamp = members.Current; }
        }

        TranscriptTime time = TranscriptTime.Parse(timestamp.Inner);
        Accept(line, time);
        State.Session.Agent = "codex";
        if (State.Session.Project.Length == 0)
        {
            State.Session.Project = "unknown";
        }

        if (type.Is("session_meta"u8))
        {
            Meta(payload);
        }
        else if (type.Is("turn_context"u8))
        {
            State.Model = JsonText.Sanitize(payload["model"u8].Text());
        }
        else if (type.Is("response_item"u8))
        {
            Item(payload, time);
        }
        else if (type.Is("event_msg"u8))
        {
            Event(payload);
        }
    }

    private void Meta(JsonValue payload)
    {
        // A fork repeats the lines of its parent, whose meta among them: the first one is this session's.
        if (State.HasMeta)
        {
            return;
        }

        string id = JsonText.Sanitize(payload["id"u8].Text());
        Identify(id.Length > 0 ? id : Source.Stem);
        SessionRecord session = State.Session;
        session.Cwd = JsonText.Sanitize(payload["cwd"u8].Text());
        if (ProjectName.FromFolder(session.Cwd, payload["git"u8]["branch"u8].Text()) is { Length: > 0 } project)
        {
            session.Project = project;
        }

        string spawnedBy = payload["source"u8]["subagent"u8]["thread_spawn"u8]["parent_thread_id"u8].Text();
        string forkedFrom = payload["forked_from_id"u8].Text();
        if (spawnedBy.Length > 0 || forkedFrom.Length > 0)
        {
            session.ParentSessionId = SessionOf(spawnedBy.Length > 0 ? spawnedBy : forkedFrom);
            session.RelationshipType = spawnedBy.Length > 0 ? "subagent" : "fork";
        }
    }

    private void Identify(string id)
    {
        State.HasMeta = true;
        State.Session.Id = SessionOf(id);
    }

    private void Item(JsonValue payload, TranscriptTime time)
    {
        JsonValue type = payload["type"u8];
        if (type.Is("function_call"u8) || type.Is("custom_tool_call"u8))
        {
            Call(payload, time);
        }
        else if (type.Is("function_call_output"u8) || type.Is("custom_tool_call_output"u8))
        {
            Output(payload, type, time);
        }
        else if (!type.Exists || type.Is("message"u8))
        {
            Message(payload, time);
        }
    }

    private void Message(JsonValue payload, TranscriptTime time)
    {
        bool isUser = payload["role"u8].Is("user"u8);
        if (!isUser && !payload["role"u8].Is("assistant"u8))
        {
            return;
        }

        string text = Content(payload["content"u8]);
        if (string.IsNullOrWhiteSpace(text) || (isUser && (Notification(text, time) || IsSystem(text))))
        {
            return;
        }

        if (isUser)
        {
            State.Session.FirstMessage ??= JsonText.Sanitize(TranscriptText.Preview(text));
        }

        Add(new MessageRecord { Role = isUser ? "user" : "assistant", Content = text }, time);
    }

    private static string Content(JsonValue content)
    {
        List<string> texts = [];
        foreach (JsonValue block in content.EnumerateElements())
        {
            JsonValue type = block["type"u8];
            if ((type.Is("input_text"u8) || type.Is("output_text"u8) || type.Is("text"u8)) && block["text"u8].Text() is { Length: > 0 } text)
            {
                texts.Add(text);
            }
        }

        return texts.Count == 1 ? texts[0] : string.Join('\n', texts);
    }

    private static bool IsSystem(string text) => Array.Exists(SystemPrefixes, p => text.StartsWith(p, StringComparison.Ordinal));

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

    private void Event(JsonValue payload)
    {
        JsonValue type = payload["type"u8];
        if (type.Is("token_count"u8))
        {
            Tokens(payload["info"u8]["last_token_usage"u8]);
        }
        else if (type.Is("task_started"u8) || type.Is("task_complete"u8) || type.Is("turn_aborted"u8))
        {
            State.TaskEvent = type.Text();
        }
        else if (type.Is("collab_agent_spawn_end"u8))
        {
            if (State.Calls.Find(payload["call_id"u8].Text()) is { } call)
            {
                Spawned(call, payload["new_thread_id"u8].Text().Trim());
            }
        }
        else if (type.Is("thread_name_updated"u8))
        {
            State.UserTitle = JsonText.Sanitize(payload["thread_name"u8].Text());
        }
    }

    /// <summary>Codex counts cached tokens as input; rows count them apart, as Claude does.</summary>
    private void Tokens(JsonValue last)
    {
        List<long> open = State.Calls.WithoutUsage;
        ulong hash = last.IsObject ? ContentHash.Chain(1, last.Raw) : State.LastUsage;
        if (hash == State.LastUsage || open.Count == 0)
        {
            State.LastUsage = hash;
            return;
        }

        State.LastUsage = hash;
        long input = last["input_tokens"u8].Integer(), cached = last["cached_input_tokens"u8].Integer(), output = last["output_tokens"u8].Integer();
        long fresh = Math.Max(unchecked(input - cached), 0);
        var usage = new MessageUsage(
            string.Create(CultureInfo.InvariantCulture, $$"""{"cache_read_input_tokens":{{cached}},"input_tokens":{{fresh}},"output_tokens":{{output}}}"""),
            unchecked(fresh + cached), output, input > 0 || cached > 0, output > 0);
        Builder.Amend(new Amendment(open[^1], -1) { Usage = usage });
        Builder.Count(usage);
        open.RemoveAt(open.Count - 1);
    }

    private void Add(MessageRecord message, TranscriptTime time)
    {
        if (!State.HasMeta)
        {
            Identify(Source.Stem);
        }

        List<long> open = State.Calls.WithoutUsage;
        if (message.Role == "user")
        {
            open.Clear();
        }
        else
        {
            if (open.Count == 64)
            {
                open.RemoveAt(0);
            }

            open.Add(State.NextOrdinal);
        }

        message.Ordinal = State.NextOrdinal++;
        message.Timestamp = time.ToString();
        message.Model = State.Model;
        Builder.Add(message);
    }

    protected override void Close()
    {
        if (!State.HasMeta)
        {
            Identify(Source.Stem);
        }
    }

    protected override string? Termination() => State.TaskEvent == "task_complete" ? "awaiting_user" : null;

    private static bool IsWait(string tool) => tool is "wait" or "wait_agent";

    private static string SessionOf(string id) => id.StartsWith(IdPrefix, StringComparison.Ordinal) ? id : IdPrefix + id;
}
