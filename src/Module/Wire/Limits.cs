namespace ArtifactSync.Wire;

/// <summary>The bounds of spec 12. Sizes are bytes; every bound is inclusive.</summary>
internal static class Limits
{
    private const long Mebi = 1024 * 1024;

    public const long ManifestBytes = 16 * Mebi;
    public const long EventBytes = 16 * Mebi;
    public const long SegmentBytes = 64 * Mebi;
    public const long CheckpointBytes = 64 * Mebi;
    public const long RawBytes = 1L << 40;

    /// <summary>Encoded bytes may exceed the decoded limit by this much.</summary>
    public const long EncodedSlack = Mebi;

    /// <summary>One message as a canonical line; no other document may be larger either.</summary>
    public const int RecordBytes = 64 * 1024 * 1024;

    public const int ZstdWindowLog = 23;
    public const long ZstdWindowBytes = 1L << ZstdWindowLog;

    public const int SegmentsPerManifest = 16;
    public const int UsageEventsPerManifest = 32_768;
    public const int ToolCallsPerMessage = 256;
    public const int ResultEventsPerCall = 1_024;

    public const int JsonDepth = 10_000;

    /// <summary>
    /// Values inside one embedded JSON text. The wire has no such bound; ours keeps a hostile text of tiny values from
    /// claiming memory many times its size.
    /// </summary>
    public const int RawJsonValues = 4 * 1024 * 1024;

    /// <summary>Sequences above this cannot be named (spec 2.2).</summary>
    public const long MaxSequence = 9_999_999_999;

    /// <summary>Largest decoded size of a kind.</summary>
    public static long Decoded(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Manifests => ManifestBytes,
        ArtifactKind.Meta => EventBytes,
        ArtifactKind.Segments => SegmentBytes,
        ArtifactKind.Checkpoints => CheckpointBytes,
        _ => RawBytes,
    };

    /// <summary>Largest size of a kind as it lies in a store.</summary>
    public static long Encoded(ArtifactKind kind) => Decoded(kind) + EncodedSlack;
}

/// <summary>How many messages, calls, events and bytes a segment and a session may hold (spec 5.2, 5.3, 7.3).</summary>
internal sealed record SessionLimits
{
    public static SessionLimits Default { get; } = new();

    public long SegmentTargetBytes { get; init; } = 32 * 1024 * 1024;
    public long RecordBytes { get; init; } = Limits.RecordBytes;
    public long SegmentMessages { get; init; } = 4_096;
    public long SegmentToolCalls { get; init; } = 8_192;
    public long SegmentResultEvents { get; init; } = 32_768;
    public int MessageToolCalls { get; init; } = Limits.ToolCallsPerMessage;
    public int CallResultEvents { get; init; } = Limits.ResultEventsPerCall;
    public int Segments { get; init; } = Limits.SegmentsPerManifest;
    public long SessionBytes { get; init; } = 256 * 1024 * 1024;
    public long SessionMessages { get; init; } = 32_768;
    public long SessionToolCalls { get; init; } = 65_536;
    public long SessionResultEvents { get; init; } = 262_144;
}
