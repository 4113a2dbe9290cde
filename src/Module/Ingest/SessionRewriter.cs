using System.Buffers;
using System.Text;
using ArtifactSync.Wire;

namespace ArtifactSync.Ingest;

/// <summary>
/// Turns what an owner published into the rows of an importer (spec 7.4): references get the owner's origin, local
/// bookkeeping is cleared, stored text and numbers are normalised. Only what is stored changes, never what is relayed.
/// </summary>
internal static class SessionRewriter
{
    private const int ModelLimit = 128;
    private const long TokenLimit = 2_000_000;
    internal const string SessionSource = "session";

    /// <summary>C0 controls but TAB, LF and CR, DEL, C1 controls.</summary>
    private static readonly SearchValues<char> s_removed = SearchValues.Create(
        [.. Enumerable.Range(0, 0xA0).Select(i => (char)i).Where(c => char.IsControl(c) && c is not ('\t' or '\n' or '\r'))]);

    /// <summary>The session row; its token totals are settled by <see cref="TokenTotals"/> once the messages have passed.</summary>
    public static SessionRecord Session(string origin, SessionRecord wire) => wire.WithoutLocalState() with
    {
        Id = origin + "~" + wire.Id,
        Machine = origin,
        Project = Clean(wire.Project),
        Agent = Clean(wire.Agent),
        AgentLabel = Clean(wire.AgentLabel),
        Entrypoint = Clean(wire.Entrypoint),
        FirstMessage = CleanNullable(wire.FirstMessage),
        Cwd = Clean(wire.Cwd),
        GitBranch = Clean(wire.GitBranch),
        SourceSessionId = Clean(Gid.Rewrite(origin, wire.SourceSessionId)),
        SourceVersion = Clean(wire.SourceVersion),
        TranscriptFidelity = Clean(wire.TranscriptFidelity),
        TerminationStatus = CleanNullable(wire.TerminationStatus),
        ParentSessionId = wire.ParentSessionId is null ? null : Gid.Rewrite(origin, wire.ParentSessionId),
        StartedAt = PlausibleOrNull(wire.StartedAt),
        EndedAt = PlausibleOrNull(wire.EndedAt),
        // Curation and creation belong to the importer, not to the manifest.
        DisplayName = null,
        CreatedAt = "",
        DeletedAt = null,
        TranscriptRevision = null,
    };

    public static string? SessionName(string? name) => CleanNullable(name);

    /// <summary>One message, changed in place.</summary>
    public static void Message(string origin, MessageRecord message)
    {
        message.Role = message.Role is "user" or "assistant" or "system" or "tool" ? message.Role : "";
        CleanContent(message);
        message.Model = CutModel(Clean(message.Model));
        message.ClaudeMessageId = Clean(message.ClaudeMessageId);
        message.ClaudeRequestId = Clean(message.ClaudeRequestId);
        message.SourceType = Clean(message.SourceType);
        message.SourceSubtype = Clean(message.SourceSubtype);
        message.SourceUuid = Clean(message.SourceUuid);
        message.SourceParentUuid = Clean(message.SourceParentUuid);
        message.Timestamp = PlausibleOrNull(message.Timestamp) ?? "";
        message.ContextTokens = Clamp(message.ContextTokens);
        message.OutputTokens = Clamp(message.OutputTokens);
        foreach (var call in message.ToolCalls)
        {
            Call(origin, call);
        }
    }

    /// <summary>One usage event, changed in place.</summary>
    public static void Usage(UsageEventRecord usage)
    {
        usage.Source = Clean(usage.Source);
        usage.Model = CutModel(Clean(usage.Model));
        usage.CostStatus = Clean(usage.CostStatus);
        usage.CostSource = Clean(usage.CostSource);
        usage.DedupKey = Clean(usage.DedupKey);
        usage.OccurredAt = PlausibleOrNull(usage.OccurredAt) ?? "";
        // Totals of a whole session may exceed what one request can use.
        Func<long, long> bound = usage.Source == SessionSource ? static value => Math.Max(0, value) : Clamp;
        usage.InputTokens = bound(usage.InputTokens);
        usage.OutputTokens = bound(usage.OutputTokens);
        usage.CacheCreationInputTokens = bound(usage.CacheCreationInputTokens);
        usage.CacheReadInputTokens = bound(usage.CacheReadInputTokens);
        usage.ReasoningTokens = bound(usage.ReasoningTokens);
    }

