using System.Text;
using System.Text.Json.Nodes;
using ArtifactSync.Model;

namespace ArtifactSync.Tests.Transcripts;

public sealed class IncrementalTests
{
    /// <summary>Every feature whose effect crosses lines.</summary>
    private static string EventfulClaude()
    {
        var text = new StringBuilder();
        text.Append(Some.Claude("s", 2));
        text.Append("no json at all\n");
        text.Append(Some.User("s", 3, "/clear"));
        text.Append("""{"type":"summary","summary":"kept out","leafUuid":"x"}""" + "\n");
        text.Append("""{"type":"summary","summary":"names it","leafUuid":"s-user-8"}""" + "\n");
        text.Append("""{"type":"ai-title","aiTitle":"Made up","sessionId":"s"}""" + "\n");
        text.Append(Some.Assistant("s", 4, "m4", Some.Text("I spawn")));
        text.Append(Some.Assistant("s", 4, "m4", Some.Text("I spawn two"), Some.ToolUse("t1", "Task", new JsonObject { ["prompt"] = "one" })));
        text.Append(Some.Assistant("s", 4, "m4", Some.ToolUse("t2", "Task", new JsonObject { ["prompt"] = "two" })));
        text.Append("""{"type":"progress","parentToolUseID":"t2","data":{"type":"agent_progress","agentId":"beta"},"timestamp":"2026-06-01T10:04:01Z"}""" + "\n");
        text.Append('\n');
        text.Append(Some.Result("s", 5, "t1", "done one", agent: "alpha"));
        text.Append("""{"type":"attachment","timestamp":"2026-06-01T10:05:30Z","attachment":{"type":"queued_command","prompt":"hurry up"}}""" + "\n");
        text.Append(Some.Assistant("s", 6, "m4", Some.Text("still the same response")));
        text.Append(Some.Result("s", 7, "t2", "done two"));
        text.Append("""{"type":"system","content":"<command-name>/rename</command-name><command-args>My name</command-args>","timestamp":"2026-06-01T10:08:00Z"}""" + "\n");
        text.Append(Some.User("s", 8, "<task-notification>x</task-notification>"));
        text.Append(Some.Assistant("s", 9, "m9", Some.ToolUse("t9", "Bash", new JsonObject { ["command"] = "sleep" })));
        return text.ToString();
    }

    private static string EventfulCodex() =>
        Some.Codex("x", 2)
        + Some.CodexLine("response_item", 3, new JsonObject { ["type"] = "function_call", ["name"] = "spawn_agent", ["call_id"] = "c1", ["arguments"] = "{\"message\":\"go\"}" })
        + Some.CodexLine("response_item", 3, new JsonObject { ["type"] = "function_call_output", ["call_id"] = "c1", ["output"] = "{\"agent_id\":\"a1\"}" })
        + Some.CodexLine("response_item", 4, new JsonObject { ["type"] = "function_call", ["name"] = "wait", ["call_id"] = "c2", ["arguments"] = "{\"ids\":[\"a1\"]}" })
        + Some.CodexMessage("user", 4, "<subagent_notification>{\"agent_id\":\"a1\",\"status\":{\"running\":\"half\"}}</subagent_notification>")
        + Some.CodexLine("response_item", 5, new JsonObject { ["type"] = "function_call_output", ["call_id"] = "c2", ["output"] = "{\"status\":{\"a1\":{\"completed\":\"all\"}}}" })
        + Some.CodexMessage("assistant", 6, "a")
        + Some.CodexMessage("assistant", 6, "b")
        + Some.CodexLine("event_msg", 7, new JsonObject { ["type"] = "token_count", ["info"] = new JsonObject { ["last_token_usage"] = new JsonObject { ["input_tokens"] = 9, ["output_tokens"] = 1 } } })
        + Some.CodexLine("event_msg", 7, new JsonObject { ["type"] = "token_count", ["info"] = new JsonObject { ["last_token_usage"] = new JsonObject { ["input_tokens"] = 8, ["output_tokens"] = 2 } } });

    public static TheoryData<string, bool> Transcripts() => new() { { "claude", true }, { "claude", false }, { "codex", true }, { "codex", false } };

