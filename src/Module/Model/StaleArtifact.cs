namespace ArtifactSync.Model;

/// <summary>Why an artifact may go (spec 11).</summary>
public enum StaleReason
{
    /// <summary>A checkpoint below the newest one.</summary>
    Superseded,
    /// <summary>Nothing that is live refers to it.</summary>
    Unreferenced,
    /// <summary>Refused content whose time in the quarantine is over.</summary>
    QuarantineExpired,
}

/// <summary>What was done. <c>Planned</c> exists only under -WhatIf.</summary>
public enum StaleAction { Planned, Removed, Failed }

/// <summary>One artifact that <c>Remove-StaleArtifact</c> removed, or under -WhatIf would remove.</summary>
public sealed record StaleArtifact
{
    /// <summary>Null under -WhatIf.</summary>
    public string? RunId { get; init; }
    /// <summary>The target it lay at; null = the local store.</summary>
    public string? Target { get; init; }
    public string Origin { get; init; } = "";
    public Wire.ArtifactKind Kind { get; init; }
    public string Name { get; init; } = "";
    /// <summary>Bytes of the file.</summary>
    public long Size { get; init; }
    public DateTimeOffset LastModified { get; init; }
    /// <summary>At the time of the collection.</summary>
    public TimeSpan Age { get; init; }
    public StaleReason Reason { get; init; }
    public StaleAction Action { get; init; }
    public string? ErrorCode { get; init; }
    public string? ErrorMessage { get; init; }
    public string? RecommendedAction { get; init; }
    public string ArchivePath { get; init; } = "";
}
