using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>What the parts of one collection share.</summary>
internal sealed class CollectContext(ArchiveDatabase archive, RunRecorder? run, IRunObserver observer)
{
    /// <summary>
    /// How far the clock of a server may be behind ours before its files look older than they are: the bound that the
    /// protocol sets for clocks (spec 12). Files of the local store bear times of this machine.
    /// </summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    public ArchiveDatabase Archive => archive;
    public LocalStore Store { get; } = new(archive);
    public IRunObserver Observer => observer;
    public string? OwnOrigin { get; } = OriginAdoption.Current(archive.Reader);
    public RunCounters Counters { get; } = run?.Counters ?? new RunCounters();
    public DateTimeOffset Now { get; } = archive.Clock.GetUtcNow();
    public required TimeSpan Grace { get; init; }
    public bool Full { get; init; }
    /// <summary>Part of an exchange: what can't be removed is told once an origin and is no failure of the exchange.</summary>
    public bool IsAutomatic { get; init; }
    public CollectBudget Budget { get; init; } = new(null, null);
    public Func<StaleArtifact, ValueTask> Emit { get; init; } = static _ => ValueTask.CompletedTask;

    /// <summary>Nothing is written anywhere.</summary>
    public bool WhatIf => run is null;

    public RunRecorder Run => run ?? throw new InvalidOperationException("A plan has no run.");

    /// <summary>
    /// Files written since then may belong to a run that is under way and has not referred to them yet; whatever the grace
    /// period, they stay. The margin is for the coarse times of file systems.
    /// </summary>
    public DateTimeOffset? InFlightSince { get; } =
        RetentionTable.OtherRunSince(archive.Reader, run?.RunId ?? "") is { } since
            ? DateTimeOffset.FromUnixTimeMilliseconds(since) - TimeSpan.FromSeconds(2) : null;

    public Lease AcquireLease(CancellationToken cancellationToken) =>
        archive.AcquireLease(Run.RunId, archive.Options.LeaseTimeout, cancellationToken);

    /// <summary>Whether grace keeps an artifact of the local store.</summary>
    public bool IsTooYoung(DateTimeOffset modified) => modified + Grace > Now || modified >= InFlightSince;

    /// <summary>As <see cref="IsTooYoung"/>, by the clock of a server. Zero grace asks for no protection.</summary>
    public bool IsTooYoungThere(DateTimeOffset modified) => modified + (Grace > TimeSpan.Zero ? Grace + ClockSkew : Grace) > Now;

    public StaleArtifact Stale(ArtifactRef artifact, long size, DateTimeOffset modified, string? target) => new()
    {
        RunId = run?.RunId,
        Target = target,
        Origin = artifact.Origin,
        Kind = artifact.Kind,
        Name = artifact.Name,
        Size = size,
        LastModified = modified,
        Age = Now - modified,
        Reason = artifact.Kind == ArtifactKind.Checkpoints ? StaleReason.Superseded : StaleReason.Unreferenced,
        Action = WhatIf ? StaleAction.Planned : StaleAction.Removed,
        ArchivePath = archive.Folder,
    };

    /// <summary>Leaves an origin alone; nothing of it is read as deletion (spec 11).</summary>
    public void Skip(string origin, string where, ArtifactSyncException fault)
    {
        Counters.SkippedOrigins++;
        observer.Verbose(fault.Message);
        run?.Add("origin", $"{origin}{where}", "collect", EntityStatus.Skipped, fault.Code, fault.Message);
    }

    /// <summary>An artifact that could not be removed.</summary>
    public async ValueTask FailAsync(StaleArtifact artifact, ArtifactSyncException fault)
    {
        if (IsAutomatic)
        {
            Run.Add("origin", artifact.Target is null ? artifact.Origin : $"{artifact.Origin} at {artifact.Target}", "collect", EntityStatus.Skipped, fault.Code, fault.Message);
        }
        else
        {
            Run.Failed("artifact", $"{artifact.Origin}/{ArtifactName.KindDirectory(artifact.Kind)}/{artifact.Name}", "collect", fault);
        }
        await Emit(artifact with
        {
            Action = StaleAction.Failed,
            ErrorCode = fault.Code.ToString(),
            ErrorMessage = fault.Message,
            RecommendedAction = ErrorCatalog.Action(fault.Code),
        });
    }

    /// <summary>A time of a file; times that no calendar has count as now.</summary>
    public DateTimeOffset Time(long nanoseconds)
    {
        var ticks = nanoseconds / 100;
        return ticks > -DateTimeOffset.UnixEpoch.Ticks && ticks < (DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).Ticks - TimeSpan.TicksPerDay * 400_000
            ? DateTimeOffset.UnixEpoch.AddTicks(ticks) : Now;
    }
}

/// <summary>How much may still be removed.</summary>
internal sealed class CollectBudget(long? maxObjects, long? maxBytes)
{
    private long _objects, _bytes;

    /// <summary>Something was left because of the limits.</summary>
    public bool IsExhausted { get; private set; }

    /// <summary>
    /// Claims room for one more. One object is always allowed, else one that is larger than the limit would stop every run.
    /// </summary>
    public bool Take(long bytes)
    {
        if (IsExhausted || _objects >= maxObjects || (_objects > 0 && _bytes + bytes > maxBytes))
        {
            IsExhausted = true;
            return false;
        }
        _objects++;
        _bytes += bytes;
        return true;
    }
}
