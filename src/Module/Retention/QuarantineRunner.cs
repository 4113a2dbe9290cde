using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>Lists what was refused, takes it back into the store, or removes it for good.</summary>
internal sealed class QuarantineRunner(ArchiveDatabase archive)
{
    private readonly QuarantineFolder _folder = new(archive.QuarantineFolder);

    public IEnumerable<QuarantinedArtifact> Read(QuarantineQuery query)
    {
        var entries = query.ArtifactIds.Count > 0
            ? query.ArtifactIds.Select(id => QuarantineTable.Get(archive.Reader, id)).OfType<QuarantineEntry>()
            : QuarantineTable.List(archive.Reader);
        return entries.Where(entry => Matches(entry, query)).Select(entry => Of(entry, QuarantineStatus.Quarantined));
    }

    /// <summary>Puts the content back, if it passes the reception check; import judges it again with the next exchange.</summary>
    /// <exception cref="ArtifactSyncException">ArtifactNotFound: no such entry, or no content; what the reception check finds.</exception>
    public QuarantinedArtifact Restore(long id, bool whatIf, CancellationToken cancellationToken)
    {
        var entry = Require(id);
        if (entry.File.Length == 0)
        {
            throw new ArtifactSyncException(ErrorCode.ArtifactNotFound, $"The content of '{entry.Artifact}' was not kept; there is nothing to restore.", id);
        }
        if (whatIf)
        {
            return Of(entry, QuarantineStatus.Planned);
        }
        var store = new LocalStore(archive);
        using var batch = store.BeginBatch();
        Receive(batch, entry, cancellationToken);
        using var lease = Lease(cancellationToken);
        var refused = batch.Publish(cancellationToken).FirstOrDefault(static outcome => outcome.Error is not null).Error;
        if (refused is not null)
        {
            throw refused;
        }
        using (var transaction = lease.Begin())
        {
            batch.Catalog(transaction.Db);
            QuarantineTable.Remove(transaction.Db, id);
            if (entry.Artifact.Origin != OriginAdoption.Current(transaction.Db))
            {
                IngestTable.MarkPending(transaction.Db, entry.Artifact.Origin, content: true, metadata: true, archive.Clock.GetUtcNow());
            }
            transaction.Commit();
        }
        archive.Options.Checkpoint("quarantine:restored");
        _folder.Delete(entry.File); // left behind by a kill it is a file that nothing speaks of
        return Of(entry, QuarantineStatus.Restored);
    }

    /// <summary>Removes content and verdict: a target that has the artifact may send it again.</summary>
    /// <exception cref="ArtifactSyncException">ArtifactNotFound.</exception>
    public QuarantinedArtifact Remove(long id, bool whatIf, CancellationToken cancellationToken)
    {
        var entry = Require(id);
        if (whatIf)
        {
            return Of(entry, QuarantineStatus.Planned);
        }
        using var lease = Lease(cancellationToken);
        using var transaction = lease.Begin();
        if (entry.Artifact.Kind == ArtifactKind.Checkpoints)
        {
            // Its number was used, wherever it lies (spec 6.5).
            PublicationTable.RaiseFloor(transaction.Db, entry.Artifact.Origin, ArtifactName.Sequence(entry.Artifact));
        }
        if (entry.File.Length > 0)
        {
            _folder.Delete(entry.File);
        }
        QuarantineTable.Remove(transaction.Db, id);
        TargetTable.ForgetListing(transaction.Db, entry.Artifact.Origin, entry.Artifact.Kind);
        transaction.Commit();
        return Of(entry, QuarantineStatus.Removed);
    }

    private Lease Lease(CancellationToken cancellationToken) => archive.AcquireLease("quarantine", archive.Options.LeaseTimeout, cancellationToken);

    private void Receive(StoreBatch batch, QuarantineEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            using var wire = FolderIO.OpenRead(_folder.PathOf(entry.File));
            batch.Receive(entry.Artifact, wire, cancellationToken);
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Reading(error, _folder.PathOf(entry.File), FolderUse.Private);
        }
    }

    private QuarantineEntry Require(long id) => QuarantineTable.Get(archive.Reader, id) ?? throw new ArtifactSyncException(
        ErrorCode.ArtifactNotFound, $"There is no artifact {id} in the quarantine. Get-QuarantinedArtifact lists them.", id);

    private static bool Matches(QuarantineEntry entry, QuarantineQuery query) =>
        (query.Origin is null || System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(query.Origin, entry.Artifact.Origin, ignoreCase: true))
        && (query.Kind is null || query.Kind == entry.Artifact.Kind)
        && !(entry.At < query.Since) && !(entry.At > query.Until);

    private QuarantinedArtifact Of(QuarantineEntry entry, QuarantineStatus status) => new()
    {
        ArtifactId = entry.Qid,
        Origin = entry.Artifact.Origin,
        Kind = entry.Artifact.Kind,
        Name = entry.Artifact.Name,
        Sha256 = entry.Sha256,
        Size = entry.WireSize,
        HasContent = entry.File.Length > 0,
        Path = entry.File.Length > 0 ? _folder.PathOf(entry.File) : null,
        Reason = entry.Reason,
        QuarantinedAt = entry.At,
        Status = status,
        ErrorCode = entry.Code.ToString(),
        RecommendedAction = ErrorCatalog.Action(entry.Code),
        ArchivePath = archive.Folder,
    };
}
