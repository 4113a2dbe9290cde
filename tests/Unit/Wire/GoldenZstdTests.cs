using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

[Trait("Category", "Golden")]
public class GoldenZstdTests
{
    // Frames too large to include are only described; ArtifactCodecTests builds such ones.
    public static TheoryData<string> Frames => Golden.Cases(
        static f => f.Has("frame_hex"), "artifact/zstd-frames.json|frames", "artifact-fuzz/zstd-frames.json|frames");

    [GoldenTheory]
    [MemberData(nameof(Frames))]
    public void OpenDecoded_Frame_IsAcceptedOrRefused(string id)
    {
        JsonElement vector = Golden.Case(id);
        byte[] frame = Convert.FromHexString(vector.Text("frame_hex")!);
        bool accept = vector.GetProperty("accept").GetBoolean();

        Check(vector, ArtifactKind.Segments, frame, accept);
        bool asManifest = vector.TryGetProperty("accept_as_manifest", out JsonElement other) ? other.GetBoolean() : accept;
        Check(vector, ArtifactKind.Manifests, frame, asManifest);
    }

    private static void Check(JsonElement vector, ArtifactKind kind, byte[] frame, bool accept)
    {
        using DecodedStream decoded = ArtifactCodec.OpenDecoded(kind, new MemoryStream(frame));
        if (!accept)
        {
            ErrorCode code = Assert.Throws<ArtifactSyncException>(() => decoded.CopyTo(Stream.Null)).Code;
            Assert.True(code is ErrorCode.ArtifactCorrupt or ErrorCode.ArtifactTooLarge, code.ToString());
            return;
        }

        string sha256 = Convert.ToHexStringLower(SHA256.HashData(decoded));
        Assert.Equal(frame.Length, decoded.WireBytes);
        Assert.Equal(vector.Text("decoded_sha256") ?? Some.Sha256(Encoding.UTF8.GetBytes(vector.Text("decoded")!)), sha256);
        if (vector.TryGetProperty("decoded_size", out JsonElement size))
        {
            Assert.Equal(size.GetInt64(), decoded.DecodedBytes);
        }
    }
}
