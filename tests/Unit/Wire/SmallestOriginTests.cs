using System.Text;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

/// <summary>The smallest complete origin of spec appendix D, byte for byte.</summary>
public class SmallestOriginTests
{
    private const string ManifestHash = "5fed84b589bff6a7723d15deb77498411dc2351b177427630658f51e53059e73";
    private const string Hlc = "2026-06-14T010203.000000001Z-00000000000000000000";
    private const string EventHash = "089d5baf8e223aacb73cc36bfdc8eeb13760c70fd9610ecbe2367e0aaed3e5df";

    [Fact]
    public void Encode_Manifest_HasItsName()
    {
        Manifest manifest = Some.Manifest();
        manifest.Session.Project = "alpha";
        manifest.Session.Agent = "claude";
        manifest.Session.CreatedAt = "2026-06-14T01:02:03Z";

        byte[] decoded = ManifestDocument.Encode(manifest);

        Assert.Equal((ManifestHash, 782), (Some.Sha256(decoded), decoded.Length));
        ArtifactRef artifact = ArtifactName.Manifest(Some.Origin, ManifestHash);
        Assert.Equal(ImportVerdict.Ok, ImportCheck.Manifest(artifact, decoded, $"{Some.Origin}~sess-1", out _));
    }

    [Fact]
    public void Encode_Checkpoint_HasItsBytes()
    {
        byte[] decoded = CheckpointDocument.Encode(
            new Checkpoint { Version = 1, Origin = Some.Origin, Sequence = 7, Sessions = [new($"{Some.Origin}~sess-1", ManifestHash)] });

        Assert.Equal(
            $"{{\"origin\":\"laptop-a1b2c3\",\"seq\":7,\"sessions\":{{\"laptop-a1b2c3~sess-1\":\"{ManifestHash}\"}},\"v\":1}}\n",
            Encoding.UTF8.GetString(decoded));
        Assert.Equal("a5f6e1a17482af9a6165078c75c4641d3c00594b98ada1842d5350c006e8ebdd", Some.Sha256(decoded));
        Assert.Equal(144, decoded.Length);
    }

    [Fact]
    public void Encode_Rename_HasItsName()
    {
        byte[] decoded = EventDocument.Encode(new MetadataEvent
        {
            Version = 1, Hlc = Hlc, Origin = Some.Origin, SessionGid = $"{Some.Origin}~sess-1", Op = EventOp.Rename,
            Value = "{ \"display_name\" : \"Renamed session\" }",
        });

        ArtifactRef artifact = ArtifactName.Meta(Some.Origin, $"{Hlc}-{Some.Sha256(decoded)}");
        Assert.Equal($"{Hlc}-{EventHash}.json", artifact.Name);
        Assert.Equal(EventHash, ReceptionCheck.Verify(artifact, new MemoryStream(decoded), default).Identity.Sha256);
    }
}
