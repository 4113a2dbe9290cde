namespace ArtifactSync.Model;

/// <summary>How a memory server, or one enrolled project with it, stands (memory spec 5.5): what Get-SyncState emits.</summary>
public sealed record SyncState
{
    /// <summary><c>cloud</c> is the server, <c>cloud:project</c> a project.</summary>
    public string TargetKey { get; init; } = "";
    /// <summary>Of a project; null for the server.</summary>
    public string? Project { get; init; }
    /// <summary>The address last synchronised with, as a target; null = never.</summary>
    public string? Target { get; init; }
    /// <summary><c>idle</c>, <c>pending</c>, <c>healthy</c>, <c>degraded</c>.</summary>
    public string Lifecycle { get; init; } = "";
    /// <summary>Of a project: whether its changes are sent.</summary>
    public bool? Enrolled { get; init; }
    /// <summary>Number up to which the log was consumed.</summary>
    public long? Cursor { get; init; }
    /// <summary>Changes that wait to be sent.</summary>
    public long Pending { get; init; }
    /// <summary>Changes that can't be sent (Get-MemoryQuarantine).</summary>
    public long Quarantined { get; init; }
    /// <summary>Mutations from the server that wait for something.</summary>
    public long Deferred { get; init; }
    /// <summary>Mutations from the server that can't be used.</summary>
    public long Dead { get; init; }
    public int ConsecutiveFailures { get; init; }
    /// <summary>Watching leaves the server alone until then.</summary>
    public DateTimeOffset? BackoffUntil { get; init; }
    public string? ReasonCode { get; init; }
    public string? ReasonMessage { get; init; }
    public DateTimeOffset? LastSyncAt { get; init; }
    /// <summary><c>LogOrder</c> or <c>Lww</c>.</summary>
    public string? MemoryOrder { get; init; }
    /// <summary>The whole log is read with the next run: a project was enrolled, or the log is another one.</summary>
    public bool OwesPass { get; init; }
    public string ArchivePath { get; init; } = "";
}
