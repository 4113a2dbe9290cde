namespace ArtifactSync.Wire;

/// <summary>
/// The field tables of spec 4. "Omit" means: left out when empty. What a format adds, drops or renames is decided here, by
/// the format handed in, and nowhere else.
/// </summary>
internal static class WireFields
{
    private const bool Keep = false;
    private const bool Omit = true;

    /// <summary>What is looked at in a manifest of any version.</summary>
    public static readonly WireObject<DocumentHeader> ManifestHeader = new(
        new NumberField<DocumentHeader>("v", Keep, h => h.Version, (h, v) => h.Version = v),
        new TextField<DocumentHeader>("origin", Keep, h => h.Origin, (h, v) => h.Origin = v));

    /// <summary>What is looked at in an event of any version.</summary>
    public static readonly WireObject<DocumentHeader> EventHeader = new(
        new NumberField<DocumentHeader>("v", Keep, h => h.Version, (h, v) => h.Version = v),
        new LooseTextField<DocumentHeader>("hlc", (h, v) => h.Hlc = v));

    /// <summary>What is looked at in a segment record of any version: its version.</summary>
    public static readonly WireObject<MessageRecord> MessageHeader = new(new VersionField<MessageRecord>("v", 0));

    /// <summary>Spec 4.10.</summary>
    public static readonly WireObject<Pin> PinShape = new(
        new TextField<Pin>("source_uuid", Omit, p => p.SourceUuid, (p, v) => p.SourceUuid = v),
        new NumberField<Pin>("ordinal", Keep, p => p.Ordinal, (p, v) => p.Ordinal = v),
        new NullableTextField<Pin>("note", Omit, p => p.Note, (p, v) => p.Note = v));

    /// <summary>Spec 4.1.</summary>
    public static WireObject<Checkpoint> Checkpoint() => new(
        new NumberField<Checkpoint>("v", Keep, c => c.Version, (c, v) => c.Version = v),
        new TextField<Checkpoint>("origin", Keep, c => c.Origin, (c, v) => c.Origin = v),
        new NumberField<Checkpoint>("seq", Keep, c => c.Sequence, (c, v) => c.Sequence = v),
        new SessionMapField());

    /// <summary>Spec 4.2.</summary>
    public static WireObject<Manifest> Manifest() => new(
        new NumberField<Manifest>("v", Keep, m => m.Version, (m, v) => m.Version = v),
        new TextField<Manifest>("origin", Keep, m => m.Origin, (m, v) => m.Origin = v),
        new TextField<Manifest>("native_session_id", Keep, m => m.NativeSessionId, (m, v) => m.NativeSessionId = v),
        new ObjectField<Manifest, SessionRecord>("session", Session(), m => m.Session),
        new NullableTextField<Manifest>("session_name", Omit, m => m.SessionName, (m, v) => m.SessionName = v),
        new TextListField<Manifest>("segments", Limits.SegmentsPerManifest, m => m.Segments, (m, v) => m.Segments = v),
        new ListField<Manifest, UsageEventRecord>(
            "usage_events", UsageEvent(), Limits.UsageEventsPerManifest, m => m.UsageEvents, (m, v) => m.UsageEvents = v),
        new NullableObjectField<Manifest, RawSource>("raw_source", RawSource(), m => m.RawSource, (m, v) => m.RawSource = v),
        new NumberField<Manifest>("data_version", Keep, m => m.DataVersion, (m, v) => m.DataVersion = v),
        new NumberField<Manifest>("generation", Keep, m => m.Generation, (m, v) => m.Generation = v),
        new FlagField<Manifest>("session_has_tool_calls", Omit, m => m.SessionHasToolCalls, (m, v) => m.SessionHasToolCalls = v),
        new FlagField<Manifest>("session_has_context_data", Omit, m => m.SessionHasContextData, (m, v) => m.SessionHasContextData = v),
        new NullableObjectField<Manifest, QualitySignals>(
            "session_quality_signals", Signals(), m => m.SessionQualitySignals, (m, v) => m.SessionQualitySignals = v));

