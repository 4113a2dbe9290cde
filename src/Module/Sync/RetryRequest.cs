using ArtifactSync.Transport;

namespace ArtifactSync.Sync;

/// <summary>Repeats a run as its child: an exchange by its target, a surgical run by its open items.</summary>
public sealed record RetryRequest
{
    public required string RunId { get; init; }
    /// <summary>Also items that failed for a reason that can't pass by itself.</summary>
    public bool IncludePermanent { get; init; }
    /// <summary>As for a new run: the ledger keeps none of it.</summary>
    public TargetAccess Access { get; init; } = TargetAccess.None;
    /// <summary>Requests at one time, for surgical runs (1-64).</summary>
    public int? Parallel { get; init; }
}
