using System.Globalization;
using ArtifactSync.Transport;

namespace ArtifactSync.Sync;

/// <summary>
/// How far an ordered listing went: its last entry, with size and time, so that an object that was written anew under its
/// name is noticed without reading it.
/// </summary>
internal readonly record struct ListingMark(string Name, long WireSize, long Modified)
{
    public static ListingMark Of(in RemoteEntry entry) => new(entry.Artifact.Name, entry.WireSize, entry.ModifiedNanoseconds);

    /// <summary>Null for null and for what is none.</summary>
    public static ListingMark? Parse(string? text) => text?.Split(' ') is [var name, var size, var modified]
        && long.TryParse(size, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var bytes)
        && long.TryParse(modified, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var time)
            ? new ListingMark(name, bytes, time)
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} {WireSize} {Modified}");
}
