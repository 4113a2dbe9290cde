using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>The registers of a session (spec 9.2): one current winner each.</summary>
internal static class RegisterField
{
    public const string DisplayName = "display_name";
    public const string DeletedAt = "deleted_at";
    public const string Starred = "starred";
    public const string Purge = "purge";
    public const string PinPrefix = "pin:";
    public const string PinByUuid = "pin:source_uuid:";

    public static bool IsPin(string field) => field.StartsWith(PinPrefix, StringComparison.Ordinal);
}

/// <summary>
/// One edit laid onto its register: what an event says and, while it wins, what the register holds. Order keys compare
/// ordinally (spec 8.4).
/// </summary>
internal sealed record RegisterEntry(
    string Gid, string Field, string OrderKey, string Hlc, string Sha256, string Origin, string Op, string Value);

/// <summary>A losing edit and the edit it lost against (spec 9.9): a row of the conflict log.</summary>
internal sealed record ConflictRow(
    string Gid, string Field, string WinningOrderKey, string LosingOrderKey, string WinningOrigin, string LosingOrigin,
    string WinningOp, string LosingOp, string WinningValue, string LosingValue)
{
    public static ConflictRow Of(RegisterEntry winner, RegisterEntry loser) => new(
        winner.Gid, winner.Field, winner.OrderKey, loser.OrderKey, winner.Origin, loser.Origin, winner.Op, loser.Op,
        winner.Value, loser.Value);

    /// <summary>The losing edit as an event without stamp and author: published again, it says the same anew.</summary>
    public MetadataEvent Loser() => new()
    {
        SessionGid = Gid,
        Op = LosingOp,
        Value = LosingOp == EventOp.Rename ? LosingValue : "",
        Pin = RegisterField.IsPin(Field) ? PinAnchor.Parse(LosingValue).ToPin() : null,
    };
}
