using System.Text.Json.Serialization;
using ArtifactSync.Transport;

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

/// <summary>An import or export of the chunks that a memory server keeps of a project.</summary>
public sealed record CloudChunkRequest
{
    /// <summary><c>engram+https://host[:port][/path]</c>.</summary>
    public required string Target { get; init; }
    /// <summary>An enrolled project.</summary>
    public required string Project { get; init; }
    public TargetAccess Access { get; init; } = TargetAccess.None;
    /// <summary>Write nothing, neither here nor there.</summary>
    public bool WhatIf { get; init; }
    public string? ParentRunId { get; init; }
}

/// <summary>Filter of <c>Get-ArchiveMemory</c>; all given members must hold.</summary>
public sealed record MemoryQuery
{
    public IReadOnlyList<string> SyncIds { get; init; } = [];
    /// <summary>Full text query over title, content and topic; best match first.</summary>
    public string? Text { get; init; }
    /// <summary>Wildcards * and ? are allowed in Project and Type.</summary>
    public string? Project { get; init; }
    public string? Type { get; init; }
    /// <summary>Changed at or after.</summary>
    public DateTimeOffset? Since { get; init; }
    public bool IncludeDeleted { get; init; }
    public int? First { get; init; }
}

/// <summary>A memory to save.</summary>
public sealed record MemoryAddition
{
    public required string Title { get; init; }
    public required string Content { get; init; }
    public string Type { get; init; } = "manual";
    public string? Project { get; init; }
    public string? Scope { get; init; }
    public string? TopicKey { get; init; }
    /// <summary>Null = the session for what is saved by hand, one a project.</summary>
    public string? SessionId { get; init; }
    public string? ToolName { get; init; }
}

/// <summary>A change of a memory; null = as it is.</summary>
public sealed record MemoryEdit
{
    public string? Title { get; init; }
    public string? Content { get; init; }
    public string? Type { get; init; }
    public string? Project { get; init; }
    public string? Scope { get; init; }
    /// <summary>Empty = none.</summary>
    public string? TopicKey { get; init; }
    /// <summary>False brings a deleted memory back.</summary>
    public bool? Deleted { get; init; }
}

/// <summary>What the ledger keeps of an import or of an export of chunks, to do it again (<c>-RetryFailed</c>).</summary>
/// <param name="Work">What was done.</param>
/// <param name="Paths">Files, or the one chunk directory or server; empty when the content came through the pipeline.</param>
/// <param name="Project">Of an export, and of chunks of a server.</param>
internal sealed record MemoryImportRecord(MemoryWork Work, IReadOnlyList<string> Paths, string? Project = null);

internal enum MemoryWork { ImportFiles, ImportChunks, ExportChunk, ImportCloudChunks, ExportCloudChunks }

[JsonSerializable(typeof(MemoryImportRecord))]
internal sealed partial class MemoryImportRecordJson : JsonSerializerContext;