    [Theory]
    [MemberData(nameof(Transcripts))]
    [Trait("Category", "Property")]
    public void Import_InTwoPieces_EqualsImportAtOnce(string format, bool atLineEnds)
    {
        byte[] whole = Encoding.UTF8.GetBytes(format == "claude" ? EventfulClaude() : EventfulCodex());
        int[] cuts = [.. Enumerable.Range(1, whole.Length - 1).Where(i => atLineEnds ? whole[i - 1] == '\n' : whole[i] == '\n' || i % 211 == 0)];
        using var once = new ImportWorld();
        using var pieces = new ImportWorld();
        foreach (int cut in cuts)
        {
            once.Write(Name(cut), Named(whole, cut));
            pieces.Write(Name(cut), Named(whole, cut)[..(cut + Shift(whole, cut))]);
        }

        once.Import();
        pieces.Import();
        foreach (int cut in cuts)
        {
            pieces.Write(Name(cut), Named(whole, cut));
        }

        List<ArchiveSessionImport> grown = pieces.Import();

        Assert.All(grown, r => Assert.Contains(r.Status, new[] { "Imported", "Unchanged" }));
        Assert.Equal(once.Dump(), pieces.Dump());

        static string Name(int cut) => $"-work-app/cut{cut:D6}.jsonl";

        // Codex files name their session inside.
        byte[] Named(byte[] bytes, int cut) => format == "claude" ? bytes
            : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace("\"id\":\"x\"", $"\"id\":\"x{cut:D6}\"", StringComparison.Ordinal));

