namespace ArtifactSync.Model;

/// <summary>
/// What importing one JSON export, or one chunk directory, did (memory spec 3.5). Inserted, updated and skipped observations
/// together are the entries that the file holds.
/// </summary>
public sealed record MemoryImportResult
{
    /// <summary>File, directory or address of a server; <c>(pipeline)</c> for objects.</summary>
    public string Path { get; init; } = "";
    /// <summary><c>Imported</c>, <c>Unchanged</c>, <c>Planned</c> (-WhatIf) or <c>Failed</c>: then nothing of a file was stored.</summary>
    public string Status { get; init; } = "";
    public long SessionsImported { get; init; }
    public long ObservationsInserted { get; init; }
    public long ObservationsUpdated { get; init; }
    public long ObservationsSkipped { get; init; }
    public long PromptsInserted { get; init; }
    public long PromptsSkipped { get; init; }
    /// <summary>Of chunks: how many were applied now; null for a JSON export.</summary>
    public long? ChunksImported { get; init; }
    /// <summary>Of chunks: how many were applied before, or have a file that is missing.</summary>
    public long? ChunksSkipped { get; init; }
    public string? ErrorCode { get; init; }
    public string? ErrorMessage { get; init; }
    public string? RecommendedAction { get; init; }
    public string? RunId { get; init; }

    /// <summary><c>Imported export.json: 4 observations inserted, 5 updated, 5 skipped</c>.</summary>
    public override string ToString() =>
        $"{Status} {Path}: {ObservationsInserted} observations inserted, {ObservationsUpdated} updated, {ObservationsSkipped} skipped";
}
