using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

/// <summary>Documents of which a test only cares about some members.</summary>
internal static class Some
{
    public const string Origin = "laptop-a1b2c3";
    public const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    public static MessageRecord Message(long ordinal, int calls = 0, int eventsPerCall = 0, string content = "") => new()
    {
        Ordinal = ordinal,
        Content = content,
        ToolCalls = [.. Enumerable.Range(0, calls).Select(c => Call(c, eventsPerCall))],
    };

    /// <summary>The canonical lines of a segment.</summary>
    public static byte[] Segment(params IEnumerable<MessageRecord> messages)
    {
        using var writer = new CanonicalWriter();
        foreach (MessageRecord message in messages)
        {
            MessageDocument.Write(writer, message);
        }

        return writer.WrittenSpan.ToArray();
    }

    /// <summary>A manifest of one session without messages, valid for import.</summary>
    public static Manifest Manifest() => new()
    {
        Version = 1,
        Origin = Origin,
        NativeSessionId = "sess-1",
        Session = new SessionRecord { Id = "sess-1", Machine = Origin },
        Segments = [EmptyHash],
        Generation = 1,
    };

    /// <summary>The reference by content of a manifest or segment.</summary>
    public static ArtifactRef Named(ArtifactKind kind, byte[] decoded) => ArtifactName.ByHash(Origin, kind, Sha256(decoded));

    /// <summary>Decoded bytes as they lie in a store.</summary>
    public static MemoryStream Wire(ArtifactKind kind, byte[] decoded)
    {
        var wire = new MemoryStream();
        using var encoder = new ArtifactEncoder(kind, wire);
        encoder.Write(decoded);
        encoder.Finish();
        wire.Position = 0;
        return wire;
    }

    public static string Sha256(byte[] bytes) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));

    public static ToolCallRecord Call(int index, int events) => new()
    {
        CallIndex = index,
        ResultEvents = [.. Enumerable.Range(0, events).Select(static e => new ToolResultEventRecord { EventIndex = e })],
    };
}
