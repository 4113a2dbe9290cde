using System.Globalization;
using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

internal enum EventProjectionStatus
{
    Applicable,
    UnknownOp,

    /// <summary>A known op without the payload it needs.</summary>
    NotProjectable,
}

/// <summary>The register that an event writes (spec 9.2).</summary>
/// <param name="Status">Whether the event can be applied at all.</param>
/// <param name="Field">Register name, e.g. <c>display_name</c>; empty unless applicable.</param>
/// <param name="Value">Register value text, compared byte by byte; empty unless applicable.</param>
/// <param name="DisplayName">The title a rename sets; null clears.</param>
internal sealed record EventProjection(EventProjectionStatus Status, string Field, string Value, string? DisplayName)
{
    private static readonly EventProjection Unknown = new(EventProjectionStatus.UnknownOp, "", "", null);
    private static readonly EventProjection NotProjectable = new(EventProjectionStatus.NotProjectable, "", "", null);

    public static EventProjection Of(MetadataEvent metadataEvent) => metadataEvent.Op switch
    {
        EventOp.Rename => OfRename(metadataEvent.Value),
        EventOp.SoftDelete or EventOp.Restore => Applicable("deleted_at", metadataEvent.Op),
        EventOp.Star or EventOp.Unstar => Applicable("starred", metadataEvent.Op),
        EventOp.Pin or EventOp.Unpin => metadataEvent.Pin is { } pin ? Applicable(PinField(pin), EventDocument.PinText(pin)) : NotProjectable,
        EventOp.Purge => Applicable("purge", metadataEvent.Op),
        _ => Unknown,
    };

    /// <summary>The register of a pin: its source uuid when there is one, else its ordinal.</summary>
    public static string PinField(Pin pin) => pin.SourceUuid.Length > 0
        ? $"pin:source_uuid:{pin.SourceUuid}"
        : string.Create(CultureInfo.InvariantCulture, $"pin:ordinal:{pin.Ordinal}");

    private static EventProjection Applicable(string field, string value, string? displayName = null) =>
        new(EventProjectionStatus.Applicable, field, value, displayName);

    private static EventProjection OfRename(string value)
    {
        try
        {
            return value.Length == 0
                ? NotProjectable
                : Applicable("display_name", RawJson.Canonicalize(value), RenameValue.Read(value).DisplayName);
        }
        catch (ArtifactSyncException fault) when (fault.Code is ErrorCode.DocumentInvalid or ErrorCode.DocumentLimitExceeded)
        {
            return NotProjectable;
        }
    }

    private sealed class RenameValue
    {
        private static readonly WireObject<RenameValue> Shape = new(
            new NullableTextField<RenameValue>("display_name", true, r => r.DisplayName, (r, v) => r.DisplayName = v));

        public string? DisplayName { get; private set; }

        public static RenameValue Read(string value) => WireDocument.Read(Shape, System.Text.Encoding.UTF8.GetBytes(value));
    }
}
