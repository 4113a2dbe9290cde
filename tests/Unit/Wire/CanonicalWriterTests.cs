using System.Text;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

public class CanonicalWriterTests
{
    // In one test: lone surrogates do not survive as test data.
    [Fact]
    public void Value_Surrogates_LoneOnesAreReplaced()
    {
        Assert.Equal("\"a\ufffdb\"", Written(w => w.Value("a\ud800b")));
        Assert.Equal("\"\ufffd\ufffd\"", Written(w => w.Value("\udc00\ud800")));
        Assert.Equal("\"\ud83d\ude00\"", Written(w => w.Value("\ud83d\ude00")));
        Assert.Equal("\"\\u2028\u007f\ufffd\"", Written(w => w.Value("\u2028\u007f\ufffd")));
    }

    [Theory]
    [InlineData(16 * 1024 - 1)]
    [InlineData(16 * 1024)]
    [InlineData(64 * 1024 - 1)]
    public void Value_PairAcrossBufferSteps_IsKept(int offset)
    {
        string text = new string('x', offset) + "\ud83d\ude00\ud800" + new string('\u00e9', 40_000);

        Assert.Equal($"\"{text.Replace("\ude00\ud800", "\ude00\ufffd", StringComparison.Ordinal)}\"", Written(w => w.Value(text)));
    }

    [Fact]
    public void Value_AboveLimit_IsRefusedBeforeMemoryRunsOut()
    {
        string part = new('x', 1024 * 1024);
        using var writer = new CanonicalWriter();

        void WriteAll()
        {
            for (int i = 0; i < 200; i++)
            {
                writer.Value(part);
            }
        }

        Assert.Equal(ErrorCode.DocumentLimitExceeded, Assert.Throws<ArtifactSyncException>(WriteAll).Code);
        Assert.InRange(writer.Length, 64L << 20, 160L << 20);
    }

    [Fact]
    public void Write_CheckpointThroughStream_EqualsEncode()
    {
        List<KeyValuePair<string, string>> sessions = [.. Sessions(5_000)];
        using var streamed = new MemoryStream();
        using var writer = new CanonicalWriter(streamed);

        CheckpointDocument.Write(writer, Some.Origin, 7, sessions);
        writer.Flush();

        byte[] encoded = CheckpointDocument.Encode(new Checkpoint { Version = 1, Origin = Some.Origin, Sequence = 7, Sessions = sessions });
        Assert.Equal(encoded, streamed.ToArray());
        Assert.Equal(encoded.Length, writer.Length);
        Assert.Equal(sessions, CheckpointDocument.Read(encoded).Sessions);
    }

    [Fact]
    public void Write_SessionsOutOfOrder_IsRefused() =>
        Assert.Throws<ArgumentException>(() => CheckpointDocument.Encode(new Checkpoint { Sessions = [new("b", ""), new("a", "")] }));

    [Fact]
    [Trait("Category", "Property")]
    public void Utf8Order_RandomText_AgreesWithBytes()
    {
        string[] pieces = ["a", "b", "~", "\u00e9", "\ud7ff", "\ue000", "\uffff", "\ud83d\ude00", "\ud800\udc00", "\udbff\udfff"];
        var random = new Random(3);
        string Next() => string.Concat(Enumerable.Range(0, random.Next(5)).Select(_ => pieces[random.Next(pieces.Length)]));
        for (int i = 0; i < 5_000; i++)
        {
            (string a, string b) = (Next(), Next());

            Assert.Equal(
                Math.Sign(Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b))),
                Math.Sign(Utf8Order.Instance.Compare(a, b)));
        }
    }

    [Fact]
    [Trait("Category", "Property")]
    public void RawJson_RandomDamage_IsCanonicalOrRefused()
    {
        byte[] source = Encoding.UTF8.GetBytes(
            "{\"b\":[1.50,-0,{\"\\u0061\":\"\ud83d\ude00<\",\"\":null}],\"a\":{\"z\":true,\"y\":[[],{}]},\"b\":\"\\ud800x\"}");
        var random = new Random(11);
        for (int i = 0; i < 5_000; i++)
        {
            byte[] damaged = [.. source];
            for (int n = random.Next(3); n >= 0; n--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            using var writer = new CanonicalWriter();
            Exception? fault = Record.Exception(() => RawJson.Write(writer, damaged));
            if (fault is null)
            {
                byte[] canonical = writer.WrittenSpan.ToArray();
                writer.Reset();
                RawJson.Write(writer, canonical);
                Assert.Equal(canonical, writer.WrittenSpan.ToArray());
            }
            else
            {
                Assert.Equal(ErrorCode.DocumentInvalid, Assert.IsType<ArtifactSyncException>(fault).Code);
            }
        }
    }

    [Fact]
    public void RawJson_MillionsOfValues_AreRefused()
    {
        // The leading space keeps it from being taken for canonical text, which needs no memory.
        string text = " [" + string.Concat(Enumerable.Repeat("{},", Limits.RawJsonValues)) + "{}]";

        Assert.Equal(ErrorCode.DocumentLimitExceeded, Assert.Throws<ArtifactSyncException>(() => RawJson.Canonicalize(text)).Code);
        Assert.Equal(text[1..], RawJson.Canonicalize(text[1..]));
    }

    private static IEnumerable<KeyValuePair<string, string>> Sessions(int count) =>
        Enumerable.Range(0, count).Select(static i => KeyValuePair.Create($"{Some.Origin}~sess-{i:D6}", Some.EmptyHash));

    private static string Written(Action<CanonicalWriter> write)
    {
        using var writer = new CanonicalWriter();
        write(writer);
        return Encoding.UTF8.GetString(writer.WrittenSpan);
    }
}
