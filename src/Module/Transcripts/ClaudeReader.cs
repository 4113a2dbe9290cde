using ArtifactSync.Wire;

namespace ArtifactSync.Transcripts;

/// <summary>
/// Claude Code: one file is one session, named by the file. Every line that says something becomes a message in the order
/// of the file; lines of one response (same message id, one after the other) become one message. A line that only brings
/// tool results takes an ordinal and no message, as in recordings of the original program.
/// </summary>
internal sealed partial class ClaudeReader : TranscriptReader
{
    private const int MaxLeaves = 64;

    /// <summary>A response whose further lines may still come.</summary>
    private Response? _open;
    private ReaderState? _beforeOpen;
    private long _openStart;

    public ClaudeReader(ReaderState state, SessionBuilder builder, TranscriptSource source)
        : base(state, builder, source)
    {
        SessionRecord session = state.Session;
        session.Id = source.Stem;
        session.Agent = "claude";
        if (session.Project.Length == 0)
        {
            session.Project = ProjectName.FromEncodedFolder(source.Folder);
            Parent(source.CompanionOf);
        }
    }

    protected override void Entry(ReadOnlySpan<byte> line, long lineStart)
    {
        ClaudeEntry entry = ClaudeEntry.Read(line);
        bool isAssistant = entry.Type.Is("assistant"u8), isUser = entry.Type.Is("user"u8);
        ClaudeMessage message = isAssistant || isUser ? ClaudeMessage.Read(entry.Message) : default;
        bool isSummary = entry.IsCompactSummary.IsTrue;
        string id = isAssistant && !isSummary ? message.Id.Text() : "";
        if ((isAssistant || isUser) && (id.Length == 0 || id != _open?.Id))
        {
            Close();
        }

        if (id.Length > 0 && _open is null)
        {
            (_beforeOpen, _openStart) = (State.Snapshot(), lineStart);
        }

        TranscriptTime time = entry.Time();
        Accept(line, time);
        if (State.Session.SourceVersion.Length == 0)
        {
            State.Session.SourceVersion = JsonText.Sanitize(entry.Version.Text());
        }

        if (!isAssistant && !isUser)
        {
            Other(ref entry, time);
            return;
        }

        State.LastUuid = entry.Uuid.Text();
        if (State.Leaves.Count > 0 && State.Leaves.TryGetValue(State.LastUuid, out string? name))
        {
            State.Summary = name;
        }

        Identify(ref entry, isUser);
        if (isSummary)
        {
            Summary(ref entry, ref message, time);
        }
        else if (isAssistant)
        {
            Assistant(ref entry, ref message, id, time);
        }
        else
        {
            User(ref entry, ref message, time);
        }
    }

    private void Identify(ref ClaudeEntry entry, bool isUser)
    {
        SessionRecord session = State.Session;
        if (!State.HasMeta && entry.SessionId.Text() is { Length: > 0 } sessionId)
        {
            State.HasMeta = true;
            session.SourceSessionId = JsonText.Sanitize(sessionId);
            if (sessionId != session.Id)
            {
                Parent(sessionId);
            }
        }

        if (session.Entrypoint.Length == 0)
        {
            session.Entrypoint = JsonText.Sanitize(entry.Entrypoint.Text());
        }

        if (!isUser || (session.Cwd.Length > 0 && session.GitBranch.Length > 0))
        {
            return;
        }

        if (session.Cwd.Length == 0)
        {
            session.Cwd = JsonText.Sanitize(entry.Cwd.Text());
        }

        if (session.GitBranch.Length == 0)
        {
            session.GitBranch = JsonText.Sanitize(entry.GitBranch.Text());
        }

        if (ProjectName.FromFolder(session.Cwd, session.GitBranch) is { Length: > 0 } project)
        {
            session.Project = project;
        }
    }

    private void Parent(string sessionId)
    {
        if (sessionId.Length == 0)
        {
            return;
        }

        State.Session.ParentSessionId = JsonText.Sanitize(sessionId);
        State.Session.RelationshipType = Source.Stem.StartsWith("agent-", StringComparison.Ordinal) ? "subagent" : "continuation";
    }

