namespace ArtifactSync.Model;

/// <summary>One observation of the memory plane as users see it.</summary>
public sealed record ArchiveMemory
{
    /// <summary>Portable identity: the same on every machine.</summary>
    public string SyncId { get; init; } = "";
    public string Title { get; init; } = "";
    public string Content { get; init; } = "";
    /// <summary>Free text: <c>decision</c>, <c>bugfix</c>, ...</summary>
    public string Type { get; init; } = "";
    /// <summary>Its own project, else that of its session.</summary>
    public string Project { get; init; } = "";
    /// <summary><c>project</c> or <c>personal</c>.</summary>
    public string Scope { get; init; } = "";
    public string? TopicKey { get; init; }
    public string SessionId { get; init; } = "";
    public string? ToolName { get; init; }
    public long RevisionCount { get; init; }
    public long DuplicateCount { get; init; }
    public DateTimeOffset? CreatedAt { get; init; }
    /// <summary>The version by which merges decide.</summary>
    public DateTimeOffset? UpdatedAt { get; init; }
    public DateTimeOffset? LastSeenAt { get; init; }
    public DateTimeOffset? DeletedAt { get; init; }
    public bool IsDeleted { get; init; }
    /// <summary>With -Query: the best passage, matches in «».</summary>
    public string? Snippet { get; init; }

    /// <summary><c>obs-00000000000000a1 decision: A1 remote</c>.</summary>
    public override string ToString() => $"{SyncId} {Type}: {Title}";
}

/// <summary>A project that is enrolled in sync with a memory server.</summary>
public sealed record MemoryProject
{
    public string Project { get; init; } = "";
    public bool Enrolled { get; init; }
    public DateTimeOffset? EnrolledAt { get; init; }
    /// <summary>When what the server lacked was queued; null until the first pull from the start is done.</summary>
    public DateTimeOffset? BackfilledAt { get; init; }
    /// <summary>Changes that were not sent yet.</summary>
    public long Pending { get; init; }

    /// <summary><c>demo: enrolled, 3 pending</c>.</summary>
    public override string ToString() => $"{Project}: {(Enrolled ? "enrolled" : "not enrolled")}, {Pending} pending";
}

/// <summary>A change that will never be sent as it is, or one from elsewhere that can never be applied.</summary>
public sealed record QuarantinedMemory
{
    /// <summary><c>Outgoing</c> (a change of this machine) or <c>Incoming</c> (of a server or chunk).</summary>
    public string Direction { get; init; } = "";
    public string Entity { get; init; } = "";
    /// <summary>Sync id, or session id.</summary>
    public string Key { get; init; } = "";
    public string Operation { get; init; } = "";
    public string Project { get; init; } = "";
    public string Reason { get; init; } = "";
    public DateTimeOffset QuarantinedAt { get; init; }
    /// <summary>Number in the journal of an outgoing change; that of the server of an incoming one, 0 from a chunk.</summary>
    public long Sequence { get; init; }
    public string Payload { get; init; } = "";

    /// <summary><c>Outgoing observation obs-1: it names no session</c>.</summary>
    public override string ToString() => $"{Direction} {Entity} {Key}: {Reason}";
}
