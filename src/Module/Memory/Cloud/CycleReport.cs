using ArtifactSync.Errors;

namespace ArtifactSync.Memory.Cloud;

/// <summary>Something that went wrong with a project, a mutation or the whole cycle.</summary>
/// <param name="EntityType"><c>project</c>, <c>session</c>, <c>observation</c>, <c>prompt</c>, <c>relation</c> or <c>server</c>.</param>
/// <param name="Stage"><c>push</c> or <c>pull</c>.</param>
internal sealed record CycleFault(string EntityType, string Key, string Stage, ErrorCode Code, string Message);

/// <summary>What a cycle did.</summary>
internal sealed class CycleReport
{
    /// <summary>Mutations that the server confirmed, a project.</summary>
    public SortedDictionary<string, long> Pushed { get; } = new(StringComparer.Ordinal);

    /// <summary>Mutations consumed for the first time, a project.</summary>
    public SortedDictionary<string, long> Pulled { get; } = new(StringComparer.Ordinal);

    public long Applied { get; set; }

    /// <summary>Own mutations that came back.</summary>
    public long Echoes { get; set; }
    public long Stale { get; set; }

    /// <summary>Waiting mutations that were given up.</summary>
    public long Died { get; set; }

    /// <summary>Rows journalled by a pull: answers, backfill, what a new server lacks.</summary>
    public long Queued { get; set; }
    public long BytesSent { get; set; }
    public long BytesReceived { get; set; }
    public int Requests { get; set; }

    /// <summary>The whole log was read (7.5), so that projects that waited for that may be pushed.</summary>
    public bool ReadFromZero { get; set; }

    /// <summary>The log is another one than before (7.3).</summary>
    public bool WasReset { get; set; }

    /// <summary>A quarantined row, a failed project, a mutation put away.</summary>
    public List<CycleFault> Faults { get; } = [];

    /// <summary>Ends the cycle: what comes after it was not done.</summary>
    public ArtifactSyncException? Failure { get; set; }

    /// <summary>The first fault of the push that did not end the cycle.</summary>
    public CycleFault? PushFault { get; set; }

    public static void Count(SortedDictionary<string, long> counts, string project, long by = 1) =>
        counts[project] = counts.GetValueOrDefault(project) + by;
}
