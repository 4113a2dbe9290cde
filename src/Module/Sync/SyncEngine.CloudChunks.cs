using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>Chunks that a memory server keeps.</summary>
public sealed partial class SyncEngine
{
    /// <summary>Merges the chunks of a project that are new here. Under -WhatIf they are read and nothing is stored.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound; MemoryNotEnrolled; SyncInProgress; what the server answers.</exception>
    public async Task<MemoryImportResult> ImportCloudChunksAsync(
        CloudChunkRequest request, IRunObserver observer, CancellationToken cancellationToken)
    {
        var (archive, runner) = OpenCloudChunks(request, observer);
        using (archive)
        {
            return request.WhatIf ? await runner.PlanImportAsync(cancellationToken) : await runner.ImportAsync(cancellationToken);
        }
    }

    /// <summary>Sends the pending changes of a project as chunks. Under -WhatIf nothing is asked of the server.</summary>
    /// <param name="request">What to send where.</param>
    /// <param name="done">Takes an object a chunk, one at least.</param>
    /// <param name="observer">Hears how it goes.</param>
    /// <param name="cancellationToken">Stops it; chunks that were recorded stay so.</param>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound; MemoryNotEnrolled; SyncInProgress; what the server answers.</exception>
    public async Task ExportCloudChunksAsync(
        CloudChunkRequest request, Func<MemoryChunk, ValueTask> done, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(done);
        var (archive, runner) = OpenCloudChunks(request, observer);
        using (archive)
        {
            if (!request.WhatIf)
            {
                await runner.ExportAsync(done, cancellationToken);
                return;
            }

            foreach (var chunk in runner.PlanExport(cancellationToken))
            {
                await done(chunk);
            }
        }
    }

    private (ArchiveDatabase Archive, CloudChunkRunner Runner) OpenCloudChunks(CloudChunkRequest request, IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequireProject(request.Project);
        var server = EngramTarget.Parse(request.Target, request.Access.AllowInsecure);
        var archive = ArchiveDatabase.Open(options, request.WhatIf ? ArchiveMode.ReadOnly : ArchiveMode.ReadWrite);
        return (archive, new CloudChunkRunner(archive, () => new MutationClient(server, request.Access.Token), request, observer));
    }
}
