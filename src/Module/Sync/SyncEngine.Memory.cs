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
}
