using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

[Trait("Category", "Golden")]
public class GoldenEncodingTests
{
    public static TheoryData<string> Strings => Golden.Cases("artifact/strings.json|cases", "artifact-fuzz/strings.json|cases");

    public static TheoryData<string> SingleBytes => Golden.Cases("artifact-fuzz/strings.json|single_bytes");

    public static TheoryData<string> Floats => Golden.Cases("artifact/floats.json|cases", "artifact-fuzz/floats.json|cases");

    public static TheoryData<string> FloatErrors => Golden.Cases("artifact/floats.json|errors");

    public static TheoryData<string> RawJsonCases => Golden.Cases("artifact/raw-json.json|cases", "artifact-fuzz/raw-json.json|cases");

    public static TheoryData<string> RawJsonErrors =>
        Golden.Cases("artifact/raw-json.json|errors", "artifact-fuzz/raw-json.json|errors");

    public static TheoryData<string> RawJsonNesting => Golden.Cases("artifact-fuzz/raw-json.json|nesting");

    public static TheoryData<string> Documents => Golden.Cases(
        "artifact/structs.json|vectors",
        "artifact/upstream-goldens.json|vectors",
        "artifact/segments.json|vectors",
        "artifact/metadata-events.json|vectors",
        "artifact-fuzz/checkpoints.json|vectors",
        "artifact-fuzz/manifests.json|vectors",
        "artifact-fuzz/segments.json|vectors",
        "artifact-fuzz/metadata-events.json|vectors",
        "artifact-fuzz/metadata-events-encoding.json|vectors");

    public static TheoryData<string> Events =>
        Golden.Cases("artifact/metadata-events.json|vectors", "artifact-fuzz/metadata-events.json|vectors");

    [GoldenTheory]
    [MemberData(nameof(Strings))]
    public void Utf8Value_Text_GivesCanonicalToken(string id)
    {
        JsonElement vector = Golden.Case(id);
        byte[] input = Convert.FromHexString(vector.Text("input_utf8_hex")!);

        byte[] token = Written(w => w.Utf8Value(input));

        Assert.Equal(vector.Text("canonical_hex"), Convert.ToHexStringLower(token));
        Assert.Equal(vector.Text("sha256_with_newline"), Sha256([.. token, (byte)'\n']));
        bool stable = token.AsSpan().SequenceEqual(Written(w => w.Value(ReadText(token))));
        Assert.Equal(vector.GetProperty("reencode_stable").GetBoolean(), stable);
        if (vector.Text("input") is { } text)
        {
            Assert.Equal(token, Written(w => w.Value(text)));
            Assert.Equal(text, ReadText(token));
        }
    }

    [GoldenTheory]
    [MemberData(nameof(SingleBytes))]
    public void Utf8Value_SingleByte_GivesCanonicalToken(string id)
    {
        JsonElement vector = Golden.Case(id);
        byte[] input = Convert.FromHexString(vector.Text("input_utf8_hex")!);

        Assert.Equal(vector.Text("canonical_hex"), Convert.ToHexStringLower(Written(w => w.Utf8Value(input))));
    }

