using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>The columns of <c>sessions</c> in three groups, with their binding and reading side by side.</summary>
internal static class SessionColumns
{
    /// <summary>What a publication is made of (the triggers watch these), less curation and local counters.</summary>
    public static readonly string[] Content =
    [
        "own", "project", "agent", "agent_label", "entrypoint", "first_message", "session_name", "started_at", "ended_at",
        "message_count", "user_message_count", "parent_session_id", "relationship_type", "total_output_tokens", "peak_context_tokens",
        "has_total_output_tokens", "has_peak_context_tokens", "is_automated", "tool_failure_signal_count", "tool_retry_count",
        "edit_churn_count", "consecutive_failure_max", "outcome", "outcome_confidence", "ended_with_role", "final_failure_streak",
        "signals_pending_since", "compaction_count", "mid_task_compaction_count", "context_pressure_max", "health_score", "health_grade",
        "has_tool_calls", "has_context_data", "quality_signal_version", "short_prompt_count", "unstructured_start",
        "missing_success_criteria_count", "missing_verification_count", "duplicate_prompt_count", "no_code_context_count",
        "runaway_tool_loop_count", "data_version", "cwd", "git_branch", "source_session_id", "source_version", "transcript_fidelity",
        "parser_malformed_lines", "is_truncated", "termination_status",
    ];

    /// <summary>What never leaves this machine.</summary>
    public static readonly string[] Bookkeeping =
    [
        "origin", "machine", "secret_leak_count", "secrets_rules_version", "file_path", "file_size", "file_mtime", "file_inode",
        "file_device", "file_hash", "local_modified_at",
    ];

    /// <summary>Set when the row is made; later the user's or a local counter's.</summary>
    public static readonly string[] Initial = ["display_name", "deleted_at", "created_at", "transcript_revision"];

    public static int BindContent(Statement s, int i, SessionRow row)
    {
        var r = row.Session;
        s.Bind(i++, row.Own).Bind(i++, r.Project).Bind(i++, r.Agent).Bind(i++, r.AgentLabel).Bind(i++, r.Entrypoint)
            .Bind(i++, r.FirstMessage).Bind(i++, row.SessionName).Bind(i++, r.StartedAt).Bind(i++, r.EndedAt)
            .Bind(i++, r.MessageCount).Bind(i++, r.UserMessageCount).Bind(i++, r.ParentSessionId).Bind(i++, r.RelationshipType)
            .Bind(i++, r.TotalOutputTokens).Bind(i++, r.PeakContextTokens).Bind(i++, r.HasTotalOutputTokens)
            .Bind(i++, r.HasPeakContextTokens).Bind(i++, r.IsAutomated).Bind(i++, r.ToolFailureSignalCount).Bind(i++, r.ToolRetryCount)
            .Bind(i++, r.EditChurnCount).Bind(i++, r.ConsecutiveFailureMax).Bind(i++, r.Outcome).Bind(i++, r.OutcomeConfidence)
            .Bind(i++, r.EndedWithRole).Bind(i++, r.FinalFailureStreak).Bind(i++, r.SignalsPendingSince).Bind(i++, r.CompactionCount)
            .Bind(i++, r.MidTaskCompactionCount).Bind(i++, r.ContextPressureMax).Bind(i++, r.HealthScore).Bind(i++, r.HealthGrade)
            .Bind(i++, row.HasToolCalls).Bind(i++, row.HasContextData);
        var q = row.Signals;
        s.Bind(i++, q?.Version ?? 0).Bind(i++, q?.ShortPromptCount ?? 0).Bind(i++, q?.UnstructuredStart ?? false)
            .Bind(i++, q?.MissingSuccessCriteriaCount ?? 0).Bind(i++, q?.MissingVerificationCount ?? 0)
            .Bind(i++, q?.DuplicatePromptCount ?? 0).Bind(i++, q?.NoCodeContextCount ?? 0).Bind(i++, q?.RunawayToolLoopCount ?? 0);
        s.Bind(i++, row.DataVersion).Bind(i++, r.Cwd).Bind(i++, r.GitBranch).Bind(i++, r.SourceSessionId).Bind(i++, r.SourceVersion)
            .Bind(i++, r.TranscriptFidelity).Bind(i++, r.ParserMalformedLines).Bind(i++, r.IsTruncated).Bind(i++, r.TerminationStatus);
        return i;
    }

    public static int BindBookkeeping(Statement s, int i, SessionRow row)
    {
        var r = row.Session;
        s.Bind(i++, row.Origin).Bind(i++, r.Machine).Bind(i++, r.SecretLeakCount).Bind(i++, row.SecretsRulesVersion)
            .Bind(i++, r.FilePath).Bind(i++, r.FileSize).Bind(i++, r.FileMtime).Bind(i++, r.FileInode).Bind(i++, r.FileDevice)
            .Bind(i++, r.FileHash).Bind(i++, r.LocalModifiedAt);
        return i;
    }

