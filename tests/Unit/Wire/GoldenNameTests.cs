using System.Globalization;
using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

[Trait("Category", "Golden")]
public class GoldenNameTests
{
    private const string Origin = "laptop-a1b2c3";

    public static TheoryData<string> ValidOrigins =>
        Golden.Cases("artifact/names.json|origin_valid", "artifact-fuzz/names.json|origin_valid");

    public static TheoryData<string> InvalidOrigins =>
        Golden.Cases("artifact/names.json|origin_invalid", "artifact-fuzz/names.json|origin_invalid");

    public static TheoryData<string> Generation =>
        Golden.Cases("artifact/names.json|origin_generation.cases", "artifact-fuzz/names.json|origin_generation");

    public static TheoryData<string> Names =>
        Golden.Cases("artifact/names.json|artifact_names", "artifact-fuzz/names.json|artifact_names");

    public static TheoryData<string> CheckpointNames =>
        Golden.Cases("artifact/names.json|checkpoint_name");

    public static TheoryData<string> Paths => Golden.Cases("artifact/names.json|relative_paths");

    public static TheoryData<string> KindOrder => Golden.Cases("artifact/names.json|kind_order");

    public static TheoryData<string> AuthorIds => Golden.Cases("artifact/ids.json|metadata_session_gid");

    public static TheoryData<string> ImportIds => Golden.Cases("artifact/ids.json|import_prefix");

    public static TheoryData<string> LocalIds => Golden.Cases("artifact/ids.json|replay_local_session_id");

    public static TheoryData<string> FuzzIds => Golden.Cases("artifact-fuzz/names.json|ids");

    [GoldenTheory]
    [MemberData(nameof(ValidOrigins))]
    public void IsValid_ValidOrigin_IsTrue(string id) => Assert.True(OriginId.IsValid(Golden.Case(id).GetString()));

    [GoldenTheory]
    [MemberData(nameof(InvalidOrigins))]
    public void IsValid_InvalidOrigin_IsFalse(string id)
    {
        string? origin = Golden.Case(id).GetString();

        Assert.False(OriginId.IsValid(origin));
        Assert.Equal(ErrorCode.InvalidOriginId, Assert.Throws<ArtifactSyncException>(() => OriginId.Require(origin)).Code);
    }

    [GoldenTheory]
    [MemberData(nameof(Generation))]
    public void Generate_MachineName_IsSanitized(string id)
    {
        JsonElement vector = Golden.Case(id);
        string sanitized = vector.Text("sanitised")!;
        string expected = vector.Text("origin_prefix") ?? (sanitized is "" or "local" ? "machine" : sanitized);

        string origin = OriginId.Generate(vector.Text("name_source"), [0x0A, 0x1B, 0x2C]);

        Assert.Equal(sanitized, OriginId.Sanitize(vector.Text("name_source")));
        Assert.Equal(expected.Length <= 63 ? $"{expected}-0a1b2c" : $"{expected[..63].TrimEnd('-')}-0a1b2c", origin);
        Assert.True(OriginId.IsValid(origin));
        if (vector.Text("example_origin") is { } example)
        {
            Assert.Equal(example, origin);
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Names))]
    public void TryParse_WireName_FollowsTheGrammar(string id)
    {
        JsonElement vector = Golden.Case(id);
        bool known = ArtifactName.TryParseKind(vector.Text("kind"), out ArtifactKind kind);

        bool valid = ArtifactName.TryParse(Origin, kind, vector.Text("wire_name"), out ArtifactRef? artifact) && known;

        Assert.Equal(vector.GetProperty("valid").GetBoolean(), valid);
        if (valid && vector.Text("canonical_name") is { } logical)
        {
            Assert.Equal(logical, ArtifactName.Logical(artifact!));
            Assert.Equal(vector.Text("codec") == "zstd", ArtifactName.IsCompressed(kind));
        }
    }

    [GoldenTheory]
    [MemberData(nameof(CheckpointNames))]
    public void Checkpoint_Sequence_IsNamed(string id)
    {
        JsonElement vector = Golden.Case(id);
        long sequence = vector.GetProperty("seq").GetInt64();

        if (vector.Text("name") is { } name)
        {
            ArtifactRef artifact = ArtifactName.Checkpoint(Origin, sequence);
            Assert.Equal(name, artifact.Name);
            Assert.Equal(sequence, ArtifactName.Sequence(artifact));
        }
        else
        {
            Assert.True(vector.Has("error"));
            Assert.Equal(
                ErrorCode.SequenceExhausted, Assert.Throws<ArtifactSyncException>(() => ArtifactName.Checkpoint(Origin, sequence)).Code);
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Paths))]
    public void Path_Artifact_IsRelative(string id)
    {
        JsonElement vector = Golden.Case(id);
        Assert.True(ArtifactName.TryParseKind(vector.Text("kind"), out ArtifactKind kind));

        Assert.Equal(vector.Text("folder"), ArtifactName.Parse(vector.Text("origin")!, kind, vector.Text("wire_name")!).Path);
    }

    [GoldenTheory]
    [MemberData(nameof(KindOrder))]
    public void ArtifactKind_Value_IsPlaceInExchange(string id)
    {
        Assert.True(ArtifactName.TryParseKind(Golden.Case(id).GetString(), out ArtifactKind kind));

        Assert.Equal(id.Split('|')[2], ((int)kind).ToString(CultureInfo.InvariantCulture));
    }

    [GoldenTheory]
    [MemberData(nameof(AuthorIds))]
    public void ForLocal_SessionId_GivesGid(string id)
    {
        JsonElement vector = Golden.Case(id);

        Assert.Equal(vector.Text("gid"), Gid.ForLocal(vector.Text("local_origin")!, vector.Text("session_id")!));
    }

    [GoldenTheory]
    [MemberData(nameof(ImportIds))]
    public void Rewrite_Reference_IsPrefixed(string id)
    {
        JsonElement vector = Golden.Case(id);

        Assert.Equal(vector.Text("result"), Gid.Rewrite(vector.Text("origin")!, vector.Text("id")!));
    }

    [GoldenTheory]
    [MemberData(nameof(LocalIds))]
    public void ToLocal_Gid_GivesSessionId(string id)
    {
        JsonElement vector = Golden.Case(id);

        Assert.Equal(vector.Text("local_id"), Gid.ToLocal(vector.Text("local_origin")!, vector.Text("gid")!));
    }

    [GoldenTheory]
    [MemberData(nameof(FuzzIds))]
    public void Gid_AnyId_IsMapped(string id)
    {
        JsonElement vector = Golden.Case(id);
        string origin = vector.Text("origin")!;
        string text = vector.Text("id")!;

        Assert.Equal(vector.Text("gid"), Gid.ForLocal(origin, text));
        Assert.Equal(vector.Text("import"), Gid.Rewrite(origin, text));
        Assert.Equal(vector.Text("local"), Gid.ToLocal(origin, text));
    }
}
