using ArtifactSync.Model;

namespace ArtifactSync.Metadata;

/// <summary>What one replay did, for the counters and entities of its run.</summary>
internal sealed record ReplayResult
{
    /// <summary>Winners, and losers whose conflict was logged (spec 7.6).</summary>
    public long Imported { get; set; }

    /// <summary>Events that wait for their target, for time to pass, for a newer module or for a repair.</summary>
    public long Deferred { get; set; }

    public long Quarantined { get; set; }

    /// <summary>
    /// One row for each event that was quarantined or began to wait, and one for each origin of which events were imported.
    /// An event that waits on has no row again.
    /// </summary>
    public List<SyncRunEntity> Entities { get; } = [];
}
