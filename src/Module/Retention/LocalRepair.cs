using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>
/// Heals the local store: permissions are set, damaged and missing artifacts fetched from the targets in turn, own ones made
/// again from the archive, the rest put into the quarantine. Before anything is touched the ledger knows what is wanted, so
/// that an exchange goes on where a kill ended this.
/// </summary>
internal sealed class LocalRepair(ExchangeContext context, FindingSink sink)
{
    private const int FetchBatch = 500;

    private readonly LocalStore _store = context.Store;
    private readonly Dictionary<ArtifactRef, ArtifactFinding> _open = [];

    /// <summary>What is still to be healed.</summary>
    public bool IsDone => _open.Count == 0;

    /// <summary>Sets aside what has no place here and takes note of the rest.</summary>
    public async Task BeginAsync(IEnumerable<ArtifactFinding> findings, CancellationToken cancellationToken)
    {
        foreach (var finding in findings)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (finding.Problem == ArtifactProblem.Stray || !TryParse(finding, out var artifact))
            {
                await PutAwayAsync(finding);
            }
            else if (finding.Problem != ArtifactProblem.Permissions || !await SetModeAsync(finding, artifact, cancellationToken))
            {
                // Missing from the catalog and lying there all the same: the latter is what helps.
                if (!_open.TryGetValue(artifact, out var known) || known.Problem != ArtifactProblem.Uncatalogued)
                {
                    _open[artifact] = finding;
                }
            }
        }
        await AdoptAsync(cancellationToken);
        await RefuseAsync(cancellationToken);
        await RequestAsync(cancellationToken);
        context.Options.Checkpoint("repair:requested");
    }

    /// <summary>Fetches what a target has.</summary>
    public async Task FetchAsync(ITransport transport, CancellationToken cancellationToken)
    {
        foreach (var chunk in _open.Keys.ToList().Chunk(FetchBatch))
        {
            using var batch = _store.BeginBatch();
            foreach (var artifact in chunk)
            {
                await ReceiveAsync(transport, batch, artifact, cancellationToken);
            }
            context.Options.Checkpoint("repair:fetched");
            foreach (var outcome in Keep(batch, cancellationToken))
            {
                if (outcome.Error is null)
                {
                    sink.Counters.Healed++;
                    await CloseAsync(outcome.Artifact, FindingAction.Refetched, $"'{outcome.Artifact}' was fetched from '{transport.Name}'.");
                }
            }
        }
    }

    /// <summary>Makes own artifacts again.</summary>
    public async Task RepublishAsync(CancellationToken cancellationToken)
    {
        var own = _open.Keys.Where(artifact => artifact.Origin == context.OwnOrigin).ToList();
        if (own.Count == 0 || OriginAdoption.CloneFault(context.Archive.Reader, context.Options.Machine) is not null)
        {
            return;
        }
        new OwnArtifacts(context, context.OwnOrigin!).Restore(own, cancellationToken);
        foreach (var artifact in own)
        {
            if (_store.Find(artifact) is { } entry && ArtifactReader.IsIntact(_store, entry, cancellationToken))
            {
                sink.Counters.Republished++;
                await CloseAsync(artifact, FindingAction.Republished, $"'{artifact}' was made again from the archive.");
            }
        }
    }

    /// <summary>What nobody has goes out of the way; a good copy is taken when it comes.</summary>
    public async Task QuarantineRestAsync(CancellationToken cancellationToken)
    {
        foreach (var (artifact, finding) in _open.ToList())
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool hasFile = false;
            bool isSound;
            using (var lease = context.AcquireLease(cancellationToken))
            using (var transaction = lease.Begin())
            {
                // An exchange of another process may have healed it while we looked elsewhere.
                isSound = _store.Find(artifact, transaction.Db) is { } entry && ArtifactReader.IsIntact(_store, entry, cancellationToken);
                if (!isSound)
                {
                    hasFile = PutAway(transaction.Db, artifact, finding);
                    context.Options.Checkpoint("repair:quarantining");
                    transaction.Commit();
                }
            }
            if (isSound)
            {
                await CloseAsync(artifact, FindingAction.Refetched, $"'{artifact}' is sound; something else repaired it.");
                continue;
            }
            sink.Counters.Quarantined += hasFile ? 1 : 0;
            await CloseAsync(artifact, hasFile ? FindingAction.Quarantined : FindingAction.Awaited,
                $"No good copy of '{artifact}' is to be had; it is fetched by the next exchange with a target that has it.");
        }
    }

    /// <summary>False: there was no file.</summary>
    private bool PutAway(Database db, ArtifactRef artifact, ArtifactFinding finding)
    {
        var hasFile = LocalFiles.Stat(_store.PathOf(artifact)) is { Type: EntryType.File };
        if (hasFile)
        {
            _store.Quarantine(db, artifact, null, ErrorCode.ArtifactCorrupt, finding.ErrorMessage ?? "It was damaged.");
        }
        CatalogTable.Remove(db, artifact);
        QuarantineTable.Repaired(db, artifact);
        TargetTable.ForgetListing(db, artifact.Origin, artifact.Kind);
        return hasFile;
    }

    private async Task PutAwayAsync(ArtifactFinding finding)
    {
        var path = Path.GetFullPath(Path.Combine(context.Archive.ArtifactsFolder, finding.Name));
        if (!path.StartsWith(context.Archive.ArtifactsFolder + Path.DirectorySeparatorChar, StringComparison.Ordinal) || LocalFiles.Stat(path) is null)
        {
            return; // gone meanwhile; or a finding that nobody made
        }
        var kept = _store.Quarantined.TakeStray(path);
        sink.Counters.Quarantined++;
        await sink.TellAsync(finding with { Action = FindingAction.Quarantined, ErrorMessage = $"'{path}' was moved to '{kept}'." });
    }

    /// <summary>True: that was all that was wrong.</summary>
    private async Task<bool> SetModeAsync(ArtifactFinding finding, ArtifactRef artifact, CancellationToken cancellationToken)
    {
        if (!StoreMode.TryRepair(_store.PathOf(artifact), FolderUse.Private)
            || _store.Find(artifact) is not { } entry || !ArtifactReader.IsIntact(_store, entry, cancellationToken))
        {
            return false;
        }
        await sink.TellAsync(finding with { Action = FindingAction.PermissionsSet, ErrorMessage = $"'{artifact}' is private to its owner again." });
        return true;
    }

    /// <summary>Good files that the catalog did not name enter it.</summary>
    private async Task AdoptAsync(CancellationToken cancellationToken)
    {
        foreach (var artifact in _open.Where(static open => open.Value.Problem == ArtifactProblem.Uncatalogued).Select(static open => open.Key).ToList())
        {
            using var batch = _store.BeginBatch();
            try
            {
                using var wire = FolderIO.OpenRead(_store.PathOf(artifact));
                batch.Receive(artifact, wire, cancellationToken);
            }
            catch (Exception fault) when (FolderErrors.IsFileFault(fault) || (fault is ArtifactSyncException known && !Faults.EndsRun(known.Code)))
            {
                continue; // no artifact: the quarantine is its place
            }
            StoreMode.TryRepair(_store.PathOf(artifact), FolderUse.Private);
            Keep(batch, cancellationToken);
            await CloseAsync(artifact, FindingAction.Catalogued, $"'{artifact}' entered the catalog.");
        }
    }

    /// <summary>Content that breaks a rule breaks it in every copy.</summary>
    private async Task RefuseAsync(CancellationToken cancellationToken)
    {
        foreach (var (artifact, finding) in _open.Where(static open => open.Value.Problem == ArtifactProblem.Invalid).ToList())
        {
            using (var lease = context.AcquireLease(cancellationToken))
            using (var transaction = lease.Begin())
            {
                var code = Enum.TryParse<ErrorCode>(finding.ErrorCode, out var known) ? known : ErrorCode.DocumentInvalid;
                _store.Quarantine(transaction.Db, artifact, _store.Find(artifact, transaction.Db)?.Sha256, code, finding.ErrorMessage ?? "It is invalid.");
                transaction.Commit();
            }
            sink.Counters.Quarantined++;
            await CloseAsync(artifact, FindingAction.Quarantined, $"'{artifact}' breaks a rule of the format and was put away.");
        }
    }

    private async Task RequestAsync(CancellationToken cancellationToken)
    {
        foreach (var artifact in _open.Keys.ToList())
        {
            var path = _store.PathOf(artifact);
            if (LocalFiles.Stat(path) is { Type: not EntryType.File })
            {
                _store.Quarantined.TakeStray(path); // a link or a folder bears the name
            }
            if (_open[artifact].Problem is ArtifactProblem.Missing or ArtifactProblem.Damaged && IsGoodAgain(artifact, cancellationToken))
            {
                await CloseAsync(artifact, FindingAction.Refetched, $"'{artifact}' is sound; something else repaired it.");
            }
        }
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        foreach (var artifact in _open.Keys)
        {
            if (_store.Find(artifact, transaction.Db) is { } entry)
            {
                _store.RequestRepair(transaction.Db, entry);
            }
        }
        transaction.Commit();
    }

    private bool IsGoodAgain(ArtifactRef artifact, CancellationToken cancellationToken) =>
        _store.Find(artifact) is { } entry && ArtifactReader.IsIntact(_store, entry, cancellationToken);

    private async Task ReceiveAsync(ITransport transport, StoreBatch batch, ArtifactRef artifact, CancellationToken cancellationToken)
    {
        try
        {
            await using var wire = await transport.OpenReadAsync(artifact, cancellationToken);
            batch.Receive(artifact, wire, cancellationToken);
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            context.Observer.Verbose($"'{transport.Name}' has no good copy: {fault.Message}");
        }
    }

    private List<StoreOutcome> Keep(StoreBatch batch, CancellationToken cancellationToken)
    {
        var outcomes = batch.Publish(cancellationToken);
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        batch.Catalog(transaction.Db);
        foreach (var origin in outcomes.Select(static outcome => outcome.Artifact.Origin).Distinct(StringComparer.Ordinal).Where(origin => origin != context.OwnOrigin))
        {
            IngestTable.MarkPending(transaction.Db, origin, content: true, metadata: true, context.Archive.Clock.GetUtcNow());
        }
        transaction.Commit();
        context.Options.Checkpoint("repair:catalogued");
        return [.. outcomes];
    }

    private async Task CloseAsync(ArtifactRef artifact, FindingAction action, string message)
    {
        if (_open.Remove(artifact, out var finding))
        {
            await sink.TellAsync(finding with { Action = action, ErrorMessage = message, RecommendedAction = null });
        }
    }

    private static bool TryParse(ArtifactFinding finding, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ArtifactRef? artifact)
    {
        artifact = null;
        return finding.Kind is { } kind && ArtifactName.TryParse(finding.Origin, kind, finding.Name, out artifact);
    }
}