    /// <summary>Spec 4.3.</summary>
    public static WireObject<SessionRecord> Session() => new(
        new TextField<SessionRecord>("id", Keep, s => s.Id, (s, v) => s.Id = v),
        new TextField<SessionRecord>("project", Keep, s => s.Project, (s, v) => s.Project = v),
        new TextField<SessionRecord>("machine", Keep, s => s.Machine, (s, v) => s.Machine = v),
        new TextField<SessionRecord>("agent", Keep, s => s.Agent, (s, v) => s.Agent = v),
        new NullableTextField<SessionRecord>("first_message", Keep, s => s.FirstMessage, (s, v) => s.FirstMessage = v),
        new NullableTextField<SessionRecord>("started_at", Keep, s => s.StartedAt, (s, v) => s.StartedAt = v),
        new NullableTextField<SessionRecord>("ended_at", Keep, s => s.EndedAt, (s, v) => s.EndedAt = v),
        new NumberField<SessionRecord>("message_count", Keep, s => s.MessageCount, (s, v) => s.MessageCount = v),
        new NumberField<SessionRecord>("user_message_count", Keep, s => s.UserMessageCount, (s, v) => s.UserMessageCount = v),
        new NumberField<SessionRecord>("total_output_tokens", Keep, s => s.TotalOutputTokens, (s, v) => s.TotalOutputTokens = v),
        new NumberField<SessionRecord>("peak_context_tokens", Keep, s => s.PeakContextTokens, (s, v) => s.PeakContextTokens = v),
        new FlagField<SessionRecord>("has_total_output_tokens", Keep, s => s.HasTotalOutputTokens, (s, v) => s.HasTotalOutputTokens = v),
        new FlagField<SessionRecord>("has_peak_context_tokens", Keep, s => s.HasPeakContextTokens, (s, v) => s.HasPeakContextTokens = v),
        new FlagField<SessionRecord>("is_automated", Keep, s => s.IsAutomated, (s, v) => s.IsAutomated = v),
        new NumberField<SessionRecord>(
            "tool_failure_signal_count", Keep, s => s.ToolFailureSignalCount, (s, v) => s.ToolFailureSignalCount = v),
        new NumberField<SessionRecord>("tool_retry_count", Keep, s => s.ToolRetryCount, (s, v) => s.ToolRetryCount = v),
        new NumberField<SessionRecord>("edit_churn_count", Keep, s => s.EditChurnCount, (s, v) => s.EditChurnCount = v),
        new NumberField<SessionRecord>(
            "consecutive_failure_max", Keep, s => s.ConsecutiveFailureMax, (s, v) => s.ConsecutiveFailureMax = v),
        new TextField<SessionRecord>("outcome", Keep, s => s.Outcome, (s, v) => s.Outcome = v),
        new TextField<SessionRecord>("outcome_confidence", Keep, s => s.OutcomeConfidence, (s, v) => s.OutcomeConfidence = v),
        new TextField<SessionRecord>("ended_with_role", Keep, s => s.EndedWithRole, (s, v) => s.EndedWithRole = v),
        new NumberField<SessionRecord>("final_failure_streak", Keep, s => s.FinalFailureStreak, (s, v) => s.FinalFailureStreak = v),
        new NumberField<SessionRecord>("compaction_count", Keep, s => s.CompactionCount, (s, v) => s.CompactionCount = v),
        new NumberField<SessionRecord>(
            "mid_task_compaction_count", Keep, s => s.MidTaskCompactionCount, (s, v) => s.MidTaskCompactionCount = v),
        new NumberField<SessionRecord>("secret_leak_count", Keep, s => s.SecretLeakCount, (s, v) => s.SecretLeakCount = v),
        new TextField<SessionRecord>("created_at", Keep, s => s.CreatedAt, (s, v) => s.CreatedAt = v),
        new TextField<SessionRecord>("agent_label", Omit, s => s.AgentLabel, (s, v) => s.AgentLabel = v),
        new TextField<SessionRecord>("entrypoint", Omit, s => s.Entrypoint, (s, v) => s.Entrypoint = v),
        new NullableTextField<SessionRecord>("display_name", Omit, s => s.DisplayName, (s, v) => s.DisplayName = v),
        new NullableTextField<SessionRecord>("parent_session_id", Omit, s => s.ParentSessionId, (s, v) => s.ParentSessionId = v),
        new TextField<SessionRecord>("relationship_type", Omit, s => s.RelationshipType, (s, v) => s.RelationshipType = v),
        new NullableTextField<SessionRecord>(
            "signals_pending_since", Omit, s => s.SignalsPendingSince, (s, v) => s.SignalsPendingSince = v),
        new NullableFloatField<SessionRecord>("context_pressure_max", s => s.ContextPressureMax, (s, v) => s.ContextPressureMax = v),
        new NullableNumberField<SessionRecord>("health_score", s => s.HealthScore, (s, v) => s.HealthScore = v),
        new NullableTextField<SessionRecord>("health_grade", Omit, s => s.HealthGrade, (s, v) => s.HealthGrade = v),
        new NullableObjectField<SessionRecord, QualitySignals>(
            "quality_signals", Signals(), s => s.QualitySignals, (s, v) => s.QualitySignals = v),
        new TextField<SessionRecord>("cwd", Omit, s => s.Cwd, (s, v) => s.Cwd = v),
        new TextField<SessionRecord>("git_branch", Omit, s => s.GitBranch, (s, v) => s.GitBranch = v),
        new TextField<SessionRecord>("source_session_id", Omit, s => s.SourceSessionId, (s, v) => s.SourceSessionId = v),
        new TextField<SessionRecord>("source_version", Omit, s => s.SourceVersion, (s, v) => s.SourceVersion = v),
        new TextField<SessionRecord>("transcript_fidelity", Omit, s => s.TranscriptFidelity, (s, v) => s.TranscriptFidelity = v),
        new NumberField<SessionRecord>("parser_malformed_lines", Omit, s => s.ParserMalformedLines, (s, v) => s.ParserMalformedLines = v),
        new FlagField<SessionRecord>("is_truncated", Omit, s => s.IsTruncated, (s, v) => s.IsTruncated = v),
        new NullableTextField<SessionRecord>("deleted_at", Omit, s => s.DeletedAt, (s, v) => s.DeletedAt = v),
        new NullableTextField<SessionRecord>("termination_status", Omit, s => s.TerminationStatus, (s, v) => s.TerminationStatus = v),
        new NullableTextField<SessionRecord>("file_path", Omit, s => s.FilePath, (s, v) => s.FilePath = v),
        new NullableNumberField<SessionRecord>("file_size", s => s.FileSize, (s, v) => s.FileSize = v),
        new NullableNumberField<SessionRecord>("file_mtime", s => s.FileMtime, (s, v) => s.FileMtime = v),
        new NullableNumberField<SessionRecord>("file_inode", s => s.FileInode, (s, v) => s.FileInode = v),
        new NullableNumberField<SessionRecord>("file_device", s => s.FileDevice, (s, v) => s.FileDevice = v),
        new NullableTextField<SessionRecord>("file_hash", Omit, s => s.FileHash, (s, v) => s.FileHash = v),
        new NullableTextField<SessionRecord>("local_modified_at", Omit, s => s.LocalModifiedAt, (s, v) => s.LocalModifiedAt = v),
        new NullableTextField<SessionRecord>("transcript_revision", Omit, s => s.TranscriptRevision, (s, v) => s.TranscriptRevision = v));

