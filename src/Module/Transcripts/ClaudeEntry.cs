namespace ArtifactSync.Transcripts;

/// <summary>The members of a line of Claude Code that matter, found in one pass over it.</summary>
internal ref struct ClaudeEntry
{
    public JsonValue Type, Uuid, ParentUuid, Timestamp, SessionId, Cwd, GitBranch, Version, Entrypoint, RequestId;
    public JsonValue IsSidechain, IsMeta, IsCompactSummary, Message, ToolUseResult, Attachment, Snapshot;
    public JsonValue Operation, Content, Data, ParentToolUseId, Summary, LeafUuid, CustomTitle, AiTitle;

    /// <exception cref="System.Text.Json.JsonException">The line is not one JSON object.</exception>
    public static ClaudeEntry Read(ReadOnlySpan<byte> line)
    {
        var entry = default(ClaudeEntry);
        JsonValue.Members members = JsonValue.EnumerateUnchecked(line);
        while (members.MoveNext())
        {
            entry.Take(members.Name, members.Current);
        }

        return entry;
    }

    private void Take(ReadOnlySpan<byte> name, JsonValue value)
    {
        if (name.SequenceEqual("type"u8)) { Type = value; }
        else if (name.SequenceEqual("message"u8)) { Message = value; }
        else if (name.SequenceEqual("uuid"u8)) { Uuid = value; }
        else if (name.SequenceEqual("parentUuid"u8)) { ParentUuid = value; }
        else if (name.SequenceEqual("timestamp"u8)) { Timestamp = value; }
        else if (name.SequenceEqual("sessionId"u8)) { SessionId = value; }
        else if (name.SequenceEqual("cwd"u8)) { Cwd = value; }
        else if (name.SequenceEqual("gitBranch"u8)) { GitBranch = value; }
        else if (name.SequenceEqual("version"u8)) { Version = value; }
        else if (name.SequenceEqual("entrypoint"u8)) { Entrypoint = value; }
        else if (name.SequenceEqual("requestId"u8)) { RequestId = value; }
        else if (name.SequenceEqual("isSidechain"u8)) { IsSidechain = value; }
        else if (name.SequenceEqual("isMeta"u8)) { IsMeta = value; }
        else if (name.SequenceEqual("isCompactSummary"u8)) { IsCompactSummary = value; }
        else if (name.SequenceEqual("toolUseResult"u8)) { ToolUseResult = value; }
        else if (name.SequenceEqual("attachment"u8)) { Attachment = value; }
        else if (name.SequenceEqual("snapshot"u8)) { Snapshot = value; }
        else if (name.SequenceEqual("operation"u8)) { Operation = value; }
        else if (name.SequenceEqual("content"u8)) { Content = value; }
        else if (name.SequenceEqual("data"u8)) { Data = value; }
        else if (name.SequenceEqual("parentToolUseID"u8)) { ParentToolUseId = value; }
        else if (name.SequenceEqual("summary"u8)) { Summary = value; }
        else if (name.SequenceEqual("leafUuid"u8)) { LeafUuid = value; }
        else if (name.SequenceEqual("customTitle"u8)) { CustomTitle = value; }
        else if (name.SequenceEqual("aiTitle"u8)) { AiTitle = value; }
    }

    public readonly TranscriptTime Time()
    {
        TranscriptTime time = TranscriptTime.Parse(Timestamp.Inner);
        return time.IsKnown || !Snapshot.IsObject ? time : TranscriptTime.Parse(Snapshot["timestamp"u8].Inner);
    }
}

/// <summary>The members of <c>message</c> that matter.</summary>
internal ref struct ClaudeMessage
{
    public JsonValue Id, Model, Content, Usage, StopReason;

    public static ClaudeMessage Read(JsonValue value)
    {
        var message = default(ClaudeMessage);
        JsonValue.Members members = value.EnumerateMembers();
        while (members.MoveNext())
        {
            ReadOnlySpan<byte> name = members.Name;
            if (name.SequenceEqual("content"u8)) { message.Content = members.Current; }
            else if (name.SequenceEqual("id"u8)) { message.Id = members.Current; }
            else if (name.SequenceEqual("model"u8)) { message.Model = members.Current; }
            else if (name.SequenceEqual("usage"u8)) { message.Usage = members.Current; }
            else if (name.SequenceEqual("stop_reason"u8)) { message.StopReason = members.Current; }
        }

        return message;
    }

    public readonly MessageUsage? ReadUsage()
    {
        if (!Usage.IsObject)
        {
            return null;
        }

        long context = 0, output = 0;
        bool hasContext = false, hasOutput = false;
        JsonValue.Members members = Usage.EnumerateMembers();
        while (members.MoveNext())
        {
            ReadOnlySpan<byte> name = members.Name;
            if (name.SequenceEqual("output_tokens"u8))
            {
                (output, hasOutput) = (members.Current.Integer(), true);
            }
            else if (name.SequenceEqual("input_tokens"u8) || name.SequenceEqual("cache_creation_input_tokens"u8)
                || name.SequenceEqual("cache_read_input_tokens"u8))
            {
                (context, hasContext) = (unchecked(context + members.Current.Integer()), true);
            }
        }

        return new MessageUsage(Usage.RawText(), context, output, hasContext, hasOutput);
    }
}
