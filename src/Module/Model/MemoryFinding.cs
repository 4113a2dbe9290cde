namespace ArtifactSync.Model;

/// <summary>How a memory row here and the log of a server differ (memory spec 7.7).</summary>
public enum MemoryFindingClass
{
    /// <summary>The log holds a newer state that this archive missed.</summary>
    NewerThere,

    /// <summary>The log holds an older state, and nothing is on its way.</summary>
    OlderThere,

    /// <summary>The server confirmed the row and does not have it.</summary>
    AbsentAcked,

    /// <summary>The row was never sent, and nothing is on its way.</summary>
    AbsentUnqueued,

    /// <summary>A change of the row can't be sent as it is (Get-MemoryQuarantine).</summary>
    Quarantined,

    /// <summary>The token may not read the project, so nothing can be said about it.</summary>
    NotReadable,
}

/// <summary>One row that the server lacks, holds older or holds newer: what Test-MemorySync emits.</summary>
public sealed record MemoryFinding
{
    /// <summary>The run that looked; null under -WhatIf.</summary>
    public string? RunId { get; init; }
    public string Target { get; init; } = "";
    public string Project { get; init; } = "";
    /// <summary><c>session</c>, <c>observation</c>, <c>prompt</c>, <c>relation</c>; <c>project</c> of NotReadable.</summary>
    public string EntityType { get; init; } = "";
    /// <summary>Session id or sync id; of NotReadable the project.</summary>
    public string SyncId { get; init; } = "";
    public MemoryFindingClass Class { get; init; }
    /// <summary>Version time here and there as stored; null = none.</summary>
    public string? LocalTime { get; init; }
    public string? RemoteTime { get; init; }
    /// <summary>The server's number of the state here: null = none known.</summary>
    public long? LocalSeq { get; init; }
    /// <summary>The server's number of the state in its log.</summary>
    public long? RemoteSeq { get; init; }
    /// <summary>What else is known: a field, or that the mutation waits or was put away here.</summary>
    public string? Note { get; init; }
    /// <summary>-Repair pulled it or queued it; Invoke-ArtifactSync sends what was queued.</summary>
    public bool Repaired { get; init; }
    public string? ErrorCode { get; init; }
    public string? RecommendedAction { get; init; }
}
