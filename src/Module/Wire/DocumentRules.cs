using System.Globalization;

namespace ArtifactSync.Wire;

/// <summary>What documents must say to be what their name claims; the same at reception and at import.</summary>
internal static class DocumentRules
{
    public static void Checkpoint(ArtifactRef artifact, Checkpoint checkpoint)
    {
        WireFault.Require(checkpoint.Origin == artifact.Origin, artifact, $"its origin is '{checkpoint.Origin}'");
        WireFault.Require(
            checkpoint.Sequence == ArtifactName.Sequence(artifact),
            artifact,
            string.Create(CultureInfo.InvariantCulture, $"its number is {checkpoint.Sequence}"));
        foreach ((string gid, string hash) in checkpoint.Sessions ?? [])
        {
            WireFault.Require(Gid.HasOrigin(gid, artifact.Origin), artifact, $"it lists the session '{gid}' of another origin");
            WireFault.Require(ArtifactName.IsHash(hash), artifact, $"'{hash}' of session '{gid}' is not a hash");
        }
    }

    public static void Manifest(ArtifactRef artifact, Manifest manifest)
    {
        WireFault.Require(manifest.Origin == artifact.Origin, artifact, $"its origin is '{manifest.Origin}'");
        WireFault.Require(manifest.NativeSessionId.Length > 0, artifact, "it names no session");
        WireFault.Require(manifest.Session.Id == manifest.NativeSessionId, artifact, $"it holds the session '{manifest.Session.Id}'");
        WireFault.Require(manifest.Session.Machine == artifact.Origin, artifact, $"its machine is '{manifest.Session.Machine}'");
        WireFault.Require(manifest.Segments.Count > 0, artifact, "it lists no segment");
        WireFault.Require(manifest.Segments.TrueForAll(h => ArtifactName.IsHash(h)), artifact, "a segment is not named by a hash");
        WireFault.Require(
            manifest.Segments.Distinct(StringComparer.Ordinal).Count() == manifest.Segments.Count, artifact, "it lists a segment twice");
        WireFault.Require(
            manifest.RawSource is not { Hash.Length: > 0 } raw || ArtifactName.IsHash(raw.Hash), artifact, "its raw source is not a hash");
    }

    /// <summary>Original programs let a repetition through and then fail in the database on every run (spec 5.3).</summary>
    public static void DedupKeys(ArtifactRef artifact, Manifest manifest)
    {
        var seen = new HashSet<(string, string)>();
        foreach (UsageEventRecord usage in manifest.UsageEvents)
        {
            WireFault.Require(
                usage.DedupKey.Length == 0 || seen.Add((usage.Source, usage.DedupKey)),
                artifact,
                $"it repeats the usage event '{usage.DedupKey}' of '{usage.Source}'");
        }
    }
}
