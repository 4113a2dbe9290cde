using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>Manifests (spec 4.2).</summary>
internal static class ManifestDocument
{
    /// <summary>Canonical bytes with final LF.</summary>
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.DocumentLimitExceeded"/> above 32,768 usage events or 16 MiB (spec 5.2).
    /// </exception>
    public static byte[] Encode(Manifest manifest)
    {
        WireLimit.Require(
            manifest.UsageEvents.Count <= Limits.UsageEventsPerManifest, "usage events in a session", Limits.UsageEventsPerManifest);
        byte[] encoded = WireDocument.Encode(WireFormat.Portable.Manifest, manifest);
        WireLimit.Require(encoded.Length <= Limits.ManifestBytes, "bytes in a manifest", Limits.ManifestBytes);
        return encoded;
    }

    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.DocumentInvalid"/>, <see cref="ErrorCode.DocumentLimitExceeded"/>.
    /// </exception>
    public static Manifest Read(ReadOnlySpan<byte> decoded) => WireDocument.Read(WireFormat.Portable.Manifest, decoded);

    /// <summary>Version and origin of a manifest of any version.</summary>
    public static DocumentHeader Header(ReadOnlySpan<byte> decoded) => WireDocument.Read(WireFields.ManifestHeader, decoded);
}
