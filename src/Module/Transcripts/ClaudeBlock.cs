using ArtifactSync.Wire;

namespace ArtifactSync.Transcripts;

/// <summary>One content block of a message of Claude Code, decoded.</summary>
internal sealed record ClaudeBlock
{
    public enum BlockKind
    {
        Other,
        Text,
        Thinking,
        ToolUse,
        ToolResult,
    }

    public BlockKind Kind { get; private init; }

    /// <summary>How it reads in the content of the message; empty = not at all.</summary>
    public string Text { get; private init; } = "";

    /// <summary>Id of the tool call it is, or that it answers.</summary>
    public string Id { get; private init; } = "";

    public ToolCallRecord? Call { get; private init; }

    /// <summary>Text of a tool result.</summary>
    public string Result { get; private init; } = "";

    /// <summary>Of the bytes of the block, to see repeated ones.</summary>
    private ulong Hash { get; init; }

    public static List<ClaudeBlock> ReadAll(JsonValue content)
    {
        if (content.IsString)
        {
            return content.Text() is { Length: > 0 } text ? [new ClaudeBlock { Kind = BlockKind.Text, Text = text }] : [];
        }

        List<ClaudeBlock> blocks = [];
        foreach (JsonValue block in content.EnumerateElements())
        {
            blocks.Add(Read(block));
        }

        return blocks;
    }

    private static ClaudeBlock Read(JsonValue block)
    {
        JsonValue type = default, text = default, thinking = default, id = default;
        JsonValue name = default, input = default, answers = default, content = default;
        JsonValue.Members members = block.EnumerateMembers();
        while (members.MoveNext())
        {
            ReadOnlySpan<byte> member = members.Name;
            if (member.SequenceEqual("type"u8)) { type = members.Current; }
            else if (member.SequenceEqual("text"u8)) { text = members.Current; }
            else if (member.SequenceEqual("thinking"u8)) { thinking = members.Current; }
            else if (member.SequenceEqual("id"u8)) { id = members.Current; }
            else if (member.SequenceEqual("name"u8)) { name = members.Current; }
            else if (member.SequenceEqual("input"u8)) { input = members.Current; }
            else if (member.SequenceEqual("tool_use_id"u8)) { answers = members.Current; }
            else if (member.SequenceEqual("content"u8)) { content = members.Current; }
        }

        if (type.Is("text"u8))
        {
            return new ClaudeBlock { Kind = BlockKind.Text, Text = text.Text() };
        }

        if (type.Is("tool_result"u8))
        {
            ulong hash = ContentHash.Chain(0, block.Raw);
            return new ClaudeBlock { Kind = BlockKind.ToolResult, Id = answers.Text(), Result = ResultText(content), Hash = hash };
        }

        if (type.Is("tool_use"u8))
        {
            return ToolUse(id.Text(), name.Text(), input) with { Hash = ContentHash.Chain(0, block.Raw) };
        }

        return type.Is("thinking"u8)
            ? new ClaudeBlock { Kind = BlockKind.Thinking, Text = thinking.Text(), Hash = ContentHash.Chain(0, block.Raw) }
            : new ClaudeBlock { Hash = ContentHash.Chain(0, block.Raw) };
    }

    private static ClaudeBlock ToolUse(string id, string name, JsonValue input)
    {
        string shown = ClaudeToolText.Of(name, input);
        if (name.Length == 0)
        {
            return new ClaudeBlock { Kind = BlockKind.ToolUse, Id = id, Text = shown };
        }

        var call = new ToolCallRecord
        {
            ToolName = name,
            Category = ToolCategory.Of(name),
            ToolUseId = id,
            InputJson = input.Exists ? input.RawText() : "",
            FilePath = ClaudeToolText.FilePath(input),
            SkillName = name is "Skill" or "skill" ? SkillName(input) : "",
        };
        return new ClaudeBlock { Kind = BlockKind.ToolUse, Id = id, Text = shown, Call = call };
    }

    private static string SkillName(JsonValue input) => input["skill"u8].Text() is { Length: > 0 } skill ? skill : input["name"u8].Text();

    private static string ResultText(JsonValue content)
    {
        if (!content.IsArray)
        {
            return content.Text();
        }

        List<string> parts = [];
        foreach (JsonValue part in content.EnumerateElements())
        {
            parts.Add(part["text"u8].Text());
        }

        return parts.Count == 1 ? parts[0] : string.Concat(parts);
    }

    /// <summary>
    /// Merges the blocks of a further line of the same message. A line either repeats the message so far, longer, or adds
    /// blocks to it; after the end of the turn it can only add.
    /// </summary>
    public static void Merge(List<ClaudeBlock> merged, List<ClaudeBlock> further, bool hasEnded)
    {
        int common = Math.Min(merged.Count, further.Count);
        bool repeats = !hasEnded;
        for (int i = 0; i < common && repeats; i++)
        {
            repeats = merged[i].Continues(further[i]);
        }

        foreach ((int i, ClaudeBlock block) in further.Index())
        {
            if (!repeats)
            {
                if (!merged.Exists(known => known.IsSame(block)))
                {
                    merged.Add(block);
                }
            }
            else if (i >= common)
            {
                merged.Add(block);
            }
            else if (block.Kind == BlockKind.ToolUse || (block.Kind == BlockKind.Text && block.Text.Length >= merged[i].Text.Length))
            {
                merged[i] = block;
            }
        }
    }

    private bool Continues(ClaudeBlock later) => Kind == later.Kind && Kind switch
    {
        BlockKind.Text => later.Text.StartsWith(Text, StringComparison.Ordinal) || Text.StartsWith(later.Text, StringComparison.Ordinal),
        BlockKind.ToolUse when Id.Length > 0 && later.Id.Length > 0 => Id == later.Id,
        _ => Hash == later.Hash,
    };

    private bool IsSame(ClaudeBlock other) => Kind == other.Kind && Kind switch
    {
        BlockKind.Text => Text == other.Text,
        BlockKind.ToolUse when other.Id.Length > 0 => Id == other.Id,
        _ => Hash == other.Hash,
    };
}
