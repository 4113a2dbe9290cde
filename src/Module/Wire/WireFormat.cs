namespace ArtifactSync.Wire;

/// <summary>
/// All that differs between wire formats: versions, fields and checks. Encoder, names, limits, codec and splitting are
/// the same for every format.
/// </summary>
internal sealed class WireFormat
{
    /// <summary>Format 1: any dumb storage, no marker, no journal.</summary>
    public static WireFormat Portable { get; } = new()
    {
        Name = "portable",
        CheckpointVersion = 1,
        ManifestVersion = 1,
        SegmentVersion = 1,
        EventVersion = 1,
        RequiresCanonicalForm = true,
        Checkpoint = WireFields.Checkpoint(),
        Manifest = WireFields.Manifest(),
        Message = WireFields.Message(1),
        Event = WireFields.Event(),
    };

    public required string Name { get; init; }
    public required long CheckpointVersion { get; init; }
    public required long ManifestVersion { get; init; }
    public required long SegmentVersion { get; init; }
    public required long EventVersion { get; init; }

    /// <summary>Whether importers refuse documents that do not re-encode to the same bytes (spec 7.3).</summary>
    public required bool RequiresCanonicalForm { get; init; }

    public required WireObject<Checkpoint> Checkpoint { get; init; }
    public required WireObject<Manifest> Manifest { get; init; }
    public required WireObject<MessageRecord> Message { get; init; }
    public required WireObject<MetadataEvent> Event { get; init; }
}
