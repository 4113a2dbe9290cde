using System.Security.Cryptography;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>An event ready to be published, and the edit as every reader of its bytes will see it.</summary>
internal sealed record StampedEvent(ArtifactRef Artifact, byte[] Bytes, RegisterEntry Entry);

/// <summary>Gives events of this machine their stamp, bytes and name (spec 9.4, step 2).</summary>
internal static class EventStamper
{
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.DocumentLimitExceeded"/>: title or note too long; what <see cref="ArchiveClock.Next"/> throws.
    /// </exception>
    public static StampedEvent Stamp(MetadataEvent document, string origin, ArchiveClock clock)
    {
        document.Version = WireFormat.Portable.EventVersion;
        document.Hlc = clock.Next().ToString();
        document.Origin = origin;
        byte[] bytes = EventDocument.Encode(document);
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        ArtifactRef artifact = ArtifactName.Meta(origin, $"{document.Hlc}-{sha256}");

        // What others will read, not what was meant, makes the register.
        InspectedEvent seen = EventInspector.Inspect(artifact, bytes, origin);
        return new StampedEvent(artifact, bytes, seen.Entry ?? throw new ArtifactSyncException(
            seen.Code!.Value, $"The edit of session {document.SessionGid} can't be published: {seen.Reason}.", document.SessionGid));
    }
}
