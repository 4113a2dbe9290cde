using System.Text;
using System.Text.Json.Nodes;
using ArtifactSync.Model;
using ArtifactSync.Transcripts;

namespace ArtifactSync.Tests.Transcripts;

public sealed class RobustnessTests
{
    private const string Good = """{"type":"user","uuid":"u","timestamp":"2026-06-01T10:00:00Z","message":{"content":"hello"}}""";

    [Theory]
    [InlineData("no json")]
    [InlineData("""{"type":"user","message":{"content":"cut""")]
    [InlineData("""{"type":"user"}{"type":"user"}""")]
    [InlineData("[1,2,3]")]
    [InlineData("42")]
    [InlineData("""{"type":"user","message":{"content":"tab	raw control"}}""")]
    [InlineData("""{"type":"user","message":{"content":"\ud83"}}""")]
    public void Read_MalformedLine_IsCountedAndPassedOver(string line)
    {
        using var folder = new TempFolder();

        Reading reading = Reading.Of(folder.Write("p/s.jsonl", $"{Good}\n{line}\n{Good}\n"));

        Assert.Equal((1L, 2), (reading.Result.MalformedLines, reading.Messages.Count));
        Assert.Equal(Good.Length + 1, reading.Result.MalformedAt);
        Assert.Equal(1, reading.Row.ParserMalformedLines);
    }

    [Fact]
    public void Read_DeepNesting_IsBoundedAndNotFatal()
    {
        using var folder = new TempFolder();
        string deep = "{\"type\":\"user\",\"x\":" + new string('[', 100_000) + new string(']', 100_000) + "}";
        string bearable = "{\"type\":\"user\",\"message\":{\"content\":\"deep\"},\"x\":" + new string('[', 900) + new string(']', 900) + "}";

        Reading reading = Reading.Of(folder.Write("p/s.jsonl", $"{Good}\n{deep}\n{bearable}\n"));

        Assert.Equal((1L, 2), (reading.Result.MalformedLines, reading.Messages.Count));
    }

    [Fact]
    public void Read_InvalidUtf8_BecomesReplacementCharacters()
    {
        using var folder = new TempFolder();
        byte[] bytes = [.. "{\"type\":\"user\",\"message\":{\"content\":\"bad "u8, 0xFF, (byte)' ', 0xC3, .. " end \\n"u8, 0xFE, .. "\"}}\n"u8];

        Reading reading = Reading.Of(folder.Write("p/s.jsonl", bytes));

        Assert.Equal("bad \uFFFD \uFFFD end \n\uFFFD", Assert.Single(reading.Messages).Content);
    }

    [Theory]
    [InlineData("\uFEFF", "\n")]
    [InlineData("", "\r\n")]
    [InlineData("\r\n\n  \n", "\n")]
    public void Read_MarksAndBlankLines_AreNoFault(string before, string lineEnd)
    {
        using var folder = new TempFolder();

        Reading reading = Reading.Of(folder.Write("p/s.jsonl", before + Good + lineEnd + Good + lineEnd));

        Assert.Equal((0L, 2), (reading.Result.MalformedLines, reading.Messages.Count));
    }

    [Theory]
    [InlineData("{\"type\":null}")]
    [InlineData("""{"type":"user","message":null}""")]
    [InlineData("""{"type":"user","message":{"content":{"a":1}}}""")]
    [InlineData("""{"type":"assistant","message":{"id":5,"content":[null,1,"x",{"type":"tool_use"},{"type":"tool_use","name":7,"input":[]}],"usage":[]}}""")]
    [InlineData("""{"type":"assistant","message":{"content":[{"type":"tool_use","name":"TodoWrite","input":{"todos":[1,{"content":{}}]}}],"usage":{"input_tokens":"many","output_tokens":1e400}}}""")]
    [InlineData("""{"type":"user","timestamp":"2026-99-99T10:00:00Z","message":{"content":[{"type":"tool_result","tool_use_id":"?","content":[{"text":1}]}]}}""")]
    [InlineData("""{"type":"attachment","attachment":[]}""")]
    [InlineData("""{"type":"queue-operation","operation":"enqueue","content":"{\"task_id\":1}"}""")]
    public void Read_UnexpectedShapes_AreNotFatal(string line)
    {
        using var folder = new TempFolder();

        Reading reading = Reading.Of(folder.Write("p/s.jsonl", $"{Good}\n{line}\n{Good}\n"));

        Assert.Equal(0, reading.Result.MalformedLines);
        Assert.Equal("hello", reading.Row.FirstMessage);
    }

