using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

internal static class CheckpointDocument
{
    /// <summary>Canonical bytes with final LF; sessions must be sorted by the UTF-8 bytes of their gid, each once.</summary>
    public static byte[] Encode(Checkpoint checkpoint) => throw new NotSupportedException(nameof(Encode));

    /// <summary>Streams a checkpoint; sessions as in <see cref="Encode"/>.</summary>
    public static void Write(CanonicalWriter writer, long version, string origin, long sequence, IEnumerable<KeyValuePair<string, string>> sessions) =>
        throw new NotSupportedException(nameof(Write));

    /// <summary>The session map alone as canonical object and LF, which change detection hashes (spec 6.4).</summary>
    public static void WriteSessions(CanonicalWriter writer, IEnumerable<KeyValuePair<string, string>> sessions) =>
        throw new NotSupportedException(nameof(WriteSessions));

    public static Checkpoint Read(ReadOnlySpan<byte> decoded) => throw new NotSupportedException(nameof(Read));
}

internal static class ManifestDocument
{
    public static byte[] Encode(Manifest manifest) => throw new NotSupportedException(nameof(Encode));

    public static Manifest Read(ReadOnlySpan<byte> decoded) => throw new NotSupportedException(nameof(Read));
}

internal static class MessageDocument
{
    /// <summary>One canonical line of a segment, LF included.</summary>
    public static void Write(CanonicalWriter writer, MessageRecord message) => throw new NotSupportedException(nameof(Write));

    public static MessageRecord Read(ReadOnlySpan<byte> line) => throw new NotSupportedException(nameof(Read));
}

internal static class EventDocument
{
    public static byte[] Encode(MetadataEvent metadataEvent) => throw new NotSupportedException(nameof(Encode));

    public static MetadataEvent Read(ReadOnlySpan<byte> decoded) => throw new NotSupportedException(nameof(Read));

    /// <summary>
    /// The version and, where it is a string, the clock text, whatever the other members hold: all that is sure about a later
    /// version (spec 9.7, steps 4 and 5). DocumentInvalid when it is no JSON object or its version no integer.
    /// </summary>
    public static (long Version, string? Hlc) Peek(ReadOnlySpan<byte> decoded) => throw new NotSupportedException(nameof(Peek));

    /// <summary>The canonical object of a pin without LF (register value, spec 9.2).</summary>
    public static string PinText(Pin pin) => throw new NotSupportedException(nameof(PinText));
}

/// <summary>Streaming zstd (spec 5.5).</summary>
internal interface IZstdCodec
{
    Stream Compress(Stream destination, bool leaveOpen);

    Stream Decompress(Stream source, bool leaveOpen);
}

internal static class ZstdCodec
{
    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.NativeLibraryMissing"/>, naming the paths tried.</exception>
    public static IZstdCodec Default => throw new NotSupportedException(nameof(Default));
}

internal static class ArtifactCodec
{
    /// <summary>The decoded bytes of an artifact, within the limits of spec 12.</summary>
    /// <exception cref="ArtifactSyncException">
    /// While reading: <see cref="ErrorCode.ArtifactTooLarge"/>, <see cref="ErrorCode.ArtifactCorrupt"/>.
    /// </exception>
    public static Stream OpenDecoded(ArtifactKind kind, Stream wire) => throw new NotSupportedException(nameof(OpenDecoded));
}

/// <summary>
/// One pass from canonical bytes to an artifact: counts and hashes what is written, compresses it to the destination.
/// Disposing without <see cref="Finish"/> leaves an incomplete artifact behind.
/// </summary>
internal sealed class ArtifactEncoder : IDisposable
{
    public ArtifactEncoder(ArtifactKind kind, Stream destination) => throw new NotSupportedException($"{kind} {destination}");

    /// <summary>Decoded bytes so far.</summary>
    public long Size { get; private set; }

    public void Write(ReadOnlySpan<byte> decoded) => Size += decoded.Length;

    /// <summary>Completes the artifact; the destination is flushed, not closed.</summary>
    public ArtifactIdentity Finish() => throw new NotSupportedException($"{Size}");

    public void Dispose() => Size = 0;
}

