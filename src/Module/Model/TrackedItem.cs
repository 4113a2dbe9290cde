namespace ArtifactSync.Model;

/// <summary>One issue or merge request of a project, by its number.</summary>
/// <param name="EntityType"><c>issue</c> or <c>merge_request</c>.</param>
/// <param name="Iid">The number that people use: issue 7 is <c>#7</c>, merge request 12 is <c>!12</c>.</param>
public sealed record TrackedItem(string EntityType, long Iid)
{
    public const string Issue = "issue";
    public const string MergeRequest = "merge_request";

    /// <summary><c>issue 7</c>, <c>merge_request 12</c>.</summary>
    public override string ToString() => $"{EntityType} {Iid}";
}

/// <summary>What issues and merge requests have in common (gitlab-api 8). Times are UTC.</summary>
public abstract record TrackedEntity
{
    public string InstanceUrl { get; init; } = "";
    /// <summary>Full path of the project, e.g. <c>group/app</c>.</summary>
    public string Project { get; init; } = "";
    public abstract string EntityType { get; }
    public long Iid { get; init; }
    public string Title { get; init; } = "";
    public string? Description { get; init; }
    /// <summary><c>opened</c>, <c>closed</c>, <c>merged</c> or <c>locked</c>.</summary>
    public string State { get; init; } = "";
    public string? Author { get; init; }
    public string? Milestone { get; init; }
    public IReadOnlyList<string> Labels { get; init => field = value.AsArray(); } = [];
    public IReadOnlyList<string> Assignees { get; init => field = value.AsArray(); } = [];
    public string? WebUrl { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }
    public DateTimeOffset? ClosedAt { get; init; }
    /// <summary>When this archive asked the server for it.</summary>
    public DateTimeOffset FetchedAt { get; init; }
    /// <summary>Threads and events of this state have still to be fetched: repeat the run that was cut off.</summary>
    public bool ChildrenOwed { get; init; }
    /// <summary>The run that wrote it last.</summary>
    public string? RunId { get; init; }
    public string ArchivePath { get; init; } = "";
    public int NoteCount { get; init; }
    /// <summary>Filled by <c>-IncludeNote</c>: threads in order, the notes of each in order.</summary>
    public IReadOnlyList<TrackedNote> Notes { get; init => field = value.AsArray(); } = [];
    /// <summary>Filled by <c>-IncludeEvent</c>, in order of time.</summary>
    public IReadOnlyList<TrackedEvent> Events { get; init => field = value.AsArray(); } = [];
}

public sealed record TrackedIssue : TrackedEntity
{
    public override string EntityType => TrackedItem.Issue;
    /// <summary><c>issue</c>, <c>incident</c>, <c>task</c>, ...</summary>
    public string? IssueType { get; init; }
    public bool Confidential { get; init; }
    public DateOnly? DueDate { get; init; }
    /// <summary>Global id of the issue that it was moved to.</summary>
    public long? MovedToId { get; init; }
}

public sealed record TrackedMergeRequest : TrackedEntity
{
    public override string EntityType => TrackedItem.MergeRequest;
    public bool Draft { get; init; }
    public string? SourceBranch { get; init; }
    public string? TargetBranch { get; init; }
    public string? Sha { get; init; }
    public string? MergeCommitSha { get; init; }
    public IReadOnlyList<string> Reviewers { get; init => field = value.AsArray(); } = [];
    public DateTimeOffset? MergedAt { get; init; }
}

/// <summary>One comment, or one line of history that the server wrote (<see cref="System"/>).</summary>
public sealed record TrackedNote
{
    /// <summary>Of its thread.</summary>
    public string DiscussionId { get; init; } = "";
    public long NoteId { get; init; }
    /// <summary><c>DiffNote</c>, <c>DiscussionNote</c>, ...; null for a plain comment.</summary>
    public string? Type { get; init; }
    public string? Author { get; init; }
    public bool System { get; init; }
    public bool Internal { get; init; }
    public bool? Resolved { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }
    /// <summary>File and line of a diff note, e.g. <c>src/a.c:12</c>.</summary>
    public string? Position { get; init; }
    public string Body { get; init; } = "";

    /// <summary><c>user-1: text</c>.</summary>
    public override string ToString() => $"{Author}: {Body}";
}

/// <summary>A change of label, state or milestone.</summary>
public sealed record TrackedEvent
{
    public DateTimeOffset CreatedAt { get; init; }
    /// <summary><c>label</c>, <c>state</c> or <c>milestone</c>.</summary>
    public string Kind { get; init; } = "";
    public string? Author { get; init; }
    /// <summary><c>add</c>, <c>remove</c>, or the state that was entered.</summary>
    public string? Action { get; init; }
    /// <summary>Label or milestone; null for a state, and for a label that was deleted since.</summary>
    public string? Subject { get; init; }

    /// <summary><c>label add bug</c>.</summary>
    public override string ToString() => string.Join(' ', new[] { Kind, Action, Subject }.Where(part => part is not null));
}

/// <summary>An issue or merge request that a search found.</summary>
public sealed record ArchiveDocument
{
    public string InstanceUrl { get; init; } = "";
    public string Project { get; init; } = "";
    /// <summary><c>issue</c> or <c>merge_request</c>.</summary>
    public string EntityType { get; init; } = "";
    public long Iid { get; init; }
    public string Title { get; init; } = "";
    public string State { get; init; } = "";
    public string? WebUrl { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }
    /// <summary>The passage that fits best, hits between « and ».</summary>
    public string Snippet { get; init; } = "";
    /// <summary>Higher is better; comparable within one search only.</summary>
    public double Score { get; init; }
    public string ArchivePath { get; init; } = "";
}