    [Theory]
    [InlineData("""{"type":"response_item","payload":{"type":"function_call","name":"shell","arguments":[[]],"call_id":{}}}""")]
    [InlineData("""{"type":"response_item","payload":{"type":"function_call","name":"wait","arguments":"{\"ids\":[1,null,\"a\"]}","call_id":"c"}}""")]
    [InlineData("""{"type":"response_item","payload":{"type":"function_call_output","call_id":"none","output":{}}}""")]
    [InlineData("""{"type":"response_item","payload":{"type":"message","role":"user","content":"text"}}""")]
    [InlineData("""{"type":"event_msg","payload":{"type":"token_count","info":null}}""")]
    [InlineData("""{"type":"session_meta","payload":{"id":""}}""")]
    [InlineData("""{"type":"turn_context","payload":null}""")]
    public void Read_UnexpectedShapesOfCodex_AreNotFatal(string line)
    {
        using var folder = new TempFolder();

        Reading reading = Reading.Of(folder.Write("p/s.jsonl", Some.Codex("c", 1) + line + "\n" + Some.CodexMessage("user", 5, "last")));

        Assert.Equal(0, reading.Result.MalformedLines);
        Assert.Equal("last", reading.Messages[^1].Content);
        Assert.Equal("codex:c", reading.Row.Id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("plain text\nmore of it\n")]
    [InlineData("""{"type":"user"}""" + "\n")]
    [InlineData("""{"role":"user","content":"another agent"}""" + "\n")]
    [InlineData("\0\0\0\0")]
    public void Import_UnknownContent_IsSkippedWithItsCode(string content)
    {
        using var world = new ImportWorld();
        world.Write("p/s.jsonl", content);

        ArchiveSessionImport first = world.ImportOne(), second = world.ImportOne();

        Assert.Equal(("Skipped", "TranscriptUnrecognized"), (first.Status, first.ErrorCode));
        Assert.Equal(("Skipped", "TranscriptUnrecognized"), (second.Status, second.ErrorCode));
        Assert.Equal(0, world.Count("sessions"));
    }

    [Fact]
    public void Import_FormatIsToldByContent_NotByName()
    {
        using var world = new ImportWorld();
        string claude = world.Write("sessions/rollout-1.txt", Some.Claude("s", 1)), codex = world.Write("projects/x.jsonl", "\n{}\n" + Some.Codex("c", 1));

        List<ArchiveSessionImport> results = world.Import(paths: [claude, codex]);

        Assert.Equal(["codex", "claude"], results.Select(r => r.Format));
    }

    [Fact]
    public void Import_UnrecognizedFileThatGrows_IsLookedAtAgain()
    {
        using var world = new ImportWorld();
        string path = world.Write("p/s.jsonl", "");
        world.Import();
        File.AppendAllText(path, Some.Claude("s", 1));

        Assert.Equal("Imported", world.ImportOne().Status);
    }

    [Fact]
    public void LineReader_LineBeyondLimit_IsPassedOverWithinBounds()
    {
        const int limit = 1 << 20;
        byte[] end = "\nafter\n"u8.ToArray();
        using var stream = new EndlessLine(200L << 20, end);
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var lines = new LineReader(stream, 0, limit);

        Assert.True(lines.Read(out ReadOnlySpan<byte> line));
        Assert.True(lines.IsOversized && lines.IsComplete && line.IsEmpty);
        Assert.Equal((200L << 20) + 1, lines.Next);
        Assert.True(lines.Read(out line));
        Assert.Equal("after", Encoding.UTF8.GetString(line));
        Assert.False(lines.Read(out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * limit);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 17)]
    [InlineData((1 << 17) + 1)]
    [InlineData(1 << 20)]
    public void LineReader_LineUpToLimit_IsWhole(int length)
    {
        using var stream = new EndlessLine(length, "\nx"u8.ToArray());
        using var lines = new LineReader(stream, 0, 1 << 20);

        Assert.True(lines.Read(out ReadOnlySpan<byte> line));
        Assert.Equal((length, false, true), (line.Length, lines.IsOversized, lines.IsComplete));
        Assert.True(lines.Read(out line));
        Assert.Equal((1, false, (long)length + 1), (line.Length, lines.IsComplete, lines.LineStart));
    }

    [Fact]
    public void Import_LargeSession_StaysWithinMemory()
    {
        using var world = new ImportWorld();
        string path = world.Write("p/s.jsonl", Some.Claude("s", 1));
        string text = new('x', 200_000);
        using (StreamWriter file = File.AppendText(path))
        {
            for (int i = 1; i <= 300; i++)
            {
                file.Write(Some.Assistant("s", i, $"m{i}", Some.Text(text), Some.ToolUse($"c{i}", "Bash", new JsonObject { ["command"] = "x" })));
                file.Write(Some.Result("s", i, $"c{i}", text));
            }
        }

        // 120 MB of text: had it been held, it would have shown.
        List<SessionChunk> chunks = [];
        long largest = 0;
        var parser = new TranscriptParser(path, FileStat.Of(path)!.Value, null, false);
        parser.Read(c => largest = Math.Max(largest, c.Messages.Sum(m => m.Content.Length + m.ToolCalls.Sum(t => t.ResultContent.Length))), CancellationToken.None);
        ArchiveSessionImport result = world.ImportOne();

        Assert.InRange(largest, 1, 2 << 20);
        Assert.Equal(302, result.Messages);
        Assert.Equal(300, world.Db.Scalar<long>("SELECT count(*) FROM tool_calls WHERE length(result_content) = 200000"));
    }

    [Fact]
    public void Import_LineOfManyMegabytes_IsAMessage()
    {
        using var world = new ImportWorld();
        world.Write("p/s.jsonl", Some.User("s", 1, new string('y', 5_000_000)) + Good + "\n");

        Assert.Equal(2, world.ImportOne().Messages);
        Assert.Equal(5_000_000, world.Db.Scalar<long>("SELECT content_length FROM messages WHERE ordinal = 0"));
    }

    /// <summary>Zeroes of a length, then an end.</summary>
    private sealed class EndlessLine(long length, byte[] end) : Stream
    {
        private long _position;

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (_position < length)
            {
                int part = (int)Math.Min(buffer.Length, length - _position);
                buffer[..part].Fill((byte)'z');
                _position += part;
                return part;
            }

            int left = (int)Math.Min(buffer.Length, end.Length - (_position - length));
            end.AsSpan((int)(_position - length), left).CopyTo(buffer);
            _position += left;
            return left;
        }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => length + end.Length;
        public override long Position { get => _position; set => throw new NotSupportedException(); }
        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
