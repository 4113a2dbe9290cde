namespace ArtifactSync.Model;

/// <summary>What exporting to a chunk directory wrote, or sent to a memory server.</summary>
public sealed record MemoryChunk
{
    /// <summary>The chunk directory, or the address of the server.</summary>
    public string Path { get; init; } = "";
    /// <summary>
    /// <c>Exported</c>, <c>Unchanged</c> (there is nothing new), <c>Planned</c> (-WhatIf) or <c>Failed</c>.
    /// </summary>
    public string Status { get; init; } = "";
    /// <summary>First 8 hex digits of the SHA-256 of the content, of a server the id that it named; null when nothing was written.</summary>
    public string? ChunkId { get; init; }
    /// <summary>The file of the chunk; null at a server.</summary>
    public string? File { get; init; }
    public string? Project { get; init; }
    public long Sessions { get; init; }
    public long Observations { get; init; }
    public long Prompts { get; init; }
    /// <summary>Rows deleted for good that chunks of the directory still hold; at a server, deletes of any kind that no chunk told of.</summary>
    public long Deletes { get; init; }
    /// <summary>At a server: changes of the project that are still to be sent, by Invoke-ArtifactSync (all deletes are among them).</summary>
    public long? Pending { get; init; }
    public string? ErrorCode { get; init; }
    public string? ErrorMessage { get; init; }
    public string? RecommendedAction { get; init; }
    public string? RunId { get; init; }

    /// <summary><c>Exported 1a2b3c4d to .engram: 1 sessions, 3 observations, 1 prompts, 0 deletes</c>.</summary>
    public override string ToString() =>
        $"{Status} {ChunkId} to {Path}: {Sessions} sessions, {Observations} observations, {Prompts} prompts, {Deletes} deletes";
}

/// <summary>A JSON export that was written.</summary>
public sealed record MemoryExport
{
    public string Path { get; init; } = "";
    /// <summary>Null = everything.</summary>
    public string? Project { get; init; }
    public long Sessions { get; init; }
    public long Observations { get; init; }
    public long Prompts { get; init; }

    /// <summary><c>export.json: 3 sessions, 14 observations, 5 prompts</c>.</summary>
    public override string ToString() => $"{Path}: {Sessions} sessions, {Observations} observations, {Prompts} prompts";
}
