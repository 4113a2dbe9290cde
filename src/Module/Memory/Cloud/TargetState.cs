
namespace ArtifactSync.Memory.Cloud;

/// <summary>A row of <c>memory_targets</c> (memory spec 5.5). Times in Unix ms UTC.</summary>
internal sealed record TargetState
{
    public string TargetKey { get; init; } = "";
    public string Lifecycle { get; init; } = "idle";
    public long LastEnqueuedSeq { get; init; }
    public long LastAckedSeq { get; init; }
    /// <summary>Numbers of the server; everything up to it was consumed (invariant C of 7.4).</summary>
    public long Cursor { get; init; }
    public CursorMark? Mark { get; init; }
    public string? ServerUrl { get; init; }
    public MemoryOrder Order { get; init; }
    public OwedPass Owes { get; init; }
    /// <summary>Largest number that this server ever gave to one of our mutations.</summary>
    public long MappedMax { get; init; }
    public long PullCount { get; init; }
    public int? PageLimit { get; init; }
    public int ConsecutiveFailures { get; init; }
    public long? BackoffUntil { get; init; }
    public string? LeaseOwner { get; init; }
    public long? LeaseUntil { get; init; }
    public string? ReasonCode { get; init; }
    public string? ReasonMessage { get; init; }
    public long? LastSyncAt { get; init; }
}

/// <summary>The mutation that the cursor stands on (7.3): at another place in the log, it is another log.</summary>
internal sealed record CursorMark(string Entity, string EntityKey, string Op, string OccurredAt)
{
    public static CursorMark Of(PulledMutation mutation) => new(mutation.Entity, mutation.EntityKey, mutation.Op, mutation.OccurredAt);
}

/// <summary>A pass from 0 that is owed (7.5); stored with the cursor until it is complete.</summary>
internal enum OwedPass
{
    None = 0,

    /// <summary>A project was enrolled, or the token may read another one.</summary>
    Pass = 1,

    /// <summary>The log is another one than before (7.3): what it lacks is queued at the end.</summary>
    PassAfterReset = 2,
}
