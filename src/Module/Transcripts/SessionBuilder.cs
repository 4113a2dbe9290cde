using ArtifactSync.Wire;

namespace ArtifactSync.Transcripts;

/// <summary>What a later line says about a message that was handed on already.</summary>
internal sealed record Amendment(long Ordinal, int CallIndex)
{
    public ToolResult? Result { get; init; }
    public ToolResultEventRecord? Event { get; init; }
    public string? SubagentSessionId { get; init; }
    public MessageUsage? Usage { get; init; }
}

/// <summary>The result of a tool call; the text may be left out while the length is known.</summary>
internal sealed record ToolResult(string Content, long Length);

/// <summary>Tokens of one message; the text is embedded JSON.</summary>
internal sealed record MessageUsage(string Json, long Context, long Output, bool HasContext, bool HasOutput);

/// <summary>Finished messages of one session in order, then amendments of earlier ones.</summary>
internal sealed record SessionChunk(string SessionId, List<MessageRecord> Messages, List<Amendment> Amendments);

/// <summary>
/// Collects the messages of one session and hands them on in pieces of bounded size. The newest ones stay a while,
/// because results of tools arrive in later lines; what comes later still becomes an amendment.
/// </summary>
internal sealed class SessionBuilder(Action<SessionChunk> emit)
{
    /// <summary>Characters that are held back at most before a piece is handed on.</summary>
    private const long WindowSize = 1 << 19;
    private const int WindowCount = 512;

    private List<MessageRecord> _window = [];
    private List<Amendment> _amendments = [];
    private long _size;

    public required ReaderState State { get; init; }

    /// <summary>Takes a message over: cleans its texts, numbers its calls and counts it.</summary>
    public void Add(MessageRecord message)
    {
        Clean(message);
        _window.Add(message);
        _size += Size(message);
        SessionRecord session = State.Session;
        session.MessageCount++;
        State.HasToolCalls |= message.ToolCalls.Count > 0;
        if (message.Role == "user" && !message.IsSystem && message.Content.Length > 0)
        {
            session.UserMessageCount++;
        }

        if (_size > WindowSize || _window.Count > WindowCount)
        {
            Flush(keep: 1);
        }
    }

    /// <summary>Counts the tokens of a message; <paramref name="alreadyCounted"/> output tokens were counted for it before.</summary>
    public void Count(MessageUsage usage, long alreadyCounted = 0)
    {
        SessionRecord session = State.Session;
        if (usage.HasOutput)
        {
            session.HasTotalOutputTokens = true;
            session.TotalOutputTokens += usage.Output - alreadyCounted;
        }

        if (usage.HasContext)
        {
            State.HasContextData = true;
            session.HasPeakContextTokens = true;
            session.PeakContextTokens = Math.Max(session.PeakContextTokens, usage.Context);
        }
    }

    /// <summary>Applies an amendment to a message that is still here, or passes it on.</summary>
    public void Amend(Amendment amendment)
    {
        int at = _window.Count - 1;
        while (at >= 0 && _window[at].Ordinal > amendment.Ordinal)
        {
            at--;
        }

        if (at < 0 || _window[at].Ordinal != amendment.Ordinal)
        {
            _amendments.Add(amendment);
            _size += amendment.Result?.Content.Length ?? 0;
            if (_amendments.Count > WindowCount || _size > WindowSize)
            {
                Flush(keep: 1);
            }

            return;
        }

        MessageRecord message = _window[at];
        _size -= Size(message);
        Apply(amendment, message);
        _size += Size(message);
    }

    private static void Apply(Amendment amendment, MessageRecord message)
    {
        if (amendment.Usage is { } usage)
        {
            Apply(usage, message);
        }

        if (amendment.CallIndex < 0 || amendment.CallIndex >= message.ToolCalls.Count)
        {
            return;
        }

        ToolCallRecord call = message.ToolCalls[amendment.CallIndex];
        if (amendment.Result is { } result)
        {
            (call.ResultContent, call.ResultContentLength) = (result.Content, result.Length);
        }

        call.SubagentSessionId = amendment.SubagentSessionId ?? call.SubagentSessionId;
        if (amendment.Event is { } added && !call.ResultEvents.Exists(e => IsSame(e, added)))
        {
            added.EventIndex = call.ResultEvents.Count;
            call.ResultEvents.Add(added);
            call.ResultContent = call.ResultEvents.Count == 1 ? added.Content : $"{call.ResultContent}\n\n{added.Content}";
            call.ResultContentLength = JsonText.Utf8Length(call.ResultContent);
        }
    }

    public static void Apply(MessageUsage usage, MessageRecord message)
    {
        message.TokenUsage = usage.Json;
        (message.ContextTokens, message.HasContextTokens) = (usage.Context, usage.HasContext);
        (message.OutputTokens, message.HasOutputTokens) = (usage.Output, usage.HasOutput);
    }

    private static bool IsSame(ToolResultEventRecord a, ToolResultEventRecord b) =>
        a.AgentId == b.AgentId && a.Status == b.Status && a.Content == b.Content;

    /// <summary>Hands on what is here, except the newest <paramref name="keep"/> messages.</summary>
    public void Flush(int keep = 0)
    {
        keep = Math.Min(keep, _window.Count);
        List<MessageRecord> held = _window[^keep..];
        _window.RemoveRange(_window.Count - keep, keep);
        if (_window.Count + _amendments.Count > 0)
        {
            emit(new SessionChunk(State.Session.Id, _window, _amendments));
        }

        _window = held;
        _amendments = [];
        _size = held.Sum(Size);
    }

    private static void Clean(MessageRecord message)
    {
        message.Content = JsonText.Sanitize(message.Content);
        message.ThinkingText = JsonText.Sanitize(message.ThinkingText);
        message.ContentLength = JsonText.Utf8Length(message.Content);
        message.Model = JsonText.Sanitize(message.Model);
        message.ClaudeMessageId = JsonText.Sanitize(message.ClaudeMessageId);
        message.ClaudeRequestId = JsonText.Sanitize(message.ClaudeRequestId);
        message.SourceUuid = JsonText.Sanitize(message.SourceUuid);
        message.SourceParentUuid = JsonText.Sanitize(message.SourceParentUuid);
        for (int i = 0; i < message.ToolCalls.Count; i++)
        {
            ToolCallRecord call = message.ToolCalls[i];
            call.CallIndex = i;
            call.ToolName = JsonText.Sanitize(call.ToolName);
            call.ToolUseId = JsonText.Sanitize(call.ToolUseId);
            call.SkillName = JsonText.Sanitize(call.SkillName);
            call.InputJson = JsonText.Sanitize(call.InputJson);
            call.FilePath = JsonText.Sanitize(call.FilePath);
        }
    }

    private static long Size(MessageRecord message)
    {
        long size = message.Content.Length + message.ThinkingText.Length + message.TokenUsage.Length + 256;
        foreach (ToolCallRecord call in message.ToolCalls)
        {
            size += call.InputJson.Length + call.ResultContent.Length + 128;
        }

        return size;
    }
}
