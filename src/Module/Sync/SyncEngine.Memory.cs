using System.Runtime.CompilerServices;
using ArtifactSync.Archive;
using ArtifactSync.Memory;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

public sealed partial class SyncEngine
{
    /// <summary>Merges JSON exports of memory stores, last writer wins; one object a file, as it is done.</summary>
    public async IAsyncEnumerable<MemoryImportResult> ImportMemoryAsync(
        MemoryImportRequest request, IRunObserver observer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        await Task.Yield();
        using var archive = request.WhatIf ? OpenExisting() : ArchiveDatabase.Open(options, ArchiveMode.Create);
        var files = request.WhatIf
            ? MemoryImportRunner.Plan(archive, options, request, observer, cancellationToken)
            : new MemoryImportRunner(archive!, request, observer).Run(cancellationToken);
        foreach (var file in files)
        {
            yield return file;
        }
    }

    /// <summary>Merges the chunks of a chunk directory that are new here.</summary>
    public MemoryImportResult ImportMemoryChunks(MemoryChunkRequest request, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var archive = request.WhatIf ? OpenExisting() : ArchiveDatabase.Open(options, ArchiveMode.Create);
        return request.WhatIf
            ? MemoryChunkRunner.PlanImport(archive, options, request, observer, cancellationToken)
            : new MemoryChunkRunner(archive!, request, observer).Import(cancellationToken);
    }

    /// <summary>Writes what a chunk directory lacks as one more chunk, after importing what is new in it.</summary>
    public MemoryChunk ExportMemoryChunk(MemoryChunkRequest request, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var archive = ArchiveDatabase.Open(options, request.WhatIf ? ArchiveMode.ReadOnly : ArchiveMode.ReadWrite);
        return request.WhatIf
            ? MemoryChunkRunner.PlanExport(archive, request, cancellationToken)
            : new MemoryChunkRunner(archive, request, observer).Export(cancellationToken);
    }
}