    /// <summary>Spec 4.4.</summary>
    public static WireObject<QualitySignals> Signals() => new(
        new NumberField<QualitySignals>("version", Keep, q => q.Version, (q, v) => q.Version = v),
        new NumberField<QualitySignals>("short_prompt_count", Keep, q => q.ShortPromptCount, (q, v) => q.ShortPromptCount = v),
        new FlagField<QualitySignals>("unstructured_start", Keep, q => q.UnstructuredStart, (q, v) => q.UnstructuredStart = v),
        new NumberField<QualitySignals>(
            "missing_success_criteria_count", Keep, q => q.MissingSuccessCriteriaCount, (q, v) => q.MissingSuccessCriteriaCount = v),
        new NumberField<QualitySignals>(
            "missing_verification_count", Keep, q => q.MissingVerificationCount, (q, v) => q.MissingVerificationCount = v),
        new NumberField<QualitySignals>("duplicate_prompt_count", Keep, q => q.DuplicatePromptCount, (q, v) => q.DuplicatePromptCount = v),
        new NumberField<QualitySignals>("no_code_context_count", Keep, q => q.NoCodeContextCount, (q, v) => q.NoCodeContextCount = v),
        new NumberField<QualitySignals>(
            "runaway_tool_loop_count", Keep, q => q.RunawayToolLoopCount, (q, v) => q.RunawayToolLoopCount = v));

