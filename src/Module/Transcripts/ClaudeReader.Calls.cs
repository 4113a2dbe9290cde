namespace ArtifactSync.Transcripts;

/// <content>Results of tool calls, and the subagents that work for them.</content>
internal sealed partial class ClaudeReader
{
    private void Results(List<ClaudeBlock> blocks, JsonValue toolUseResult)
    {
        int count = 0;
        string last = "";
        foreach (ClaudeBlock block in blocks)
        {
            if (block.Kind != ClaudeBlock.BlockKind.ToolResult || block.Id.Length == 0)
            {
                continue;
            }

            (count, last) = (count + 1, block.Id);
            State.Unanswered.Remove(block.Id);
            if (State.Calls.Find(block.Id) is { IsAnswered: false } call)
            {
                string text = JsonText.Sanitize(block.Result);
                string kept = ToolCategory.KeepsResult(ToolCategory.Of(call.Tool)) ? text : "";
                Builder.Amend(new Amendment(call.Ordinal, call.Index) { Result = new ToolResult(kept, JsonText.Utf8Length(text)) });
                call.IsAnswered = true;
                Forget(call);
            }
        }

        if (count == 1 && toolUseResult.IsObject)
        {
            Link(last, toolUseResult["agentId"u8].Text());
        }
    }

    /// <summary>Remembers which subagent works for a call. The first word counts.</summary>
    private void Link(string toolUseId, string agentId)
    {
        if (toolUseId.Length == 0 || agentId.Length == 0)
        {
            return;
        }

        string session = agentId.StartsWith("agent-", StringComparison.Ordinal) ? agentId : "agent-" + agentId;
        if (State.Calls.Find(toolUseId) is not { } call)
        {
            State.Calls.Link(toolUseId, session);
        }
        else if (!call.IsLinked && TakesAgent(call.Tool))
        {
            Builder.Amend(new Amendment(call.Ordinal, call.Index) { SubagentSessionId = session });
            call.IsLinked = true;
            Forget(call);
        }
    }

    /// <summary>Nothing more can come for a call that was answered, unless its subagent is still to be told.</summary>
    private void Forget(OpenCall call)
    {
        if (call.IsAnswered && (call.IsLinked || !TakesAgent(call.Tool)))
        {
            State.Calls.Remove(call.Id);
        }
    }

    private static bool TakesAgent(string tool) =>
        ToolCategory.Of(tool) == ToolCategory.Task || tool.Contains("subagent", StringComparison.Ordinal);
}
