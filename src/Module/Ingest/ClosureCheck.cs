using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Ingest;

/// <summary>
/// Whether everything that a checkpoint newly refers to is here and importable (spec 7.2 step 6, 7.3). What is invalid goes
/// to the quarantine. The first that is not whole ends the check: what follows may be named wrongly by this very checkpoint.
/// </summary>
internal sealed class ClosureCheck(ExchangeContext context)
{
    public bool IsComplete(IReadOnlyList<KeyValuePair<string, string>> sessions, CancellationToken cancellationToken)
    {
        foreach (var (gid, manifest) in sessions)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!IsComplete(gid, manifest, cancellationToken))
            {
                return false;
            }
        }
        return true;
    }

    /// <param name="welcome">The content is not to blame: it may come again.</param>
    public void Quarantine(CatalogEntry entry, ArtifactSyncException fault, CancellationToken cancellationToken, bool welcome = false)
    {
        using (var lease = context.AcquireLease(cancellationToken))
        using (var transaction = lease.Begin())
        {
            context.Store.Quarantine(transaction.Db, entry.Artifact, welcome ? null : entry.Sha256, fault.Code, fault.Message);
            transaction.Commit();
        }
        context.Run.Quarantined("artifact", entry.Artifact.Path, "ingest", fault.Code, fault.Message);
    }

    private bool IsComplete(string gid, string sha256, CancellationToken cancellationToken)
    {
        var origin = Gid.Split(gid).Origin;
        if (context.Store.Find(ArtifactName.Manifest(origin, sha256)) is not { } entry)
        {
            Want(ArtifactName.Manifest(origin, sha256), cancellationToken);
            return false;
        }
        ReadOnlyMemory<byte> decoded = default;
        try
        {
            decoded = ArtifactReader.ReadDocument(context.Store, entry);
            return ImportCheck.Manifest(entry.Artifact, decoded, gid, out var manifest) == ImportVerdict.Ok
                && HasSegments(entry, manifest!, cancellationToken);
        }
        catch (ArtifactSyncException fault) when (Faults.IsInvalid(fault.Code))
        {
            Quarantine(entry, fault, cancellationToken, welcome: IsAnotherSession(entry.Artifact, decoded, gid));
        }
        catch (ArtifactSyncException fault) when (Faults.IsDamage(fault.Code))
        {
            StoreDamage.Report(context, entry, cancellationToken);
        }
        return false;
    }

    /// <summary>
    /// A manifest that another checkpoint named wrongly was put away; named again, it is to be fetched although nothing
    /// changed where it lies.
    /// </summary>
    private void Want(ArtifactRef manifest, CancellationToken cancellationToken)
    {
        if (!QuarantineTable.Find(context.Archive.Reader, manifest).Any() || context.Store.IsQuarantined(manifest))
        {
            return;
        }
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        TargetTable.ForgetListing(transaction.Db, manifest.Origin, manifest.Kind);
        transaction.Commit();
    }

    /// <summary>
    /// Whether a manifest is good, but of another session than the checkpoint says. It leaves the store like an invalid one
    /// (spec 13, row 16), yet a checkpoint that names it rightly must be able to get it back.
    /// </summary>
    private static bool IsAnotherSession(ArtifactRef artifact, ReadOnlyMemory<byte> decoded, string gid)
    {
        try
        {
            var own = Gid.Join(artifact.Origin, ManifestDocument.Read(decoded.Span).NativeSessionId);
            return own != gid && ImportCheck.Manifest(artifact, decoded, own, out _) == ImportVerdict.Ok;
        }
        catch (ArtifactSyncException fault) when (Faults.IsInvalid(fault.Code))
        {
            return false;
        }
    }

    private bool HasSegments(CatalogEntry manifestEntry, Manifest manifest, CancellationToken cancellationToken)
    {
        var entries = manifest.Segments.ConvertAll(sha256 => context.Store.Find(ArtifactName.Segment(manifest.Origin, sha256)));
        if (entries.Contains(null))
        {
            return false;
        }
        var complete = true;
        foreach (var entry in entries)
        {
            // The reception found in its one pass what import would meet.
            if (entry!.ImportFault is not { } code)
            {
                continue;
            }
            complete = false;
            if (code != ErrorCode.FutureVersion)
            {
                Quarantine(entry, new ArtifactSyncException(code, $"The segment '{entry.Artifact}' can't be imported ({code})."), cancellationToken);
            }
        }
        // Totals and repeated ordinals of one segment are settled; only several together need to be read for them.
        return complete && (entries.Count == 1 || HasValidTotals(manifestEntry, entries!, cancellationToken));
    }

    private bool HasValidTotals(CatalogEntry manifestEntry, IReadOnlyList<CatalogEntry> segments, CancellationToken cancellationToken)
    {
        var totals = new SessionTotals(manifestEntry.Artifact);
        foreach (var entry in segments)
        {
            try
            {
                using var decoded = ArtifactReader.OpenVerified(context.Store, entry);
                foreach (var _ in ImportCheck.Segment(entry.Artifact, decoded, totals))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
            catch (ArtifactSyncException fault) when (Faults.IsInvalid(fault.Code) && ArtifactReader.IsIntact(context.Store, entry, cancellationToken))
            {
                Quarantine(Equals(fault.Target, manifestEntry.Artifact.Path) ? manifestEntry : entry, fault, cancellationToken);
                return false;
            }
            catch (ArtifactSyncException fault) when (Faults.IsDamage(fault.Code) || Faults.IsInvalid(fault.Code))
            {
                StoreDamage.Report(context, entry, cancellationToken);
                return false;
            }
        }
        return true;
    }
}