    /// <summary>Spec 4.5.</summary>
    public static WireObject<UsageEventRecord> UsageEvent() => new(
        new NullableNumberField<UsageEventRecord>("message_ordinal", u => u.MessageOrdinal, (u, v) => u.MessageOrdinal = v),
        new TextField<UsageEventRecord>("source", Keep, u => u.Source, (u, v) => u.Source = v),
        new TextField<UsageEventRecord>("model", Keep, u => u.Model, (u, v) => u.Model = v),
        new NumberField<UsageEventRecord>("input_tokens", Omit, u => u.InputTokens, (u, v) => u.InputTokens = v),
        new NumberField<UsageEventRecord>("output_tokens", Omit, u => u.OutputTokens, (u, v) => u.OutputTokens = v),
        new NumberField<UsageEventRecord>(
            "cache_creation_input_tokens", Omit, u => u.CacheCreationInputTokens, (u, v) => u.CacheCreationInputTokens = v),
        new NumberField<UsageEventRecord>(
            "cache_read_input_tokens", Omit, u => u.CacheReadInputTokens, (u, v) => u.CacheReadInputTokens = v),
        new NumberField<UsageEventRecord>("reasoning_tokens", Omit, u => u.ReasoningTokens, (u, v) => u.ReasoningTokens = v),
        new NullableFloatField<UsageEventRecord>("cost_usd", u => u.CostUsd, (u, v) => u.CostUsd = v),
        new TextField<UsageEventRecord>("cost_status", Omit, u => u.CostStatus, (u, v) => u.CostStatus = v),
        new TextField<UsageEventRecord>("cost_source", Omit, u => u.CostSource, (u, v) => u.CostSource = v),
        new TextField<UsageEventRecord>("occurred_at", Omit, u => u.OccurredAt, (u, v) => u.OccurredAt = v),
        new TextField<UsageEventRecord>("dedup_key", Omit, u => u.DedupKey, (u, v) => u.DedupKey = v));

    /// <summary>Spec 4.6.</summary>
    public static WireObject<RawSource> RawSource() => new(
        new TextField<RawSource>("hash", Keep, r => r.Hash, (r, v) => r.Hash = v),
        new NumberField<RawSource>("size", Keep, r => r.Size, (r, v) => r.Size = v),
        new TextField<RawSource>("media_type", Omit, r => r.MediaType, (r, v) => r.MediaType = v),
        new TextField<RawSource>("path", Omit, r => r.Path, (r, v) => r.Path = v));

    /// <summary>Spec 4.7; the record itself does not know its version.</summary>
    public static WireObject<MessageRecord> Message(long version) => new(
        new VersionField<MessageRecord>("v", version),
        new NumberField<MessageRecord>("ordinal", Keep, m => m.Ordinal, (m, v) => m.Ordinal = v),
        new TextField<MessageRecord>("role", Keep, m => m.Role, (m, v) => m.Role = v),
        new TextField<MessageRecord>("content", Keep, m => m.Content, (m, v) => m.Content = v),
        new TextField<MessageRecord>("thinking_text", Omit, m => m.ThinkingText, (m, v) => m.ThinkingText = v),
        new TextField<MessageRecord>("timestamp", Omit, m => m.Timestamp, (m, v) => m.Timestamp = v),
        new TextField<MessageRecord>("model", Omit, m => m.Model, (m, v) => m.Model = v),
        new FlagField<MessageRecord>("has_thinking", Omit, m => m.HasThinking, (m, v) => m.HasThinking = v),
        new FlagField<MessageRecord>("has_tool_use", Omit, m => m.HasToolUse, (m, v) => m.HasToolUse = v),
        new FlagField<MessageRecord>("is_system", Omit, m => m.IsSystem, (m, v) => m.IsSystem = v),
        new FlagField<MessageRecord>("is_sidechain", Omit, m => m.IsSidechain, (m, v) => m.IsSidechain = v),
        new FlagField<MessageRecord>("is_compact_boundary", Omit, m => m.IsCompactBoundary, (m, v) => m.IsCompactBoundary = v),
        new NumberField<MessageRecord>("content_length", Omit, m => m.ContentLength, (m, v) => m.ContentLength = v),
        new NumberField<MessageRecord>("context_tokens", Omit, m => m.ContextTokens, (m, v) => m.ContextTokens = v),
        new NumberField<MessageRecord>("output_tokens", Omit, m => m.OutputTokens, (m, v) => m.OutputTokens = v),
        new FlagField<MessageRecord>("has_context_tokens", Omit, m => m.HasContextTokens, (m, v) => m.HasContextTokens = v),
        new FlagField<MessageRecord>("has_output_tokens", Omit, m => m.HasOutputTokens, (m, v) => m.HasOutputTokens = v),
        new RawField<MessageRecord>("token_usage", m => m.TokenUsage, (m, v) => m.TokenUsage = v),
        new TextField<MessageRecord>("claude_message_id", Omit, m => m.ClaudeMessageId, (m, v) => m.ClaudeMessageId = v),
        new TextField<MessageRecord>("claude_request_id", Omit, m => m.ClaudeRequestId, (m, v) => m.ClaudeRequestId = v),
        new TextField<MessageRecord>("source_type", Omit, m => m.SourceType, (m, v) => m.SourceType = v),
        new TextField<MessageRecord>("source_subtype", Omit, m => m.SourceSubtype, (m, v) => m.SourceSubtype = v),
        new TextField<MessageRecord>("source_uuid", Omit, m => m.SourceUuid, (m, v) => m.SourceUuid = v),
        new TextField<MessageRecord>("source_parent_uuid", Omit, m => m.SourceParentUuid, (m, v) => m.SourceParentUuid = v),
        new ListField<MessageRecord, ToolCallRecord>(
            "tool_calls", ToolCall(), Limits.ToolCallsPerMessage, m => m.ToolCalls, (m, v) => m.ToolCalls = v));

