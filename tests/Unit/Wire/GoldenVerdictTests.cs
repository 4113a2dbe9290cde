using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

/// <summary>
/// Whole documents: what reception says (spec 10.2), and for checkpoints, manifests and segments what import says (7.2, 7.3).
/// The document is alone in the store together with the empty segment.
/// </summary>
[Trait("Category", "Golden")]
public class GoldenVerdictTests
{
    private const string Origin = "laptop-a1b2c3";
    private const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string EventPrefix = "2026-06-14T010203.000000001Z-00000000000000000000";

    private static readonly string[] Sources = ["artifact/documents.json|cases", "artifact-fuzz/documents.json|cases"];

    public static TheoryData<string> Documents => Golden.Cases(Sources);

    public static TheoryData<string> ContentDocuments => Golden.Cases(static d => d.Text("kind") != "meta", Sources);

    public static TheoryData<string> Limits => Golden.Cases("artifact-fuzz/documents.json|limits");

    [GoldenTheory]
    [MemberData(nameof(Documents))]
    public void Verify_Document_IsAcceptedOrRejected(string id)
    {
        JsonElement vector = Golden.Case(id);
        byte[] decoded = vector.Bytes("content_hex", "content");

        Assert.Equal(vector.Text("on_reception"), Reception(Name(vector, decoded), decoded));
    }

    [GoldenTheory]
    [MemberData(nameof(ContentDocuments))]
    public void ImportCheck_Document_GivesVerdict(string id)
    {
        JsonElement vector = Golden.Case(id);
        byte[] decoded = vector.Bytes("content_hex", "content");
        ArtifactRef artifact = Name(vector, decoded);

        Assert.Equal(vector.Text("on_import"), Import(artifact, decoded));
    }

    [GoldenTheory]
    [MemberData(nameof(Limits))]
    public void Check_DocumentAtLimit_GivesVerdict(string id)
    {
        JsonElement vector = Golden.Case(id);
        byte[] decoded = AtLimit(vector.Text("name")!, int.Parse(id.Split('|')[2], CultureInfo.InvariantCulture), out ArtifactKind kind);
        ArtifactRef artifact = Named(kind, decoded);

        Assert.Equal(vector.Text("on_reception"), Reception(artifact, decoded));
        if (kind != ArtifactKind.Meta)
        {
            Assert.Equal(vector.Text("on_import"), Import(artifact, decoded));
        }
    }

    private static string Reception(ArtifactRef artifact, byte[] decoded)
    {
        using var wire = new MemoryStream();
        using var encoder = new ArtifactEncoder(artifact.Kind, wire);
        encoder.Write(decoded);
        ArtifactIdentity identity = encoder.Finish();
        wire.Position = 0;
        try
        {
            Assert.Equal(identity, ReceptionCheck.Verify(artifact, wire, CancellationToken.None).Identity);
            return "accept";
        }
        catch (ArtifactSyncException fault)
        {
            Assert.Same(artifact, fault.Target);
            Assert.True(
                fault.Code is ErrorCode.DocumentInvalid or ErrorCode.DocumentLimitExceeded or ErrorCode.HashMismatch, fault.Message);
            return "reject";
        }
    }

    private static string Import(ArtifactRef artifact, byte[] decoded)
    {
        try
        {
            return artifact.Kind switch
            {
                ArtifactKind.Checkpoints => Checkpoint(artifact, decoded),
                ArtifactKind.Manifests => Manifest(artifact, decoded),
                _ => Segment(artifact, decoded),
            };
        }
        catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.FutureVersion)
        {
            return "defer";
        }
        catch (ArtifactSyncException fault)
        {
            Assert.Same(artifact, fault.Target);
            Assert.True(
                fault.Code is ErrorCode.DocumentInvalid or ErrorCode.DocumentLimitExceeded or ErrorCode.DocumentNotCanonical,
                fault.Message);
            return "quarantine";
        }
    }

    private static string Checkpoint(ArtifactRef artifact, byte[] decoded) =>
        ImportCheck.Checkpoint(artifact, decoded, out Checkpoint? checkpoint) == ImportVerdict.Ok
        && checkpoint!.Sessions is null or { Count: 0 }
            ? "land"
            : "defer";

    private static string Manifest(ArtifactRef artifact, byte[] decoded) =>
        ImportCheck.Manifest(artifact, decoded, $"{Origin}~sess-1", out Manifest? manifest) == ImportVerdict.Ok
        && manifest!.Segments.TrueForAll(s => s == EmptyHash)
            ? "import"
            : "defer";

    private static string Segment(ArtifactRef artifact, byte[] decoded)
    {
        var totals = new SessionTotals(ArtifactName.Manifest(Origin, EmptyHash));
        int messages = ImportCheck.Segment(artifact, new MemoryStream(decoded), totals).Count();
        Assert.Equal(messages, totals.Messages);
        return "import";
    }

    private static ArtifactRef Name(JsonElement vector, byte[] decoded)
    {
        Assert.True(ArtifactName.TryParseKind(vector.Text("kind"), out ArtifactKind kind));
        return vector.Text("wire_name") is { } name
            ? ArtifactName.Parse(vector.Text("origin") ?? Origin, kind, name)
            : Named(kind, decoded);
    }

    private static ArtifactRef Named(ArtifactKind kind, byte[] decoded)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(decoded));
        return kind switch
        {
            ArtifactKind.Checkpoints => ArtifactName.Checkpoint(Origin, 1),
            ArtifactKind.Meta => ArtifactName.Meta(Origin, $"{EventPrefix}-{hash}"),
            _ => ArtifactName.ByHash(Origin, kind, hash),
        };
    }

    private static byte[] AtLimit(string name, int index, out ArtifactKind kind)
    {
        int[] numbers =
            [.. name.Split(' ', '=').Where(p => p.All(char.IsAsciiDigit)).Select(p => int.Parse(p, CultureInfo.InvariantCulture))];
        if (name.StartsWith("special v2 with nesting", StringComparison.Ordinal))
        {
            // One pair of cases a kind, in this order.
            kind = new[] { ArtifactKind.Checkpoints, ArtifactKind.Manifests, ArtifactKind.Segments, ArtifactKind.Meta }[index / 2];
            return Encoding.UTF8.GetBytes($"{{\"v\":2,\"x\":{new string('[', numbers[0] - 1)}{new string(']', numbers[0] - 1)}}}\n");
        }

        Assert.StartsWith("limits messages=", name, StringComparison.Ordinal);
        kind = ArtifactKind.Segments;
        using var writer = new CanonicalWriter();
        for (int i = 0; i < numbers[0]; i++)
        {
            MessageDocument.Write(writer, Some.Message(i, numbers[1], numbers[2]));
        }

        return writer.WrittenSpan.ToArray();
    }
}
