using System.Globalization;
using System.Text;
using ArtifactSync.Wire;

namespace ArtifactSync.Transcripts;

/// <summary>
/// Codex: one file is one session, named by its first <c>session_meta</c>. Prompts, answers and calls are messages; outputs,
/// events of subagents and token counts belong to messages before them.
/// </summary>
internal sealed partial class CodexReader(ReaderState state, SessionBuilder builder, TranscriptSource source)
    : TranscriptReader(state, builder, source)
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
            bool isText = type.Is("input_text"u8) || type.Is("output_text"u8) || type.Is("text"u8);
            if (isText && block["text"u8].Text() is { Length: > 0 } text)
            {
                texts.Add(text);
            }
        }

        return texts.Count == 1 ? texts[0] : string.Join('\n', texts);
    }

    private static bool IsSystem(string text) => Array.Exists(SystemPrefixes, p => text.StartsWith(p, StringComparison.Ordinal));

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
        long input = last["input_tokens"u8].Integer(), cached = last["cached_input_tokens"u8].Integer();
        long output = last["output_tokens"u8].Integer();
        long fresh = Math.Max(unchecked(input - cached), 0);
        string json = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"cache_read_input_tokens":{{cached}},"input_tokens":{{fresh}},"output_tokens":{{output}}}""");
        var usage = new MessageUsage(
            json,
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
