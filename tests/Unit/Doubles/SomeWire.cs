using System.Security.Cryptography;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Doubles;

/// <summary>A valid artifact with its wire bytes.</summary>
internal sealed record SomeWire(ArtifactRef Artifact, byte[] Wire)
{
    public static SomeWire Raw(string content, string origin = Some.Origin)
    {
        var bytes = Some.Bytes(content);
        return new(ArtifactName.Raw(origin, Convert.ToHexStringLower(SHA256.HashData(bytes))), bytes);
    }

    /// <summary>A checkpoint that names one session.</summary>
    public static SomeWire Checkpoint(long sequence, string manifestSeed = "manifest", string origin = Some.Origin) => new(
        ArtifactName.Checkpoint(origin, sequence),
        Some.Bytes($"{{\"v\":1,\"origin\":\"{origin}\",\"seq\":{sequence},\"sessions\":{{\"{origin}~s\":\"{Some.Hash(manifestSeed)}\"}}}}\n"));

    /// <summary>The segment without messages, compressed.</summary>
    public static SomeWire EmptySegment(string origin = Some.Origin)
    {
        using var wire = new MemoryStream();
        using var encoder = new ArtifactEncoder(ArtifactKind.Segments, wire);
        var identity = encoder.Finish();
        return new(ArtifactName.Segment(origin, identity.Sha256), wire.ToArray());
    }

    public MemoryStream Open() => new(Wire, writable: false);
}
