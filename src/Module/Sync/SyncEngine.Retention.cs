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
            CheckExisting(target, request.Access, observer);
        }
        using var archive = ArchiveDatabase.Open(options, request.WhatIf ? ArchiveMode.ReadOnly : ArchiveMode.ReadWrite);
        var open = (string target) => TransportFactory.Open(target, Transport(request.Access, observer, dryRun: request.WhatIf));
        return await new CollectRunner(archive, request, open, emit, observer).RunAsync(cancellationToken);
    }

    /// <summary>Looks for damage in the local store, or at a target. <paramref name="emit"/> gets each finding; none = it is sound.</summary>
    /// <exception cref="ArtifactSyncException">As <see cref="CollectAsync"/>.</exception>
    public async Task<SyncRun> VerifyAsync(
        VerifyRequest request, Func<ArtifactFinding, ValueTask> emit, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Target is not null)
        {
            CheckExisting(request.Target, request.Access, observer);
        }
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadWrite);
        var open = (string target) => TransportFactory.Open(target, Transport(request.Access, observer, dryRun: true));
        return await new VerifyRunner(archive, request, open, emit, observer).RunAsync(cancellationToken);
    }

    /// <summary>Puts right what was found. <paramref name="emit"/> gets each finding with what became of it.</summary>
    /// <exception cref="ArtifactSyncException">As <see cref="CollectAsync"/>.</exception>
    public async Task<SyncRun> RepairAsync(
        RepairRequest request, Func<ArtifactFinding, ValueTask> emit, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        foreach (var target in request.Targets)
        {
            CheckExisting(target, request.Access, observer);
        }
        using var archive = ArchiveDatabase.Open(options, request.WhatIf ? ArchiveMode.ReadOnly : ArchiveMode.ReadWrite);
        var open = (string target) => TransportFactory.Open(target, Transport(request.Access, observer, dryRun: request.WhatIf));
        return await new RepairRunner(archive, request, open, emit, observer).RunAsync(cancellationToken);
    }

    /// <summary>Moves the local store aside and makes own artifacts again.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound; OriginCloned.</exception>
    public async Task<SyncRun> ResetAsync(
        bool whatIf, Func<ArtifactFinding, ValueTask> emit, IRunObserver observer, CancellationToken cancellationToken)
    {
        using var archive = ArchiveDatabase.Open(options, whatIf ? ArchiveMode.ReadOnly : ArchiveMode.ReadWrite);
        return await new ResetRunner(archive, whatIf, emit, observer).RunAsync(cancellationToken);
    }

    /// <summary>Refused artifacts, in the order in which they were refused.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound.</exception>
    public IEnumerable<QuarantinedArtifact> GetQuarantined(QuarantineQuery query)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        foreach (var artifact in new QuarantineRunner(archive).Read(query))
        {
            yield return artifact;
        }
    }

    /// <summary>Takes a refused artifact back into the store.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound, ArtifactNotFound, and what the reception check says of its content.</exception>
    public QuarantinedArtifact RestoreQuarantined(long artifactId, bool whatIf, CancellationToken cancellationToken)
    {
        using var archive = ArchiveDatabase.Open(options, whatIf ? ArchiveMode.ReadOnly : ArchiveMode.ReadWrite);
        return new QuarantineRunner(archive).Restore(artifactId, whatIf, cancellationToken);
    }

    /// <summary>Removes a refused artifact and the verdict on it.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound, ArtifactNotFound.</exception>
    public QuarantinedArtifact RemoveQuarantined(long artifactId, bool whatIf, CancellationToken cancellationToken)
    {
        using var archive = ArchiveDatabase.Open(options, whatIf ? ArchiveMode.ReadOnly : ArchiveMode.ReadWrite);
        return new QuarantineRunner(archive).Remove(artifactId, whatIf, cancellationToken);
    }

    /// <summary>An exchange makes a folder that is not there; what is to be collected or read must be.</summary>
    private void CheckExisting(string target, TargetAccess access, IRunObserver observer)
    {
        TransportFactory.Check(target, Transport(access, observer, dryRun: true));
        if (TargetPath.IsFolder(target) && !Directory.Exists(target))
        {
            throw new ArtifactSyncException(ErrorCode.TargetNotFound, $"There is no folder '{target}'. Check the path, and that it is mounted.", target);
        }
    }

    private TransportOptions Transport(TargetAccess access, IRunObserver observer, bool dryRun) =>
        Transport(new ExchangeRequest { Target = "", Access = access }, observer, dryRun);
}
