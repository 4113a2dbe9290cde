using ArtifactSync.Tracker;

namespace ArtifactSync.Sync;

/// <summary>Filter of <c>Get-TrackedIssue</c> and <c>Get-TrackedMergeRequest</c>; all given members must hold.</summary>
public sealed record TrackedQuery
{
    /// <summary>Path of the project; wildcards * and ? are allowed.</summary>
    public string? Project { get; init; }
    public IReadOnlyList<long> Iids { get; init; } = [];
    public string? State { get; init; }
    /// <summary>Only those that bear this label.</summary>
    public string? Label { get; init; }
    /// <summary>Only those updated at or after this moment.</summary>
    public DateTimeOffset? Since { get; init; }
    public int? First { get; init; }
    public bool IncludeNotes { get; init; }
    public bool IncludeEvents { get; init; }
}

/// <summary>A search over the documents of issues and merge requests.</summary>
public sealed record DocumentQuery
{
    public const int DefaultFirst = 20;

    /// <summary>Words are ANDed, "several words" are a phrase, a trailing * matches beginnings.</summary>
    public required string Text { get; init; }
    public string? Project { get; init; }
    public int First { get; init; } = DefaultFirst;
    /// <summary>Also by meaning: the embedding server that the documents were embedded with.</summary>
    public EmbedTarget? Semantic { get; init; }
}

/// <summary>What <c>Update-ArchiveIndex</c> makes up for.</summary>
public sealed record IndexRequest
{
    /// <summary>Null = documents only.</summary>
    public EmbedTarget? Embed { get; init; }
}