    [GoldenTheory]
    [MemberData(nameof(Floats))]
    public void Value_Float_GivesCanonicalNumber(string id)
    {
        JsonElement vector = Golden.Case(id);
        double value = Double(vector.Text("bits_be_hex")!);

        byte[] number = Written(w => w.Value(value));

        Assert.Equal(vector.Text("canonical"), Encoding.ASCII.GetString(number));
        Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(ReadFloat(number)));
    }

    [GoldenTheory]
    [MemberData(nameof(FloatErrors))]
    public void Value_NotFinite_IsRefused(string id)
    {
        double value = Golden.Case(id).GetString()! switch
        {
            "NaN" => double.NaN,
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            var other => throw new InvalidDataException(other),
        };

        Assert.Equal(ErrorCode.DocumentInvalid, Assert.Throws<ArtifactSyncException>(() => Written(w => w.Value(value))).Code);
    }

    [GoldenTheory]
    [MemberData(nameof(RawJsonCases))]
    public void RawJson_Text_IsCanonicalized(string id)
    {
        JsonElement vector = Golden.Case(id);
        byte[] raw = vector.Bytes("raw_hex", "raw");

        byte[] canonical = Written(w => RawJson.Write(w, raw));

        Assert.Equal(vector.Text("canonical"), Encoding.UTF8.GetString(canonical));
        Assert.Equal(vector.Text("sha256_with_newline"), Sha256([.. canonical, (byte)'\n']));
        Assert.Equal(canonical, Written(w => RawJson.Write(w, Utf8Text.Decode(raw))));
        Assert.Equal(canonical, Written(w => RawJson.Write(w, canonical)));
    }

    [GoldenTheory]
    [MemberData(nameof(RawJsonErrors))]
    public void RawJson_Malformed_IsRefused(string id)
    {
        byte[] raw = Golden.Case(id).Bytes("raw_hex", "raw");

        Assert.Equal(ErrorCode.DocumentInvalid, Assert.Throws<ArtifactSyncException>(() => Written(w => RawJson.Write(w, raw))).Code);
    }

    [GoldenTheory]
    [MemberData(nameof(RawJsonNesting))]
    public void RawJson_Nesting_IsBounded(string id)
    {
        JsonElement vector = Golden.Case(id);
        int depth = vector.GetProperty("depth").GetInt32();
        string raw = new string('[', depth) + vector.Text("inner") + new string(']', depth);

        string? canonical = null;
        Exception? fault = Record.Exception(() => canonical = RawJson.Canonicalize(raw));

        Assert.Equal(vector.GetProperty("accepted").GetBoolean(), fault is null);
        Assert.True(fault is ArtifactSyncException { Code: ErrorCode.DocumentInvalid } || canonical == raw);
    }

    [GoldenTheory]
    [MemberData(nameof(Documents))]
    public void Encode_Document_GivesCanonicalBytes(string id)
    {
        JsonElement vector = Golden.Case(id);
        bool hasInvalidText = vector.GetProperty("input").GetRawText().Contains("\"$hex\"", StringComparison.Ordinal);

        byte[] encoded = GoldenDocument.Encode(vector);

        Assert.Equal(hasInvalidText ? Typed.Expected(vector) : vector.Text("canonical"), Encoding.UTF8.GetString(encoded));
        if (!hasInvalidText)
        {
            Assert.Equal(vector.Text("sha256"), Sha256(encoded));
            Assert.Equal(vector.GetProperty("size").GetInt32(), encoded.Length);
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Documents))]
    public void Decode_CanonicalBytes_GivesTheDocument(string id)
    {
        JsonElement vector = Golden.Case(id);
        byte[] canonical = Encoding.UTF8.GetBytes(vector.Text("canonical")!);

        byte[] again = GoldenDocument.Reencode(vector, canonical);

        Assert.Equal(Typed.Expected(vector), Encoding.UTF8.GetString(again));
    }

    [GoldenTheory]
    [MemberData(nameof(Events))]
    public void Project_Event_GivesRegister(string id)
    {
        JsonElement vector = Golden.Case(id);
        MetadataEvent metadataEvent = Typed.Build<MetadataEvent>(vector.GetProperty("input"));
        string orderKey = $"{metadataEvent.Hlc}-{Sha256(EventDocument.Encode(metadataEvent))}";

        EventProjection projection = EventProjection.Of(metadataEvent);

        Assert.Equal(vector.Text("order_key"), orderKey);
        Assert.Equal(vector.Text("file_name"), ArtifactName.Meta("laptop-a1b2c3", orderKey).Name);
        Assert.Equal(vector.Has("register_field"), projection.Status == EventProjectionStatus.Applicable);
        if (vector.Text("projection") is { } reason)
        {
            Assert.Equal(reason, projection.Status == EventProjectionStatus.UnknownOp ? "unknown op" : "not projectable");
        }

        Assert.Equal(vector.Text("register_field") ?? "", projection.Field);
        Assert.Equal(vector.Text("register_value") ?? "", projection.Value);
        if (vector.Has("display_name"))
        {
            Assert.Equal(vector.Text("display_name"), projection.DisplayName);
        }
    }

    private static byte[] Written(Action<CanonicalWriter> write)
    {
        using var writer = new CanonicalWriter();
        write(writer);
        return writer.WrittenSpan.ToArray();
    }

    private static string ReadText(byte[] token)
    {
        var json = new JsonScanner(token);
        string text = json.Text();
        json.End();
        json.Dispose();
        return text;
    }

    private static double ReadFloat(byte[] number) => new JsonScanner(number).Float();

    private static double Double(string bits) =>
        BitConverter.UInt64BitsToDouble(ulong.Parse(bits, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
