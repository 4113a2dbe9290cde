using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>Rules of the format that reception leaves to import: canonical form and the like. Later versions have their own.</summary>
internal static class ContentCheck
{
    /// <summary>Of an intact artifact of the local store.</summary>
    /// <exception cref="ArtifactSyncException">DocumentInvalid, DocumentNotCanonical, DocumentLimitExceeded.</exception>
    public static void Require(CatalogEntry entry, LocalStore store, CancellationToken cancellationToken)
    {
        // The reception noted what import would find in a segment.
        if (entry.Artifact.Kind == ArtifactKind.Segments)
        {
            if (entry.ImportFault is { } code and not ErrorCode.FutureVersion)
            {
                throw new ArtifactSyncException(code, $"'{entry.Artifact}' can't be imported ({code}).", entry.Artifact.Path);
            }
            return;
        }
        if (entry.Artifact.Kind != ArtifactKind.Raw)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Require(entry.Artifact, ArtifactReader.ReadDocument(store, entry));
        }
    }

    /// <summary>Of the decoded bytes of a checkpoint, manifest or event.</summary>
    public static void Require(ArtifactRef artifact, ReadOnlyMemory<byte> decoded)
    {
        switch (artifact.Kind)
        {
            case ArtifactKind.Checkpoints:
                ImportCheck.Checkpoint(artifact, decoded, out _);
                break;
            case ArtifactKind.Manifests when ManifestDocument.Header(decoded.Span).Version <= WireFormat.Portable.ManifestVersion:
                ImportCheck.Manifest(artifact, decoded, Gid.Join(artifact.Origin, ManifestDocument.Read(decoded.Span).NativeSessionId), out _);
                break;
            case ArtifactKind.Meta when EventDocument.Peek(decoded.Span).Version <= WireFormat.Portable.EventVersion:
                if (!EventDocument.IsCanonical(EventDocument.Read(decoded.Span), decoded.Span))
                {
                    throw new ArtifactSyncException(ErrorCode.DocumentNotCanonical, $"'{artifact}' is not in canonical form.", artifact.Path);
                }
                break;
            default:
                break;
        }
    }
}