    /// <summary>Spec 4.8.</summary>
    public static WireObject<ToolCallRecord> ToolCall() => new(
        new NumberField<ToolCallRecord>("call_index", Keep, c => c.CallIndex, (c, v) => c.CallIndex = v),
        new TextField<ToolCallRecord>("tool_name", Keep, c => c.ToolName, (c, v) => c.ToolName = v),
        new TextField<ToolCallRecord>("category", Omit, c => c.Category, (c, v) => c.Category = v),
        new TextField<ToolCallRecord>("tool_use_id", Omit, c => c.ToolUseId, (c, v) => c.ToolUseId = v),
        new TextField<ToolCallRecord>("skill_name", Omit, c => c.SkillName, (c, v) => c.SkillName = v),
        new TextField<ToolCallRecord>("subagent_session_id", Omit, c => c.SubagentSessionId, (c, v) => c.SubagentSessionId = v),
        new TextField<ToolCallRecord>("input_json", Omit, c => c.InputJson, (c, v) => c.InputJson = v),
        new TextField<ToolCallRecord>("file_path", Omit, c => c.FilePath, (c, v) => c.FilePath = v),
        new NumberField<ToolCallRecord>("result_content_length", Omit, c => c.ResultContentLength, (c, v) => c.ResultContentLength = v),
        new TextField<ToolCallRecord>("result_content", Omit, c => c.ResultContent, (c, v) => c.ResultContent = v),
        new ListField<ToolCallRecord, ToolResultEventRecord>(
            "result_events", ResultEvent(), Limits.ResultEventsPerCall, c => c.ResultEvents, (c, v) => c.ResultEvents = v));

    /// <summary>Spec 4.9.</summary>
    public static WireObject<ToolResultEventRecord> ResultEvent() => new(
        new TextField<ToolResultEventRecord>("source", Keep, e => e.Source, (e, v) => e.Source = v),
        new TextField<ToolResultEventRecord>("status", Keep, e => e.Status, (e, v) => e.Status = v),
        new TextField<ToolResultEventRecord>("content", Keep, e => e.Content, (e, v) => e.Content = v),
        new NumberField<ToolResultEventRecord>("event_index", Keep, e => e.EventIndex, (e, v) => e.EventIndex = v),
        new TextField<ToolResultEventRecord>("tool_use_id", Omit, e => e.ToolUseId, (e, v) => e.ToolUseId = v),
        new TextField<ToolResultEventRecord>("agent_id", Omit, e => e.AgentId, (e, v) => e.AgentId = v),
        new TextField<ToolResultEventRecord>("subagent_session_id", Omit, e => e.SubagentSessionId, (e, v) => e.SubagentSessionId = v),
        new TextField<ToolResultEventRecord>("timestamp", Omit, e => e.Timestamp, (e, v) => e.Timestamp = v),
        new NumberField<ToolResultEventRecord>("content_length", Omit, e => e.ContentLength, (e, v) => e.ContentLength = v));

    /// <summary>Spec 4.10.</summary>
    public static WireObject<MetadataEvent> Event() => new(
        new NumberField<MetadataEvent>("v", Keep, e => e.Version, (e, v) => e.Version = v),
        new TextField<MetadataEvent>("hlc", Keep, e => e.Hlc, (e, v) => e.Hlc = v),
        new TextField<MetadataEvent>("origin", Keep, e => e.Origin, (e, v) => e.Origin = v),
        new TextField<MetadataEvent>("session_gid", Keep, e => e.SessionGid, (e, v) => e.SessionGid = v),
        new TextField<MetadataEvent>("op", Keep, e => e.Op, (e, v) => e.Op = v),
        new RawField<MetadataEvent>("value", e => e.Value, (e, v) => e.Value = v),
        new NullableObjectField<MetadataEvent, Pin>("pin", PinShape, e => e.Pin, (e, v) => e.Pin = v));
}