    private static void Call(string origin, ToolCallRecord call)
    {
        call.SubagentSessionId = Gid.Rewrite(origin, call.SubagentSessionId);
        call.InputJson = Clean(call.InputJson);
        call.ResultContent = Clean(call.ResultContent, out var removed);
        if (removed > 0)
        {
            call.ResultContentLength = call.ResultContent.Length == 0 ? 0 : Math.Max(0, call.ResultContentLength - removed);
        }
        for (var i = 0; i < call.ResultEvents.Count; i++)
        {
            ResultEvent(origin, call, call.ResultEvents[i], i);
        }
    }

    private static void ResultEvent(string origin, ToolCallRecord call, ToolResultEventRecord result, int position)
    {
        result.EventIndex = position;
        result.SubagentSessionId = Gid.Rewrite(origin, result.SubagentSessionId);
        if (result.SubagentSessionId.Length == 0)
        {
            result.SubagentSessionId = call.SubagentSessionId;
        }
        if (result.ToolUseId.Length == 0)
        {
            result.ToolUseId = call.ToolUseId;
        }
        result.Content = Clean(result.Content, out var removed);
        result.ContentLength = removed > 0 ? Math.Max(0, result.ContentLength - removed) : result.ContentLength;
        // Unknown, or smaller than what was removed: that of what is stored.
        if (result.ContentLength == 0)
        {
            result.ContentLength = Encoding.UTF8.GetByteCount(result.Content);
        }
    }

    private static void CleanContent(MessageRecord message)
    {
        message.Content = Clean(message.Content, out var removed);
        if (removed > 0)
        {
            message.ContentLength = Math.Max(0, message.ContentLength - removed);
        }
        message.ThinkingText = Clean(message.ThinkingText, out var thinkingRemoved);
        if (thinkingRemoved > 0)
        {
            // The length may count the thinking too, but not less than the content that is stored. One below that stays.
            var stored = Encoding.UTF8.GetByteCount(message.Content);
            message.ContentLength = Math.Min(message.ContentLength, Math.Max(stored, message.ContentLength - thinkingRemoved));
        }
    }

    private static string Clean(string text) => Clean(text, out _);

    private static string? CleanNullable(string? text) => text is null ? null : Clean(text, out _);

    private static string Clean(string text, out int removedBytes)
    {
        removedBytes = 0;
        var first = text.AsSpan().IndexOfAny(s_removed);
        if (first < 0)
        {
            return text;
        }
        var kept = new StringBuilder(text.Length).Append(text, 0, first);
        foreach (var c in text.AsSpan(first))
        {
            if (s_removed.Contains(c))
            {
                removedBytes += c < 0x80 ? 1 : 2;
            }
            else
            {
                kept.Append(c);
            }
        }
        return kept.ToString();
    }

    private static string CutModel(string model)
    {
        if (Encoding.UTF8.GetByteCount(model) <= ModelLimit)
        {
            return model;
        }
        var bytes = 0;
        var length = 0;
        foreach (var rune in model.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > ModelLimit)
            {
                break;
            }
            length += rune.Utf16SequenceLength;
        }
        return model[..length];
    }

    private static long Clamp(long tokens) => Math.Clamp(tokens, 0, TokenLimit);

    /// <summary>A time outside the UTC years 2000-2100 is noise; a text that is no time stays as it is.</summary>
    private static string? PlausibleOrNull(string? time) =>
        time is not null && Rfc3339.TryGetUtcYear(time, out var year) && year is < 2000 or > 2100 ? null : time;
}