    private void Other(ref ClaudeEntry entry, TranscriptTime time)
    {
        JsonValue type = entry.Type;
        if (type.Is("attachment"u8))
        {
            Attachment(entry.Attachment, time);
        }
        else if (type.Is("system"u8))
        {
            if (ClaudeText.Rename(entry.Content.Text()) is { } name)
            {
                State.UserTitle = JsonText.Sanitize(name);
            }
        }
        else if (type.Is("custom-title"u8))
        {
            State.UserTitle = JsonText.Sanitize(entry.CustomTitle.Text());
        }
        else if (type.Is("summary"u8))
        {
            Name(JsonText.Sanitize(entry.Summary.Text()), entry.LeafUuid.Text());
        }
        else if (type.Is("ai-title"u8))
        {
            State.AiTitle = JsonText.Sanitize(entry.AiTitle.Text());
        }
        else if (type.Is("queue-operation"u8) && entry.Operation.Is("enqueue"u8))
        {
            string content = entry.Content.Text();
            JsonValue task = JsonValue.ParseOrNone(System.Text.Encoding.UTF8.GetBytes(content));
            string call = task["tool_use_id"u8].Text(), agent = task["task_id"u8].Text();
            Link(
                call.Length > 0 ? call : ClaudeText.Tagged(content, "tool-use-id"),
                agent.Length > 0 ? agent : ClaudeText.Tagged(content, "task-id"));
        }
        else if (type.Is("progress"u8) && entry.Data["type"u8].Is("agent_progress"u8))
        {
            Link(entry.ParentToolUseId.Text(), entry.Data["agentId"u8].Text());
        }
    }

    /// <summary>A summary names the session that its leaf belongs to, and that is often another one.</summary>
    private void Name(string summary, string leaf)
    {
        if (leaf.Length > 0 && leaf == State.LastUuid)
        {
            State.Summary = summary;
        }
        else if (State.Leaves.Count < MaxLeaves)
        {
            State.Leaves[leaf] = summary;
        }
    }

    /// <summary>A prompt that was typed, or a notification that arrived, while a tool ran.</summary>
    private void Attachment(JsonValue attachment, TranscriptTime time)
    {
        string prompt = attachment["type"u8].Is("queued_command"u8) ? attachment["prompt"u8].Text() : "";
        if (string.IsNullOrWhiteSpace(prompt))
        {
            return;
        }

        Close();
        string subtype = ClaudeText.Subtype(prompt);
        var message = new MessageRecord
        {
            Role = "user",
            IsSystem = subtype.Length > 0,
            SourceType = subtype.Length > 0 ? "system" : "user",
            SourceSubtype = subtype.Length > 0 ? subtype : "queued_command",
        };
        Add(message, prompt, time);
    }

    /// <summary>What takes the place of the conversation so far after a compaction.</summary>
    private void Summary(ref ClaudeEntry entry, ref ClaudeMessage message, TranscriptTime time)
    {
        IEnumerable<string> texts = Texts(ClaudeBlock.ReadAll(message.Content), ClaudeBlock.BlockKind.Text);
        MessageRecord record = NewMessage(ref entry, "assistant");
        (record.IsSystem, record.IsCompactBoundary, record.SourceType, record.SourceSubtype) = (true, true, "system", "compact_boundary");
        Add(record, string.Join('\n', texts), time);
    }

    private void User(ref ClaudeEntry entry, ref ClaudeMessage message, TranscriptTime time)
    {
        List<ClaudeBlock> blocks = ClaudeBlock.ReadAll(message.Content);
        Results(blocks, entry.ToolUseResult);
        if (entry.IsMeta.IsTrue)
        {
            return;
        }

        string text = Joined(blocks);
        if (ClaudeText.IsCommand(text, out string command))
        {
            text = command;
        }

        bool hasResults = blocks.Exists(b => b.Kind == ClaudeBlock.BlockKind.ToolResult && b.Id.Length > 0);
        if (string.IsNullOrWhiteSpace(text))
        {
            State.NextOrdinal += hasResults ? 1 : 0;
            return;
        }

        MessageRecord record = NewMessage(ref entry, "user");
        if (ClaudeText.Subtype(text) is { Length: > 0 } subtype)
        {
            (record.IsSystem, record.SourceType, record.SourceSubtype) = (true, "system", subtype);
        }
        else if (ClaudeText.IsNoise(text))
        {
            return;
        }

        Fill(record, blocks);
        Add(record, text, time);
    }

    private void Assistant(ref ClaudeEntry entry, ref ClaudeMessage message, string id, TranscriptTime time)
    {
        List<ClaudeBlock> blocks = ClaudeBlock.ReadAll(message.Content);
        if (_open is { } open)
        {
            ClaudeBlock.Merge(open.Blocks, blocks, open.HasEnded);
            blocks = open.Blocks;
        }

        MessageRecord record = NewMessage(ref entry, "assistant");
        record.Model = message.Model.Text();
        record.ClaudeMessageId = id;
        record.ClaudeRequestId = entry.RequestId.Text();
        string stop = message.StopReason.Text();
        _open = new Response(id, record, blocks, message.ReadUsage(), time, stop, _open?.HasEnded == true || stop == "end_turn");
        if (id.Length == 0)
        {
            Close();
        }
    }

