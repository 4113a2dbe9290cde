using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>Memory servers as targets of an exchange, their state, and the proof that they hold what the archive holds.</summary>
public sealed partial class SyncEngine
{
    private async Task<SyncRun> SyncMemoryAsync(ExchangeRequest request, IRunObserver observer, CancellationToken cancellationToken)
    {
        var server = RequireServer(request);
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.Create);
        return await new MemorySyncRun(archive, () => new MutationClient(server, request.Access.Token), request, observer)
            .RunAsync(cancellationToken);
    }

    /// <summary>Where the archive differs from the log of a memory server; with repair, what was done about it.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound; MemoryNotEnrolled; SyncInProgress; what the server answers.</exception>
    public async Task<IReadOnlyList<MemoryFinding>> TestMemoryAsync(
        MemoryProofRequest request, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var server = EngramTarget.Parse(request.Target, request.Access.AllowInsecure);
        using var archive = ArchiveDatabase.Open(options, request.WhatIf ? ArchiveMode.ReadOnly : ArchiveMode.ReadWrite);
        return await new MemoryProofRun(archive, () => new MutationClient(server, request.Access.Token), request, observer)
            .RunAsync(cancellationToken);
    }

    /// <summary>The state of memory synchronisation: the server, then its projects.</summary>
    /// <param name="projects">Only these; empty = the server and all.</param>
    public IEnumerable<SyncState> GetSyncStates(IReadOnlyList<string> projects)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        foreach (var state in StateReader.Read(archive.Reader, [.. projects.Select(MemoryText.Project)], archive.Folder))
        {
            yield return state;
        }
    }

    /// <summary>What would be sent; nothing is asked of the server, so what would come is not known.</summary>
    private SyncRun PlanMemory(ExchangeRequest request)
    {
        RequireServer(request);
        using var archive = OpenExisting();
        var pending = archive is null ? [] : JournalTable.CountPending(archive.Reader).Where(count => count.IsEnrolled).ToList();
        var now = options.Clock.GetUtcNow();
        var counters = new RunCounters { Sent = pending.Sum(count => count.Count) };
        return PlannedRun.Of(options, RunKind.MemorySync, request.Target, counters) with
        {
            Entities =
            [
                .. pending.Select(count => new SyncRunEntity
                {
                    EntityType = "project", Key = count.Project, Stage = "plan", Status = EntityStatus.Planned,
                        ErrorMessage = $"{count.Count} changes to send", UpdatedAt = now,
                }),
            ],
        };
    }

    private static Uri RequireServer(ExchangeRequest request)
    {
        var server = EngramTarget.Parse(request.Target, request.Access.AllowInsecure);
        return request.TranscriptPaths.Count == 0 && !request.Initialize && request.OriginId is null
            ? server
            : throw new ArtifactSyncException(
                ErrorCode.InvalidArgument,
                    "-Path, -Initialize and -OriginId are about sessions; a memory server takes none. Leave them out.", request.Target);
    }
}
