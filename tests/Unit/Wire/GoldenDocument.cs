using System.Text.Json;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

/// <summary>Encodes and decodes the typed vectors, which name their type.</summary>
internal static class GoldenDocument
{
    public static byte[] Encode(JsonElement vector)
    {
        JsonElement input = vector.GetProperty("input");
        return vector.Text("type") switch
        {
            "checkpoint" => WireDocument.Encode(WireFormat.Portable.Checkpoint, Typed.Build<Checkpoint>(input)),
            "manifest" => WireDocument.Encode(WireFormat.Portable.Manifest, Typed.Build<Manifest>(input)),
            "session" => WireDocument.Encode(WireFields.Session(), Typed.Build<SessionRecord>(input)),
            "quality_signals" => WireDocument.Encode(WireFields.Signals(), Typed.Build<QualitySignals>(input)),
            "bytes" => ThroughCodec(System.Text.Encoding.UTF8.GetBytes(input.GetString()!)),
            "metadata_event" => WireDocument.Encode(WireFormat.Portable.Event, Typed.Build<MetadataEvent>(input)),
            "segment" => Segment(input.EnumerateArray().Select(m => (Version(m), Typed.Build<MessageRecord>(m)))),
            var other => throw new InvalidDataException(other),
        };
    }

    public static byte[] Reencode(JsonElement vector, byte[] decoded) => vector.Text("type") switch
    {
        "checkpoint" => Again(WireFormat.Portable.Checkpoint, decoded),
        "manifest" => Again(WireFormat.Portable.Manifest, decoded),
        "session" => Again(WireFields.Session(), decoded),
        "quality_signals" => Again(WireFields.Signals(), decoded),
        "bytes" => decoded,
        "metadata_event" => Again(WireFormat.Portable.Event, decoded),
        "segment" => Segment(Lines(decoded)),
        var other => throw new InvalidDataException(other),
    };

    // Names hash what was compressed, not the compressed bytes.
    private static byte[] ThroughCodec(byte[] decoded)
    {
        using var wire = new MemoryStream();
        using var encoder = new ArtifactEncoder(ArtifactKind.Manifests, wire);
        encoder.Write(decoded);
        ArtifactIdentity identity = encoder.Finish();
        wire.Position = 0;
        using DecodedStream stream = ArtifactCodec.OpenDecoded(ArtifactKind.Manifests, wire);
        using var again = new MemoryStream();
        stream.CopyTo(again);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(again.ToArray())), identity.Sha256);
        Assert.Equal((wire.Length, again.Length), (identity.WireSize, identity.Size));
        return again.ToArray();
    }

    private static byte[] Again<T>(WireObject<T> shape, byte[] decoded)
        where T : class, new()
    {
        return WireDocument.Encode(shape, WireDocument.Read(shape, decoded));
    }

    private static long Version(JsonElement message) => message.TryGetProperty("v", out JsonElement version) ? version.GetInt64() : 0;

    private static byte[] Segment(IEnumerable<(long Version, MessageRecord Message)> messages) =>
        [.. messages.SelectMany(m => WireDocument.Encode(WireFields.Message(m.Version), m.Message))];

    private static IEnumerable<(long Version, MessageRecord Message)> Lines(byte[] decoded)
    {
        using var lines = new LineReader(new MemoryStream(decoded));
        while (lines.Next())
        {
            var message = new MessageRecord();
            long version = WireDocument.Read(WireFormat.Portable.Message, lines.Line, message);
            yield return (version, message);
        }
    }
}
