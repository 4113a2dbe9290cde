using System.Security.Cryptography;
using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

[Trait("Category", "Golden")]
public class GoldenSplitTests
{
    public static TheoryData<string> Rule => Golden.Cases("artifact/segments.json|split_rule_vectors.cases");

    public static TheoryData<string> Sessions => Golden.Cases(
        static c => !c.Has("usage_events"), "artifact-fuzz/split.json|production", "artifact-fuzz/split.json|limited");

    public static TheoryData<string> Manifests => Golden.Cases(static c => c.Has("usage_events"), "artifact-fuzz/split.json|production");

    [GoldenTheory]
    [MemberData(nameof(Rule))]
    public void Add_RecordSizes_AreCutGreedily(string id)
    {
        JsonElement vector = Golden.Case(id);
        var splitter = new SegmentSplitter();

        List<int> Split() => Cut(Records(vector), r => splitter.Add(Message(0, r, Limits.ResultEventsPerCall), r[0]));

        if (vector.Has("error"))
        {
            Assert.Equal(ErrorCode.DocumentLimitExceeded, Assert.Throws<ArtifactSyncException>(() => Split()).Code);
        }
        else
        {
            Assert.Equal(vector.GetProperty("expected").EnumerateArray().Select(static n => n.GetInt32()), Split());
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Sessions))]
    public void Add_Session_GivesSegmentHashes(string id)
    {
        JsonElement vector = Golden.Case(id);
        int perCall = vector.Has("limits") ? 3
            : vector.TryGetProperty("events_per_call", out JsonElement given) ? given.GetInt32()
            : Limits.ResultEventsPerCall;
        using var session = new Session(LimitsOf(vector));

        List<int> Split() => session.Write(
            Records(vector).Select((r, i) => Message(vector.Has("same_ordinal") ? 0 : i, r, perCall, r[0])));

        if (vector.Has("error"))
        {
            Assert.Equal(ErrorCode.DocumentLimitExceeded, Assert.Throws<ArtifactSyncException>(() => Split()).Code);
        }
        else
        {
            Assert.Equal(vector.GetProperty("expected").EnumerateArray().Select(static n => n.GetInt32()), Split());
            Assert.Equal(vector.GetProperty("segment_sha256").EnumerateArray().Select(static h => h.GetString()), session.Hashes);
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Manifests))]
    public void Encode_UsageEvents_AreBounded(string id)
    {
        JsonElement vector = Golden.Case(id);
        string padding = vector.Text("name")!.Contains("16 MiB", StringComparison.Ordinal) ? new string('a', 100_000) : "";
        var manifest = new Manifest
        {
            UsageEvents =
            [
                .. Enumerable.Range(0, vector.GetProperty("usage_events").GetInt32())
                    .Select(i => new UsageEventRecord { Source = "s", Model = "m", DedupKey = $"{i}{padding}" }),
            ],
        };

        Exception? fault = Record.Exception(() => ManifestDocument.Encode(manifest));

        Assert.Equal(vector.Has("error"), fault is ArtifactSyncException { Code: ErrorCode.DocumentLimitExceeded });
        Assert.Equal(vector.Has("ok"), fault is null);
    }

    // Number of records in each segment; an empty session has one segment without any.
    private static List<int> Cut<T>(IEnumerable<T> records, Func<T, bool> add)
    {
        List<int> counts = [0];
        foreach (T record in records)
        {
            if (add(record))
            {
                counts.Add(0);
            }

            counts[^1]++;
        }

        return counts;
    }

    private static IEnumerable<long[]> Records(JsonElement vector)
    {
        if (vector.TryGetProperty("records", out JsonElement plain))
        {
            return plain.EnumerateArray().Select(Numbers);
        }

        return vector.TryGetProperty("records_repeat", out JsonElement repeat)
            ? Enumerable.Repeat(Numbers(repeat.GetProperty("record")), repeat.GetProperty("count").GetInt32())
            : vector.GetProperty("records_rle").EnumerateArray().SelectMany(r => Enumerable.Repeat(Numbers(r[0]), r[1].GetInt32()));
    }

    private static long[] Numbers(JsonElement record) => [.. record.EnumerateArray().Select(static n => n.GetInt64())];

    // Result events are spread from the first call on; with a size, the content fills the line up to it.
    private static MessageRecord Message(int ordinal, long[] record, int eventsPerCall, long size = 0)
    {
        var message = new MessageRecord { Ordinal = ordinal, Role = "user" };
        long events = record[2];
        for (int i = 0; i < record[1]; i++)
        {
            long own = Math.Min(events, eventsPerCall);
            message.ToolCalls.Add(Some.Call(i, (int)own));
            events -= own;
        }

        if (size > 0)
        {
            message.Content = new string('a', (int)(size - Length(message)));
        }

        return message;
    }

    private static long Length(MessageRecord message)
    {
        using var writer = new CanonicalWriter();
        MessageDocument.Write(writer, message);
        return writer.Length;
    }

    private static SessionLimits LimitsOf(JsonElement vector)
    {
        if (!vector.TryGetProperty("limits", out JsonElement limits))
        {
            return SessionLimits.Default;
        }

        int Get(string name) => limits.GetProperty(name).GetInt32();
        return new SessionLimits
        {
            MessageToolCalls = Get("message_tool_calls"),
            CallResultEvents = 3,
            SegmentMessages = Get("segment_messages"),
            SegmentResultEvents = Get("segment_result_events"),
            SegmentToolCalls = Get("segment_tool_calls"),
            Segments = Get("segments"),
            SessionBytes = Get("session_bytes"),
            SessionMessages = Get("session_messages"),
            SessionResultEvents = Get("session_result_events"),
            SessionToolCalls = Get("session_tool_calls"),
        };
    }

    /// <summary>Encodes and hashes as publishing does, without compressing.</summary>
    private sealed class Session(SessionLimits limits) : IDisposable
    {
        private readonly SegmentSplitter _splitter = new(limits);
        private readonly CanonicalWriter _writer = new();
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public List<string> Hashes { get; } = [];

        public List<int> Write(IEnumerable<MessageRecord> messages)
        {
            List<int> counts = Cut(messages, Add);
            Close();
            return counts;
        }

        public void Dispose()
        {
            _writer.Dispose();
            _hash.Dispose();
        }

        private bool Add(MessageRecord message)
        {
            _writer.Reset();
            MessageDocument.Write(_writer, message);
            bool cut = _splitter.Add(message, _writer.Length);
            if (cut)
            {
                Close();
            }

            _hash.AppendData(_writer.WrittenSpan);
            return cut;
        }

        private void Close()
        {
            Hashes.Add(Convert.ToHexStringLower(_hash.GetHashAndReset()));
            _splitter.Close(Hashes[^1]);
        }
    }
}
