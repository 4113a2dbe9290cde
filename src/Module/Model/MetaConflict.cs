namespace ArtifactSync.Model;

/// <summary>Which of two conflicting edits was accepted.</summary>
public enum ConflictChoice { Winner, Loser }

/// <summary>
/// Two machines set one register (a field of a session) to different things; the edit with the higher hybrid clock won and
/// the other one is kept here (spec 9.9). Values are as users see them: the title of a rename (null = cleared), the message and note
/// of a pin, else the operation itself.
/// </summary>
public sealed record MetaConflict
{
    /// <summary>Names the conflict in this archive only.</summary>
    public long ConflictId { get; init; }
    /// <summary>The session as this archive names it.</summary>
    public string SessionId { get; init; } = "";
    /// <summary>The session's name; null when it has none or is not here.</summary>
    public string? SessionName { get; init; }
    /// <summary><c>display_name</c>, <c>deleted_at</c>, <c>starred</c> or <c>pin:…</c>.</summary>
    public string Field { get; init; } = "";
    public string? WinningValue { get; init; }
    public string? LosingValue { get; init; }
    public string WinningOp { get; init; } = "";
    public string LosingOp { get; init; } = "";
    public string WinningOrigin { get; init; } = "";
    public string LosingOrigin { get; init; } = "";
    /// <summary>The stamps of both edits (spec 8.1); the time of day in them is UTC.</summary>
    public string WinningHlc { get; init; } = "";
    public string LosingHlc { get; init; } = "";
    /// <summary>When the edits were made, by the clocks of their machines; null when the stamp holds no time.</summary>
    public DateTimeOffset? WinningAt { get; init; }
    public DateTimeOffset? LosingAt { get; init; }
    /// <summary>When this archive met the second of the two edits.</summary>
    public DateTimeOffset DetectedAt { get; init; }
    public bool Resolved { get; init; }
    public ConflictChoice? Resolution { get; init; }
    public DateTimeOffset? ResolvedAt { get; init; }
    /// <summary>User and host where it was settled here, the origin whose edit settled it otherwise.</summary>
    public string? ResolvedBy { get; init; }
    public string? Note { get; init; }
    public string ArchivePath { get; init; } = "";
}
