namespace ArtifactSync.Model;

/// <summary>One session of the archive as users see it.</summary>
public sealed record ArchiveSession
{
    public string SessionId { get; init; } = "";
    /// <summary>User title, else the name the agent gave, else null.</summary>
    public string? Name { get; init; }
    public string? DisplayName { get; init; }
    public string? SessionName { get; init; }
    public string Project { get; init; } = "";
    public string Agent { get; init; } = "";
    /// <summary>The publishing origin; null for an own session before an origin is adopted.</summary>
    public string? Origin { get; init; }
    public bool IsOwn { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public long MessageCount { get; init; }
    public long UserMessageCount { get; init; }
    public string? FirstMessage { get; init; }
    public string Cwd { get; init; } = "";
    public string GitBranch { get; init; } = "";
    public string? ParentSessionId { get; init; }
    public string RelationshipType { get; init; } = "";
    public bool Starred { get; init; }
    public bool Trashed { get; init; }
    public DateTimeOffset? DeletedAt { get; init; }
    /// <summary>Pinned messages, by ordinal.</summary>
    public IReadOnlyList<SessionPin> Pins { get; init => field = value.AsArray(); } = [];
    /// <summary>Whether an edit of this session lost against one of another machine and nobody has settled it yet.</summary>
    public bool HasConflict { get; init; }
    /// <summary>With -Query: the best passage, matches in «».</summary>
    public string? Snippet { get; init; }
    /// <summary>Filled by -IncludeMessage.</summary>
    public IReadOnlyList<ArchiveMessage> Messages { get; init => field = value.AsArray(); } = [];
    public string ArchivePath { get; init; } = "";
}

/// <summary>A message that was pinned, with the note of the pin (null = none).</summary>
public sealed record SessionPin
{
    public string SessionId { get; init; } = "";
    /// <summary>The message.</summary>
    public long Ordinal { get; init; }
    public string? Note { get; init; }
    public DateTimeOffset? CreatedAt { get; init; }
    public string ArchivePath { get; init; } = "";

    /// <summary><c>#3 see below</c></summary>
    public override string ToString() => Note is null ? $"#{Ordinal}" : $"#{Ordinal} {Note}";
}

/// <summary>One message of a session.</summary>
public sealed record ArchiveMessage
{
    public string SessionId { get; init; } = "";
    public long Ordinal { get; init; }
    public string Role { get; init; } = "";
    public DateTimeOffset? Timestamp { get; init; }
    public string Model { get; init; } = "";
    public string Content { get; init; } = "";
    public string Thinking { get; init; } = "";
    public IReadOnlyList<ArchiveToolCall> ToolCalls { get; init => field = value.AsArray(); } = [];
    public string ArchivePath { get; init; } = "";
}

/// <summary>One tool call of a message with its result.</summary>
public sealed record ArchiveToolCall(string ToolName, string Category, string InputJson, string? Result, string? SubagentSessionId);

/// <summary>What <c>Import-ArchiveSession</c> did with one file.</summary>
public sealed record ArchiveSessionImport
{
    public string Path { get; init; } = "";
    public string? Format { get; init; }
    /// <summary><c>Imported</c>, <c>Unchanged</c>, <c>Skipped</c> or <c>Failed</c>.</summary>
    public string Status { get; init; } = "";
    /// <summary>Added, Changed, Skipped: sessions.</summary>
    public int Added { get; init; }
    public int Changed { get; init; }
    public int Skipped { get; init; }
    /// <summary>Messages written for this file; of a grown one only those from where it went on.</summary>
    public long Messages { get; init; }
    public long MalformedLines { get; init; }
    public IReadOnlyList<string> SessionId { get; init => field = value.AsArray(); } = [];
    public string? ErrorCode { get; init; }
    public string? ErrorMessage { get; init; }
    public string? RecommendedAction { get; init; }
    public string? RunId { get; init; }
}
