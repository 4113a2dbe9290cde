namespace ArtifactSync.Memory;

/// <summary>What a mutation or version row is about, as the wire spells it.</summary>
internal static class Entity
{
    public const string Session = "session";
    public const string Observation = "observation";
    public const string Prompt = "prompt";
    public const string Relation = "relation";

    public static bool IsKnown(string? entity) => entity is Session or Observation or Prompt or Relation;
}

internal static class MutationOp
{
    public const string Upsert = "upsert";
    public const string Delete = "delete";
}

/// <summary>A row of <c>memory_sessions</c> (memory spec 1.2). Times are text as received.</summary>
internal sealed record MemorySession(string Id, string Project, string Directory, string StartedAt, string? EndedAt, string? Summary);

/// <summary>A row of <c>memory_observations</c> (1.3).</summary>
internal sealed record Observation
{
    /// <summary>Local number; 0 = not stored.</summary>
    public long Id { get; init; }
    public string SyncId { get; init; } = "";
    public string SessionId { get; init; } = "";
    public string Type { get; init; } = "";
    public string Title { get; init; } = "";
    public string Content { get; init; } = "";
    public string? ToolName { get; init; }
    /// <summary>Null = that of the session.</summary>
    public string? Project { get; init; }
    public string Scope { get; init; } = "";
    public string? TopicKey { get; init; }
    public long RevisionCount { get; init; }
    public long DuplicateCount { get; init; }
    public string? LastSeenAt { get; init; }
    public string CreatedAt { get; init; } = "";
    /// <summary>The version of last-writer-wins.</summary>
    public string UpdatedAt { get; init; } = "";
    /// <summary>Null = live.</summary>
    public string? DeletedAt { get; init; }
}

/// <summary>A row of <c>memory_prompts</c> (1.4). Prompts are never edited.</summary>
internal sealed record Prompt
{
    public long Id { get; init; }
    public string SyncId { get; init; } = "";
    public string SessionId { get; init; } = "";
    public string Content { get; init; } = "";
    public string Project { get; init; } = "";
    public string CreatedAt { get; init; } = "";
}

/// <summary>A deleted prompt (1.4).</summary>
internal sealed record Tombstone(string SyncId, string? SessionId, string Project, string DeletedAt);

/// <summary>A row of <c>memory_relations</c> (1.5): what somebody found two observations to be to each other.</summary>
internal sealed record Relation
{
    public string SyncId { get; init; } = "";
    public string SourceId { get; init; } = "";
    public string TargetId { get; init; } = "";
    public string Kind { get; init; } = "pending";
    public string? Reason { get; init; }
    public string? Evidence { get; init; }
    public double? Confidence { get; init; }
    public string JudgmentStatus { get; init; } = "pending";
    public string? MarkedByActor { get; init; }
    public string? MarkedByKind { get; init; }
    public string? MarkedByModel { get; init; }
    public string? SessionId { get; init; }
    public string CreatedAt { get; init; } = "";
    public string UpdatedAt { get; init; } = "";
}

/// <summary>
/// One change as it travels: from a pull, from the <c>mutations</c> of a chunk, or put away for later. Nothing in it is trusted.
/// </summary>
/// <param name="Seq">The server's number; 0 = unknown (chunks).</param>
/// <param name="Payload">JSON text as received.</param>
/// <param name="OccurredAt">As received, null when there is none.</param>
internal sealed record Mutation(string Entity, string EntityKey, string Op, string Project, string Payload, long Seq, string? OccurredAt);
