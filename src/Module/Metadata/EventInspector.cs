using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>Judges the bytes of a stored event (spec 9.7, steps 4-9a); pure.</summary>
internal static class EventInspector
{
    public static InspectedEvent Inspect(ArtifactRef artifact, ReadOnlySpan<byte> decoded, string ownOrigin)
    {
        MetadataEvent document;
        try
        {
            (long version, string? hlc) = EventDocument.Peek(decoded);
            if (version > WireFormat.Portable.EventVersion)
            {
                return Future(artifact, hlc);
            }

            document = EventDocument.Read(decoded);
            if (!EventDocument.IsCanonical(document, decoded))
            {
                return Quarantine(artifact, ErrorCode.DocumentNotCanonical, "its bytes are not in canonical form");
            }
        }
        catch (ArtifactSyncException error) when (error.Code is ErrorCode.DocumentInvalid or ErrorCode.DocumentLimitExceeded)
        {
            return Quarantine(artifact, error.Code, error.Message);
        }

        return Project(artifact, document, ownOrigin);
    }

    private static InspectedEvent Project(ArtifactRef artifact, MetadataEvent document, string ownOrigin)
    {
        string prefix = ArtifactName.HlcText(artifact);
        if (!Hlc.TryParse(prefix, out Hlc clock) || document.Hlc != prefix)
        {
            return Reject(artifact, ErrorCode.EventInvalid, $"its clock '{Shown(document.Hlc)}' is not the valid one that its name bears");
        }

        if (document.Origin != artifact.Origin || document.SessionGid.Length == 0 || document.Version != WireFormat.Portable.EventVersion)
        {
            return Reject(artifact, ErrorCode.EventInvalid, "its version, origin or session is wrong");
        }

        EventProjection projection = EventProjection.Of(document);
        return projection.Status switch
        {
            EventProjectionStatus.UnknownOp =>
                Reject(artifact, ErrorCode.EventUnknownOp, $"its operation '{Shown(document.Op)}' is unknown"),
            EventProjectionStatus.NotProjectable =>
                Reject(artifact, ErrorCode.EventInvalid, $"its {document.Op} has no usable value or pin"),
            _ when Gid.ToLocal(ownOrigin, document.SessionGid).Length == 0 =>
                Reject(artifact, ErrorCode.EventInvalid, "it names a session of this archive without an id"),
            _ => new InspectedEvent(artifact, EventVerdict.Apply, clock, Entry(artifact, document, projection)),
        };
    }

    private static RegisterEntry Entry(ArtifactRef artifact, MetadataEvent document, EventProjection projection) => new(
        document.SessionGid, projection.Field, ArtifactName.OrderKey(artifact), document.Hlc, ArtifactName.Sha256(artifact)!,
        document.Origin, document.Op, projection.Value);

    private static InspectedEvent Future(ArtifactRef artifact, string? hlc)
    {
        Hlc? clock = hlc == ArtifactName.HlcText(artifact) && Hlc.TryParse(hlc, out Hlc value) ? value : null;
        return new InspectedEvent(
            artifact, EventVerdict.Future, clock, Code: ErrorCode.FutureVersion,
            Reason: "it was written by a newer version; update this module to apply it");
    }

    private static InspectedEvent Quarantine(ArtifactRef artifact, ErrorCode code, string reason) =>
        new(artifact, EventVerdict.Quarantine, Code: code, Reason: reason);

    private static InspectedEvent Reject(ArtifactRef artifact, ErrorCode code, string reason) =>
        new(artifact, EventVerdict.QuarantineApplied, Code: code, Reason: reason);

    private static string Shown(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
