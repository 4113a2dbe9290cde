namespace ArtifactSync.Wire;

// The documents of a session, one type for wire, transcripts and archive rows (spec 4.2-4.9): a field that the wire
// knows exists once. Text members are never null unless nullable on the wire; an empty text is "absent".

/// <summary>One session with everything a manifest says about it (spec 4.2, 4.3). Own sessions bear their native id.</summary>
public sealed record SessionRecord
{
    public string Id { get; set; } = "";
    public string Project { get; set; } = "";
    public string Machine { get; set; } = "";
    public string Agent { get; set; } = "";
    public string AgentLabel { get; set; } = "";
    public string Entrypoint { get; set; } = "";
    public string? FirstMessage { get; set; }
    /// <summary>On the wire: user title, else session name. In an archive row: the user title alone.</summary>
    public string? DisplayName { get; set; }
    public string? StartedAt { get; set; }
    public string? EndedAt { get; set; }
    public long MessageCount { get; set; }
    public long UserMessageCount { get; set; }
    public string? ParentSessionId { get; set; }
    public string RelationshipType { get; set; } = "";
    public long TotalOutputTokens { get; set; }
    public long PeakContextTokens { get; set; }
    public bool HasTotalOutputTokens { get; set; }
    public bool HasPeakContextTokens { get; set; }
    public bool IsAutomated { get; set; }
    public long ToolFailureSignalCount { get; set; }
    public long ToolRetryCount { get; set; }
    public long EditChurnCount { get; set; }
    public long ConsecutiveFailureMax { get; set; }
    public string Outcome { get; set; } = "";
    public string OutcomeConfidence { get; set; } = "";
    public string EndedWithRole { get; set; } = "";
    public long FinalFailureStreak { get; set; }
    public string? SignalsPendingSince { get; set; }
    public long CompactionCount { get; set; }
    public long MidTaskCompactionCount { get; set; }
    public double? ContextPressureMax { get; set; }
    public long? HealthScore { get; set; }
    public string? HealthGrade { get; set; }
    /// <summary>Defined on the wire, never set by exporters (they use <see cref="Manifest.SessionQualitySignals"/>).</summary>
    public QualitySignals? QualitySignals { get; set; }
    public string Cwd { get; set; } = "";
    public string GitBranch { get; set; } = "";
    public string SourceSessionId { get; set; } = "";
    public string SourceVersion { get; set; } = "";
    public string TranscriptFidelity { get; set; } = "";
    public long ParserMalformedLines { get; set; }
    public bool IsTruncated { get; set; }
    public string? DeletedAt { get; set; }
    public string CreatedAt { get; set; } = "";
    public string? TerminationStatus { get; set; }
    public long SecretLeakCount { get; set; }
    public string? FilePath { get; set; }
    public long? FileSize { get; set; }
    public long? FileMtime { get; set; }
    public long? FileInode { get; set; }
    public long? FileDevice { get; set; }
    public string? FileHash { get; set; }
    public string? LocalModifiedAt { get; set; }
    public string? TranscriptRevision { get; set; }

    /// <summary>
    /// Without what only one machine's files, scans and clock say: neither published (spec 6.2) nor taken over (spec 7.4).
    /// </summary>
    public SessionRecord WithoutLocalState() => this with
    {
        SecretLeakCount = 0,
        LocalModifiedAt = null,
        QualitySignals = null,
        FilePath = null,
        FileSize = null,
        FileMtime = null,
        FileInode = null,
        FileDevice = null,
        FileHash = null,
    };
}

/// <summary>Quality signals (spec 4.4); attached to a manifest only when <see cref="Version"/> is above 0.</summary>
public sealed record QualitySignals
{
    public long Version { get; set; }
    public long ShortPromptCount { get; set; }
    public bool UnstructuredStart { get; set; }
    public long MissingSuccessCriteriaCount { get; set; }
    public long MissingVerificationCount { get; set; }
    public long DuplicatePromptCount { get; set; }
    public long NoCodeContextCount { get; set; }
    public long RunawayToolLoopCount { get; set; }
}

/// <summary>One usage event (spec 4.5).</summary>
public sealed record UsageEventRecord
{
    public long? MessageOrdinal { get; set; }
    public string Source { get; set; } = "";
    public string Model { get; set; } = "";
    public long InputTokens { get; set; }
    public long OutputTokens { get; set; }
    public long CacheCreationInputTokens { get; set; }
    public long CacheReadInputTokens { get; set; }
    public long ReasoningTokens { get; set; }
    public double? CostUsd { get; set; }
    public string CostStatus { get; set; } = "";
    public string CostSource { get; set; } = "";
    public string OccurredAt { get; set; } = "";
    public string DedupKey { get; set; } = "";
}

/// <summary>One message; a line of a segment (spec 4.7).</summary>
public sealed record MessageRecord
{
    public long Ordinal { get; set; }
    public string Role { get; set; } = "";
    public string Content { get; set; } = "";
    public string ThinkingText { get; set; } = "";
    public string Timestamp { get; set; } = "";
    public string Model { get; set; } = "";
    public bool HasThinking { get; set; }
    public bool HasToolUse { get; set; }
    public bool IsSystem { get; set; }
    public bool IsSidechain { get; set; }
    public bool IsCompactBoundary { get; set; }
    public long ContentLength { get; set; }
    public long ContextTokens { get; set; }
    public long OutputTokens { get; set; }
    public bool HasContextTokens { get; set; }
    public bool HasOutputTokens { get; set; }
    /// <summary>Embedded JSON text (spec 3.6); empty = absent.</summary>
    public string TokenUsage { get; set; } = "";
    public string ClaudeMessageId { get; set; } = "";
    public string ClaudeRequestId { get; set; } = "";
    public string SourceType { get; set; } = "";
    public string SourceSubtype { get; set; } = "";
    public string SourceUuid { get; set; } = "";
    public string SourceParentUuid { get; set; } = "";
    public List<ToolCallRecord> ToolCalls { get; set; } = [];
}

/// <summary>One tool call of a message (spec 4.8).</summary>
public sealed record ToolCallRecord
{
    public long CallIndex { get; set; }
    public string ToolName { get; set; } = "";
    public string Category { get; set; } = "";
    public string ToolUseId { get; set; } = "";
    public string SkillName { get; set; } = "";
    public string SubagentSessionId { get; set; } = "";
    public string InputJson { get; set; } = "";
    public string FilePath { get; set; } = "";
    public long ResultContentLength { get; set; }
    public string ResultContent { get; set; } = "";
    public List<ToolResultEventRecord> ResultEvents { get; set; } = [];
}

/// <summary>One result event of a tool call (spec 4.9).</summary>
public sealed record ToolResultEventRecord
{
    public string Source { get; set; } = "";
    public string Status { get; set; } = "";
    public string Content { get; set; } = "";
    public long EventIndex { get; set; }
    public string ToolUseId { get; set; } = "";
    public string AgentId { get; set; } = "";
    public string SubagentSessionId { get; set; } = "";
    public string Timestamp { get; set; } = "";
    public long ContentLength { get; set; }
}
