using ArtifactSync.Archive;
using ArtifactSync.Store;

namespace ArtifactSync.Sync;

/// <summary>What the parts of one exchange share.</summary>
internal sealed class ExchangeContext(ArchiveDatabase archive, RunRecorder run, IRunObserver observer, bool full)
{
    public ArchiveDatabase Archive => archive;
    public EngineOptions Options => archive.Options;
    public LocalStore Store { get; } = new(archive);
    public RunRecorder Run => run;
    public IRunObserver Observer => observer;

    /// <summary>Trust no cursor and no catalog: list, compare and verify.</summary>
    public bool Full => full;

    /// <summary>Import every session again, whatever its watermark says.</summary>
    public bool Reimports { get; init; }

    /// <summary>Null until an origin is adopted.</summary>
    public string? OwnOrigin { get; set; }

    /// <summary>All own sessions wait to be encoded again, since own artifacts are damaged.</summary>
    public bool OwnSessionsQueued { get; set; }

    /// <summary>Origins of the local store and the own one; newcomers that pair with one of them stay out.</summary>
    public HashSet<string> KnownOrigins { get; } = new(StringComparer.Ordinal);

    /// <summary>Takes the lease for one batch of writes.</summary>
    public Lease AcquireLease(CancellationToken cancellationToken) =>
        archive.AcquireLease(run.RunId, archive.Options.LeaseTimeout, cancellationToken);
}