    /// <summary>Makes the message of the response that is open, if one is.</summary>
    protected override void Close()
    {
        if (_open is not { } response)
        {
            return;
        }

        (_open, _beforeOpen) = (null, null);
        string text = Joined(response.Blocks);
        if (string.IsNullOrWhiteSpace(text))
        {
            return;
        }

        MessageRecord record = response.Record;
        if (response.Usage is { } usage)
        {
            SessionBuilder.Apply(usage, record);
            // A response that tool results interrupt repeats its usage: count it once.
            bool isSame = response.Id.Length > 0 && response.Id == State.LastMessageId;
            Builder.Count(usage, isSame ? State.LastMessageTokens : 0);
            State.LastMessageTokens = usage.Output;
        }

        State.LastMessageId = response.Id;
        State.StopReason = response.StopReason;
        Fill(record, response.Blocks);
        State.Unanswered = [.. record.ToolCalls.Select(c => c.ToolUseId).Where(i => i.Length > 0)];
        Add(record, text, response.Time);
    }

    private static MessageRecord NewMessage(ref ClaudeEntry entry, string role) => new()
    {
        Role = role,
        SourceType = role,
        SourceUuid = entry.Uuid.Text(),
        SourceParentUuid = entry.ParentUuid.Text(),
        IsSidechain = entry.IsSidechain.IsTrue,
    };

    private static string Joined(List<ClaudeBlock> blocks)
    {
        if (blocks.Count == 1 && blocks[0].Kind == ClaudeBlock.BlockKind.Text)
        {
            return blocks[0].Text;
        }

        return string.Join('\n', blocks.Where(b => b.Text.Length > 0)
            .Select(b => b.Kind == ClaudeBlock.BlockKind.Thinking ? $"[Thinking]\n{b.Text}\n[/Thinking]" : b.Text));
    }

    private static IEnumerable<string> Texts(List<ClaudeBlock> blocks, ClaudeBlock.BlockKind kind) =>
        blocks.Where(b => b.Kind == kind).Select(b => b.Text);

    private static void Fill(MessageRecord record, List<ClaudeBlock> blocks)
    {
        record.ThinkingText = string.Join("\n\n", Texts(blocks, ClaudeBlock.BlockKind.Thinking).Where(t => t.Length > 0));
        record.HasThinking = record.ThinkingText.Length > 0;
        record.HasToolUse = blocks.Exists(b => b.Kind == ClaudeBlock.BlockKind.ToolUse);
        record.ToolCalls.AddRange(blocks.Select(b => b.Call).OfType<ToolCallRecord>());
    }

    private void Add(MessageRecord message, string text, TranscriptTime time)
    {
        message.Ordinal = State.NextOrdinal++;
        message.Content = text;
        message.Timestamp = time.ToString();
        if (State.Session.FirstMessage is null && message.Role == "user" && !message.IsSystem && !ClaudeText.IsSlashCommand(text))
        {
            State.Session.FirstMessage = JsonText.Sanitize(TranscriptText.Preview(text));
        }

        for (int i = 0; i < message.ToolCalls.Count; i++)
        {
            ToolCallRecord call = message.ToolCalls[i];
            var open = new OpenCall(call.ToolUseId, message.Ordinal, i, call.ToolName);
            State.Calls.Add(open);
            if (TakesAgent(call.ToolName) && State.Calls.Links.TryGetValue(call.ToolUseId, out string? agent))
            {
                (call.SubagentSessionId, open.IsLinked) = (agent, true);
            }
        }

        Builder.Add(message);
    }

    public override (ReaderState State, long Position) Checkpoint(long next) =>
        _beforeOpen is { } before ? (before, _openStart) : (State, next);

    protected override string? Termination() =>
        State.Session.MessageCount == 0 ? null
        : State.Unanswered.Count > 0 ? "tool_call_pending"
        : State.StopReason == "end_turn" ? "awaiting_user"
        : "clean";

    private sealed record Response(
        string Id,
        MessageRecord Record,
        List<ClaudeBlock> Blocks,
        MessageUsage? Usage,
        TranscriptTime Time,
        string StopReason,
        bool HasEnded);
}
