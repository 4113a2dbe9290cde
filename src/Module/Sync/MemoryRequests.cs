using System.Text.Json.Serialization;

namespace ArtifactSync.Sync;

/// <summary>An import of JSON exports of memory stores.</summary>
public sealed record MemoryImportRequest
{
    /// <summary>Absolute files.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];
    /// <summary>A document that comes as bytes (objects of the pipeline) instead of files.</summary>
    public ReadOnlyMemory<byte>? Document { get; init; }
    /// <summary>Compute the same counters and write nothing.</summary>
    public bool WhatIf { get; init; }
    public string? ParentRunId { get; init; }
}

/// <summary>An import or export of a chunk directory.</summary>
public sealed record MemoryChunkRequest
{
    /// <summary>Absolute directory: the one that holds <c>manifest.json</c>.</summary>
    public required string Path { get; init; }
    /// <summary>Of an export: this project alone; null = everything.</summary>
    public string? Project { get; init; }
    public bool WhatIf { get; init; }
    public string? ParentRunId { get; init; }
}

/// <summary>What the ledger keeps of an import, to do it again (<c>-RetryFailed</c>).</summary>
internal sealed record MemoryImportRecord(IReadOnlyList<string> Paths, bool IsChunkDirectory);

[JsonSerializable(typeof(MemoryImportRecord))]
internal sealed partial class MemoryImportRecordJson : JsonSerializerContext;
