using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Retention;
using ArtifactSync.Transport;

namespace ArtifactSync.Sync;

/// <summary>Retention: collect, verify, repair, reset, quarantine.</summary>
public sealed partial class SyncEngine
{
    /// <summary>
    /// Removes what is stale from the local store and the targets. <paramref name="emit"/> gets each artifact as soon as it is gone;
    /// with <see cref="CollectRequest.WhatIf"/> the very same ones, while nothing is written.
    /// </summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound, InvalidTarget and what opening a target throws. Later trouble is in the run.</exception>
    public async Task<SyncRun> CollectAsync(
        CollectRequest request, Func<StaleArtifact, ValueTask> emit, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        foreach (var target in request.Targets)
        {
            TransportFactory.Check(target, Transport(request.Access, observer, dryRun: true));
        }
        using var archive = ArchiveDatabase.Open(options, request.WhatIf ? ArchiveMode.ReadOnly : ArchiveMode.ReadWrite);
        var open = (string target) => TransportFactory.Open(target, Transport(request.Access, observer, dryRun: request.WhatIf));
        return await new CollectRunner(archive, request, open, emit, observer).RunAsync(cancellationToken);
    }

    private TransportOptions Transport(TargetAccess access, IRunObserver observer, bool dryRun) =>
        Transport(new ExchangeRequest { Target = "", Access = access }, observer, dryRun);
}
