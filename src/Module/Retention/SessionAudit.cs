using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>
/// Reads a session of the local store as import would (spec 7.3): manifest, segments, what they add up to, the raw source.
/// </summary>
internal sealed class SessionAudit(LocalStore store, Database db, CancellationToken cancellationToken)
{
    /// <summary>Throws at the first thing that is not as it must be; its target is the artifact.</summary>
    /// <exception cref="ArtifactSyncException">ArtifactMissing, HashMismatch, ArtifactCorrupt, FutureVersion, DocumentInvalid and its kin.</exception>
    public void Require(string gid, ArtifactRef manifestName)
    {
        var entry = Find(manifestName);
        if (ImportCheck.Manifest(manifestName, ArtifactReader.ReadDocument(store, entry), gid, out var manifest) == ImportVerdict.Future)
        {
            throw Future(manifestName);
        }
        var totals = new SessionTotals(manifestName);
        foreach (var sha256 in manifest!.Segments)
        {
            var segment = Find(ArtifactName.Segment(manifestName.Origin, sha256));
            using var decoded = ArtifactReader.OpenVerified(store, segment);
            foreach (var _ in ImportCheck.Segment(segment.Artifact, decoded, totals))
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        if (manifest.RawSource is { Hash.Length: > 0 } raw)
        {
            var source = Find(ArtifactName.Raw(manifestName.Origin, raw.Hash));
            if (source.Size != raw.Size || !ArtifactReader.IsIntact(store, source, cancellationToken))
            {
                throw ArtifactReader.Mismatch(source);
            }
        }
    }

    private CatalogEntry Find(ArtifactRef artifact) => CatalogTable.Find(db, artifact) ?? throw new ArtifactSyncException(
        ErrorCode.ArtifactMissing, $"'{artifact}' is needed and not here.", artifact.Path);

    private static ArtifactSyncException Future(ArtifactRef artifact) => new(
        ErrorCode.FutureVersion, $"'{artifact}' was written by a later version.", artifact.Path);
}