        int Shift(byte[] bytes, int cut) => cut > Encoding.UTF8.GetString(bytes).IndexOf("\"id\":\"x\"", StringComparison.Ordinal) && format == "codex" ? 6 : 0;
    }

    [Theory]
    [MemberData(nameof(Transcripts))]
    [Trait("Category", "Property")]
    public void Import_LineByLine_EqualsImportAtOnce(string format, bool withHalfLines)
    {
        string whole = format == "claude" ? EventfulClaude() : EventfulCodex();
        using var once = new ImportWorld();
        once.Write("-work-app/s.jsonl", whole);
        once.Import();
        using var growing = new ImportWorld();
        int at = 0;
        while (at < whole.Length)
        {
            int end = whole.IndexOf('\n', at) + 1;
            if (withHalfLines)
            {
                growing.Write("-work-app/s.jsonl", whole[..((at + end) / 2)]);
                growing.Import();
            }

            growing.Write("-work-app/s.jsonl", whole[..end]);
            growing.Import();
            at = end;
        }

        Assert.Equal(once.Dump(), growing.Dump());
    }

    [Fact]
    public void Import_GrownFile_ReadsOnlyItsGrowth()
    {
        using var world = new ImportWorld();
        string path = world.Write("-work-app/s.jsonl", Some.Claude("s", 200));
        world.Import();
        File.AppendAllText(path, Some.User("s", 201, "one more"));

        ArchiveSessionImport result = world.ImportOne();

        Assert.Equal(("Imported", 1, 1L), (result.Status, result.Changed, result.Messages));
        Assert.Equal(401, world.Count("messages"));
    }

    [Fact]
    public void Import_TruncatedLastLine_IsReadWhenItIsWhole()
    {
        using var world = new ImportWorld();
        string whole = Some.Claude("s", 1) + Some.User("s", 1, "the end");
        string path = world.Write("-work-app/s.jsonl", whole[..^20]);

        ArchiveSessionImport first = world.ImportOne();
        (long, string?) before = (world.Db.Scalar<long>("SELECT is_truncated FROM sessions"), world.Db.Scalar<string>("SELECT termination_status FROM sessions"));
        File.WriteAllText(path, whole);
        ArchiveSessionImport second = world.ImportOne();

        Assert.Equal((1L, "truncated"), before);
        Assert.Equal((0L, 0L), (first.MalformedLines, second.MalformedLines));
        Assert.Equal((0L, "clean"), (world.Db.Scalar<long>("SELECT is_truncated FROM sessions"), world.Db.Scalar<string>("SELECT termination_status FROM sessions")));
        Assert.Equal(3, world.Count("messages"));
    }

    [Fact]
    public void Import_LastLineWithoutFeed_IsThereAtOnceAndNotTwice()
    {
        using var world = new ImportWorld();
        string whole = Some.Claude("s", 1) + Some.User("s", 1, "the end").TrimEnd('\n');
        string path = world.Write("-work-app/s.jsonl", whole);
        world.Import();
        long before = world.Count("messages");
        File.AppendAllText(path, "\n" + Some.User("s", 2, "after"));
        world.Import();

        Assert.Equal((3, 4), (before, world.Count("messages")));
    }

    [Fact]
    public void Import_ShrunkFile_IsReadAnew()
    {
        using var world = new ImportWorld();
        string path = world.Write("-work-app/s.jsonl", Some.Claude("s", 5));
        world.Import();
        File.WriteAllText(path, Some.Claude("s", 2));

        world.Import();

        Assert.Equal(4, world.Count("messages"));
        Assert.Equal(4L, world.Db.Scalar<long>("SELECT message_count FROM sessions"));
    }

    [Fact]
    public void Import_FileRewrittenLonger_IsReadAnew()
    {
        using var world = new ImportWorld();
        string path = world.Write("-work-app/s.jsonl", Some.Claude("s", 3));
        world.Import();
        File.WriteAllText(path, Some.Claude("other", 4));

        world.Import();

        Assert.Equal("other question 0", world.Db.Scalar<string>("SELECT first_message FROM sessions"));
        Assert.Equal(8, world.Count("messages"));
        Assert.Equal(8, world.Count("message_text"));
    }

    [Fact]
    public void Import_FileRewrittenWithSameSize_IsReadAnew()
    {
        using var world = new ImportWorld();
        string path = world.Write("-work-app/s.jsonl", Some.User("s", 1, "first"));
        world.Import();
        File.WriteAllText(path, Some.User("s", 1, "other"));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(1));

        world.Import();

        Assert.Equal("other", world.Db.Scalar<string>("SELECT first_message FROM sessions"));
    }

    [Fact]
    public void Import_TouchedFile_PublishesNothing()
    {
        using var world = new ImportWorld();
        string path = world.Write("-work-app/s.jsonl", Some.Claude("s", 3));
        world.Import();
        long generation = world.Db.Scalar<long>("SELECT value FROM counters WHERE name = 'publish_generation'");
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(1));

        Assert.Equal("Unchanged", world.ImportOne().Status);
        Assert.Equal("Unchanged", world.ImportOne().Status);
        Assert.Equal(generation, world.Db.Scalar<long>("SELECT value FROM counters WHERE name = 'publish_generation'"));
    }

    [Fact]
    public void Import_FullWithoutChange_PublishesNothing()
    {
        using var world = new ImportWorld();
        world.Write("-work-app/s.jsonl", Some.Claude("s", 3));
        world.Import();
        long generation = world.Db.Scalar<long>("SELECT value FROM counters WHERE name = 'publish_generation'");

        Assert.Equal("Unchanged", Assert.Single(world.Import(full: true)).Status);
        Assert.Equal(generation, world.Db.Scalar<long>("SELECT value FROM counters WHERE name = 'publish_generation'"));
    }

    [Fact]
    public void Import_VanishedFile_LeavesItsSession()
    {
        using var world = new ImportWorld();
        string path = world.Write("-work-app/s.jsonl", Some.Claude("s", 3));
        world.Import();
        string dump = world.Dump();
        File.Delete(path);

        Assert.Empty(world.Import());
        Assert.Equal(dump, world.Dump());
    }

    [Fact]
    public void Import_SessionOfKnownFileWasDeleted_IsReadFromTheBeginning()
    {
        using var world = new ImportWorld();
        string path = world.Write("-work-app/s.jsonl", Some.Claude("s", 3));
        world.Import();
        using (var lease = world.Archive.AcquireLease("delete", TimeSpan.FromSeconds(5), CancellationToken.None))
        using (var transaction = lease.Begin())
        {
            Assert.True(ArtifactSync.Archive.SessionTable.Delete(transaction.Db, "s"));
            transaction.Commit();
        }

        File.AppendAllText(path, Some.User("s", 9, "more"));
        ArchiveSessionImport result = world.ImportOne();

        Assert.Equal((1, 7), (result.Added, world.Count("messages")));
    }
}
