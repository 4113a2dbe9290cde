namespace ArtifactSync.Model;

/// <summary>What an object of the quarantine cmdlets says of the artifact. <c>Planned</c> exists only under -WhatIf.</summary>
public enum QuarantineStatus { Quarantined, Planned, Restored, Removed }

/// <summary>An artifact that was refused, and why.</summary>
public sealed record QuarantinedArtifact
{
    public long ArtifactId { get; init; }
    public string Origin { get; init; } = "";
    public Wire.ArtifactKind Kind { get; init; }
    public string Name { get; init; } = "";
    /// <summary>Of the decoded bytes when the verdict is about content, else of the file.</summary>
    public string Sha256 { get; init; } = "";
    /// <summary>Bytes of the file.</summary>
    public long Size { get; init; }
    /// <summary>False when the bytes were not kept or are gone; the verdict alone keeps the content from being fetched again.</summary>
    public bool HasContent { get; init; }
    /// <summary>Full path of the file; null without content.</summary>
    public string? Path { get; init; }
    public string Reason { get; init; } = "";
    public DateTimeOffset QuarantinedAt { get; init; }
    public QuarantineStatus Status { get; init; }
    public string? ErrorCode { get; init; }
    public string? RecommendedAction { get; init; }
    public string ArchivePath { get; init; } = "";
}
