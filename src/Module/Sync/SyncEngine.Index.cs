using ArtifactSync.Archive;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>What is derived, made anew.</summary>
public sealed partial class SyncEngine
{
    /// <summary>
    /// Reads all sources again and makes indexes and curation anew; origin, clock, watermarks, registers, conflicts and
    /// sequence floors stay. Kind of the run: Rebuild.
    /// </summary>
    /// <exception cref="Errors.ArtifactSyncException">ArchiveNotFound.</exception>
    public async Task<SyncRun> RebuildAsync(IRunObserver observer, CancellationToken cancellationToken)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadWrite);
        return await new RebuildRunner(archive, observer).RunAsync(cancellationToken);
    }

    /// <summary>What <see cref="RebuildAsync"/> would read; writes nothing.</summary>
    /// <exception cref="Errors.ArtifactSyncException">ArchiveNotFound.</exception>
    public SyncRun PlanRebuild()
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        return PlannedRun.Of(options, RunKind.Rebuild, null, new RunCounters { FilesImported = RebuildRunner.Sources(archive).Count });
    }
}