/// <summary>What every receiver checks before it stores an artifact (spec 10.2).</summary>
internal static class ReceptionCheck
{
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.HashMismatch"/>, <see cref="ErrorCode.ArtifactCorrupt"/>, <see cref="ErrorCode.ArtifactTooLarge"/>,
    /// <see cref="ErrorCode.DocumentInvalid"/> or <see cref="ErrorCode.DocumentLimitExceeded"/>; the target is the artifact.
    /// </exception>
    public static ArtifactInfo Verify(ArtifactRef artifact, Stream wire, CancellationToken cancellation) =>
        throw new NotSupportedException($"{artifact} {wire} {cancellation.CanBeCanceled}");
}

internal enum ImportVerdict
{
    Ok,

    /// <summary>A version above ours: kept, not imported.</summary>
    Future,
}

/// <summary>
/// What import checks beyond reception (spec 7.2, 7.3). Whatever is invalid is an exception whose target is the
/// <see cref="ArtifactRef"/> to quarantine, with <see cref="ErrorCode.DocumentInvalid"/>,
/// <see cref="ErrorCode.DocumentNotCanonical"/> or <see cref="ErrorCode.DocumentLimitExceeded"/>.
/// </summary>
internal static class ImportCheck
{
    public static ImportVerdict Checkpoint(ArtifactRef artifact, ReadOnlyMemory<byte> decoded, out Checkpoint? checkpoint) =>
        throw new NotSupportedException($"{artifact} {decoded.Length}");

    public static ImportVerdict Manifest(ArtifactRef artifact, ReadOnlyMemory<byte> decoded, string gid, out Manifest? manifest) =>
        throw new NotSupportedException($"{artifact} {decoded.Length} {gid}");

    /// <summary>
    /// Streams the messages of a segment. <see cref="ErrorCode.FutureVersion"/> is thrown for a segment of a later version,
    /// possibly after messages were yielded: import inside a transaction.
    /// </summary>
    public static IEnumerable<MessageRecord> Segment(ArtifactRef artifact, Stream decoded, SessionTotals totals) =>
        throw new NotSupportedException($"{artifact} {decoded} {totals.Bytes}");
}

/// <summary>What the segments of one session add up to, so that limits and repetitions across them show (spec 5.3, 7.3).</summary>
internal sealed class SessionTotals
{
    /// <param name="manifest">The artifact to blame when the session as a whole exceeds a limit.</param>
    /// <param name="limits">Default: those of the protocol.</param>
    public SessionTotals(ArtifactRef manifest, SessionLimits? limits = null) => (Manifest, Limits) = (manifest, limits ?? SessionLimits.Default);

    public ArtifactRef Manifest { get; }

    public SessionLimits Limits { get; }

    public long Bytes { get; internal set; }
    public long Messages { get; internal set; }
    public long ToolCalls { get; internal set; }
    public long ResultEvents { get; internal set; }
}

/// <summary>
/// Decides where one session's messages are cut into segments (spec 5.2) and enforces what a session may hold:
/// <see cref="ErrorCode.DocumentLimitExceeded"/>.
/// </summary>
internal sealed class SegmentSplitter(SessionLimits? limits = null)
{
    public SessionLimits Limits { get; } = limits ?? SessionLimits.Default;

    /// <summary>Counts a message; true when the current segment has to be closed before it is written.</summary>
    /// <param name="message">The message.</param>
    /// <param name="lineBytes">Its canonical bytes, LF included.</param>
    public bool Add(MessageRecord message, long lineBytes) => throw new NotSupportedException($"{message} {lineBytes}");

    /// <summary>Notes the hash of a closed segment: two equal ones cannot be published.</summary>
    public void Close(string sha256) => throw new NotSupportedException(sha256);
}

/// <summary>The register that an event writes (spec 9.2).</summary>
/// <param name="Status">Whether the event can be applied at all.</param>
/// <param name="Field">Register name, e.g. <c>display_name</c>; empty unless applicable.</param>
/// <param name="Value">Register value text, compared byte by byte.</param>
/// <param name="DisplayName">The title a rename sets; null clears.</param>
internal sealed record EventProjection(EventProjectionStatus Status, string Field, string Value, string? DisplayName)
{
    public static EventProjection Of(MetadataEvent metadataEvent) => throw new NotSupportedException($"{metadataEvent}");
}

internal enum EventProjectionStatus
{
    Applicable,
    UnknownOp,
    NotProjectable,
}
