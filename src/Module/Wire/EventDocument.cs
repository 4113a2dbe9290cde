using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>Metadata events (spec 4.10).</summary>
internal static class EventDocument
{
    /// <summary>Canonical bytes with final LF.</summary>
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.DocumentInvalid"/> when the value is not JSON, <see cref="ErrorCode.DocumentLimitExceeded"/> above 16 MiB.
    /// </exception>
    public static byte[] Encode(MetadataEvent metadataEvent)
    {
        byte[] encoded = WireDocument.Encode(WireFormat.Portable.Event, metadataEvent);
        WireLimit.Require(encoded.Length <= Limits.EventBytes, "bytes in an event", Limits.EventBytes);
        return encoded;
    }

    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.DocumentInvalid"/>.</exception>
    public static MetadataEvent Read(ReadOnlySpan<byte> decoded) => WireDocument.Read(WireFormat.Portable.Event, decoded);

    /// <summary>
    /// The version and, where it is a string, the clock text, whatever the other members hold: all that is sure about a later
    /// version (spec 9.7, steps 4 and 5).
    /// </summary>
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.DocumentInvalid"/> when it is no JSON object or its version no integer.
    /// </exception>
    public static (long Version, string? Hlc) Peek(ReadOnlySpan<byte> decoded)
    {
        DocumentHeader header = WireDocument.Read(WireFields.EventHeader, decoded);
        return (header.Version, header.Hlc);
    }

    /// <summary>The canonical object of a pin without LF, which is its register value (spec 9.2).</summary>
    public static string PinText(Pin pin) => WireDocument.Text(WireFields.PinShape, pin);

    /// <summary>Whether an event re-encodes to the bytes it was read from (spec 9.7, step 6).</summary>
    public static bool IsCanonical(MetadataEvent metadataEvent, ReadOnlySpan<byte> decoded) =>
        WireDocument.IsCanonical(WireFormat.Portable.Event, metadataEvent, decoded);
}
