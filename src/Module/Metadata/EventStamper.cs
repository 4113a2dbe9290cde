using System.Security.Cryptography;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>An event ready to be published.</summary>
internal sealed record StampedEvent(ArtifactRef Artifact, byte[] Bytes, RegisterEntry Entry);

/// <summary>Gives events of this machine their stamp, bytes and name (spec 9.4, step 2) inside a write transaction.</summary>
internal sealed class EventStamper(Database db, TimeProvider wall, string? origin)
{
    private readonly ArchiveClock _clock = new(db, wall);

    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.DocumentLimitExceeded"/>: title or note too long; what <see cref="ArchiveClock.Next"/> throws.
    /// </exception>
    public StampedEvent Stamp(MetadataEvent document)
    {
        string author = origin ?? throw new ArtifactSyncException(
            ErrorCode.OriginMissing, "The archive has no origin yet; synchronise it with -Initialize first.");
        document.Hlc = _clock.Next().ToString();
        document.Origin = author;
        byte[] bytes = EventDocument.Encode(document);
        if (bytes.Length > Limits.EventBytes)
        {
            throw new ArtifactSyncException(
                ErrorCode.DocumentLimitExceeded, $"The title or note of session {document.SessionGid} is longer than an event may be.",
                document.SessionGid);
        }

        string sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        ArtifactRef artifact = ArtifactName.Meta(author, $"{document.Hlc}-{sha256}");

        // What others will read, not what was meant, makes the register.
        InspectedEvent seen = EventInspector.Inspect(artifact, bytes, author);
        return new StampedEvent(artifact, bytes, seen.Entry ?? throw new ArtifactSyncException(
            ErrorCode.EventInvalid, $"The edit of session {document.SessionGid} can't be published: {seen.Reason}.", document.SessionGid));
    }

    /// <summary>Notes what is about to be published and stores the clock; the caller commits.</summary>
    public void Complete(IEnumerable<StampedEvent> events)
    {
        foreach (StampedEvent stamped in events)
        {
            MetadataTable.AddIntent(db, stamped.Entry);
        }

        _clock.Save();
    }
}