    public static void BindInitial(Statement s, int i, SessionRow row)
    {
        var r = row.Session;
        s.Bind(i++, r.DisplayName).Bind(i++, r.DeletedAt).Bind(i++, r.CreatedAt).Bind(i, r.TranscriptRevision);
    }

    /// <summary>From sid, id and the three groups in order.</summary>
    public static SessionRow Read(Statement s)
    {
        var i = 2;
        var own = s.Bool(i++);
        var r = new SessionRecord
        {
            Id = s.Text(1),
            Project = s.Text(i++),
            Agent = s.Text(i++),
            AgentLabel = s.Text(i++),
            Entrypoint = s.Text(i++),
            FirstMessage = s.TextOrNull(i++),
        };
        var name = s.TextOrNull(i++);
        i = ReadStatistics(s, i, r);
        var (hasToolCalls, hasContextData) = (s.Bool(i++), s.Bool(i++));
        var signals = new QualitySignals
        {
            Version = s.Int64(i++),
            ShortPromptCount = s.Int64(i++),
            UnstructuredStart = s.Bool(i++),
            MissingSuccessCriteriaCount = s.Int64(i++),
            MissingVerificationCount = s.Int64(i++),
            DuplicatePromptCount = s.Int64(i++),
            NoCodeContextCount = s.Int64(i++),
            RunawayToolLoopCount = s.Int64(i++),
        };
        var dataVersion = s.Int64(i++);
        (r.Cwd, r.GitBranch, r.SourceSessionId, r.SourceVersion) = (s.Text(i++), s.Text(i++), s.Text(i++), s.Text(i++));
        (r.TranscriptFidelity, r.ParserMalformedLines, r.IsTruncated) = (s.Text(i++), s.Int64(i++), s.Bool(i++));
        r.TerminationStatus = s.TextOrNull(i++);
        var origin = s.Text(i++);
        (r.Machine, r.SecretLeakCount) = (s.Text(i++), s.Int64(i++));
        var rules = s.Text(i++);
        (r.FilePath, r.FileSize, r.FileMtime) = (s.TextOrNull(i++), s.Int64OrNull(i++), s.Int64OrNull(i++));
        (r.FileInode, r.FileDevice, r.FileHash) = (s.Int64OrNull(i++), s.Int64OrNull(i++), s.TextOrNull(i++));
        r.LocalModifiedAt = s.TextOrNull(i++);
        (r.DisplayName, r.DeletedAt, r.CreatedAt) = (s.TextOrNull(i++), s.TextOrNull(i++), s.Text(i++));
        r.TranscriptRevision = s.TextOrNull(i);
        return new SessionRow
        {
            Sid = s.Int64(0),
            Own = own,
            Origin = origin,
            Session = r,
            SessionName = name,
            DataVersion = dataVersion,
            HasToolCalls = hasToolCalls,
            HasContextData = hasContextData,
            Signals = signals.Version > 0 ? signals : null,
            SecretsRulesVersion = rules,
        };
    }

    private static int ReadStatistics(Statement s, int i, SessionRecord r)
    {
        (r.StartedAt, r.EndedAt, r.MessageCount, r.UserMessageCount) = (s.TextOrNull(i++), s.TextOrNull(i++), s.Int64(i++), s.Int64(i++));
        (r.ParentSessionId, r.RelationshipType) = (s.TextOrNull(i++), s.Text(i++));
        (r.TotalOutputTokens, r.PeakContextTokens) = (s.Int64(i++), s.Int64(i++));
        (r.HasTotalOutputTokens, r.HasPeakContextTokens, r.IsAutomated) = (s.Bool(i++), s.Bool(i++), s.Bool(i++));
        (r.ToolFailureSignalCount, r.ToolRetryCount) = (s.Int64(i++), s.Int64(i++));
        (r.EditChurnCount, r.ConsecutiveFailureMax) = (s.Int64(i++), s.Int64(i++));
        (r.Outcome, r.OutcomeConfidence, r.EndedWithRole) = (s.Text(i++), s.Text(i++), s.Text(i++));
        (r.FinalFailureStreak, r.SignalsPendingSince) = (s.Int64(i++), s.TextOrNull(i++));
        (r.CompactionCount, r.MidTaskCompactionCount) = (s.Int64(i++), s.Int64(i++));
        (r.ContextPressureMax, r.HealthScore, r.HealthGrade) = (s.DoubleOrNull(i++), s.Int64OrNull(i++), s.TextOrNull(i++));
        return i;
    }
}
