using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transcripts;

namespace ArtifactSync.Tests.Transcripts;

public sealed class ImporterTests
{
    [Fact]
    public void Import_NewFiles_WritesSessionsOnce()
    {
        using var world = new ImportWorld();
        world.Write("-work-app/one.jsonl", Some.Claude("one", 3));
        world.Write("-work-app/two.jsonl", Some.Claude("two", 2));

        List<ArchiveSessionImport> first = world.Import();
        string dump = world.Dump();
        List<ArchiveSessionImport> second = world.Import();

        Assert.Equal(["Imported", "Imported"], first.Select(r => r.Status));
        Assert.All(first, r => Assert.Equal((1, 0, 0, "claude", "run-1"), (r.Added, r.Changed, r.Skipped, r.Format, r.RunId)));
        Assert.Equal([6L, 4L], first.Select(r => r.Messages));
        Assert.Equal(["Unchanged", "Unchanged"], second.Select(r => r.Status));
        Assert.Equal([["one"], ["two"]], second.Select(r => r.SessionId));
        Assert.Equal(dump, world.Dump());
        Assert.Equal(2, world.Count("sessions"));
        Assert.Equal(2, world.Count("publish_queue"));
    }

    [Fact]
    public void Import_MessageText_IsSearchable()
    {
        using var world = new ImportWorld();
        string path = world.Write("-work-app/one.jsonl", Some.User("one", 1, "the quick brown fox"));
        world.Import();
        File.AppendAllText(path, Some.User("one", 2, "a lazy dog"));
        world.Import();

        Assert.Equal(1, world.Db.Scalar<long>("SELECT count(*) FROM message_text WHERE message_text MATCH 'lazy'"));
        Assert.Equal(1, world.Db.Scalar<long>("SELECT count(*) FROM message_text WHERE message_text MATCH '\"quick brown\"'"));
    }

    [Fact]
    public void Import_WhatIf_TellsTheSameAndWritesNothing()
    {
        using var world = new ImportWorld();
        world.Write("a/same.jsonl", Some.Claude("x", 3));
        world.Write("b/same.jsonl", Some.Claude("x", 2));
        string grows = world.Write("c/grows.jsonl", Some.Claude("y", 2));
        world.Write("d/none.jsonl", "nothing");
        world.Import(paths: [grows]);
        File.AppendAllText(grows, "bad line\n" + Some.Claude("y", 1, 2));
        string before = Fingerprint(world);

        List<ArchiveSessionImport> planned = world.Import(whatIf: true);
        string after = Fingerprint(world);
        List<ArchiveSessionImport> real = world.Import();

        Assert.Equal(before, after);
        Assert.Equal(real.Select(Line), planned.Select(Line));
        Assert.Equal(["Imported", "Skipped", "Imported", "Skipped"], real.Select(r => r.Status));

        static string Line(ArchiveSessionImport r) => (r with { RunId = null, SessionId = [] }).ToString() + string.Join(',', r.SessionId);
    }

    [Fact]
    public void Import_WhatIfWithoutArchive_TellsWhatWouldCome()
    {
        using var folder = new TempFolder();
        folder.Write("p/s.jsonl", Some.Claude("s", 2));
        var request = new ImportRequest { Paths = [folder.Path], WhatIf = true };

        ArchiveSessionImport result = Assert.Single(TranscriptImporter.Import(null, null, request, NullObserver.Instance, CancellationToken.None));

        Assert.Equal(("Imported", 1, 4L), (result.Status, result.Added, result.Messages));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Import_AnyNumberOfWorkers_GivesTheSame(int workers)
    {
        using var world = new ImportWorld(new EngineOptions { ArchivePath = "", ThrottleLimit = workers });
        using var reference = new ImportWorld(new EngineOptions { ArchivePath = "", ThrottleLimit = 2 });
        foreach (ImportWorld each in (ImportWorld[])[world, reference])
        {
            for (int i = 0; i < 60; i++)
            {
                each.Write($"p{i % 7}/s{i % 50}.jsonl", Some.Claude($"s{i}", (i * 7 % 11) + 1));
                each.Write($"c/r{i}.jsonl", Some.Codex($"c{i % 55}", (i % 3) + 1));
            }
        }

        List<string> order = [.. world.Import().Select(r => $"{Path.GetRelativePath(world.Transcripts, r.Path)} {r.Status} {r.ErrorCode}")];

        Assert.Equal(reference.Import().Select(r => $"{Path.GetRelativePath(reference.Transcripts, r.Path)} {r.Status} {r.ErrorCode}"), order);
        Assert.Equal(order.Order(StringComparer.Ordinal), order);
        Assert.Equal(reference.Dump(), world.Dump());
    }

    [Fact]
    public void Import_TwoFilesOfOneSession_LongerOneHoldsIt()
    {
        using var world = new ImportWorld();
        string shorter = world.Write("a/s.jsonl", Some.Claude("x", 2)), longer = world.Write("b/s.jsonl", Some.Claude("x", 3));

        List<ArchiveSessionImport> first = world.Import();
        long held = world.Count("messages");
        List<ArchiveSessionImport> second = world.Import();
        File.AppendAllText(shorter, Some.Claude("x", 4, 2));
        List<ArchiveSessionImport> third = world.Import();
        File.Delete(shorter);
        List<ArchiveSessionImport> fourth = world.Import();

        Assert.Equal(["Imported", "Imported"], first.Select(r => r.Status));
        Assert.Equal(6, held);
        Assert.Equal(["Unchanged", "Unchanged"], second.Select(r => r.Status));
        Assert.Equal(("Imported", 12L), (third[0].Status, third[0].Messages));
        // What only the vanished file told stays.
        Assert.Equal((longer, "Unchanged"), (fourth[0].Path, fourth[0].Status));
        Assert.Equal(12, world.Count("messages"));
    }

    [Fact]
    public void Import_MovedFile_GoesOnWhereItLies()
    {
        using var world = new ImportWorld();
        string old = world.Write("a/s.jsonl", Some.Claude("x", 2)), copy = world.Write("b/s.jsonl", Some.Claude("x", 2));
        List<ArchiveSessionImport> first = world.Import();
        File.Delete(old);

        ArchiveSessionImport second = world.ImportOne();
        File.AppendAllText(copy, Some.Claude("x", 1, 2));
        ArchiveSessionImport third = world.ImportOne();

        Assert.Equal(["Imported", "Skipped"], first.Select(r => r.Status));
        Assert.Equal(("Imported", 1), (second.Status, second.Changed));
        Assert.Equal(("Imported", 2L, 6L), (third.Status, third.Messages, world.Count("messages")));
        Assert.Equal(copy, world.Db.Scalar<string>("SELECT file_path FROM sessions"));
    }

    [Fact]
    public void Import_ShorterCopy_IsSkippedWithItsCode()
    {
        using var world = new ImportWorld();
        world.Write("a/s.jsonl", Some.Claude("x", 3));
        world.Write("b/s.jsonl", Some.Claude("x", 2));

        List<ArchiveSessionImport> results = world.Import();

        Assert.Equal(("Skipped", "TranscriptSessionTaken", 1), (results[1].Status, results[1].ErrorCode, results[1].Skipped));
        Assert.NotNull(results[1].RecommendedAction);
        Assert.Equal(["Unchanged", "Unchanged"], world.Import().Select(r => r.Status));
    }

    [Fact]
    public void Import_ExcludedSession_IsSkipped()
    {
        using var world = new ImportWorld();
        world.Write("a/s.jsonl", Some.Claude("s", 2));
        Execute(world, "INSERT INTO excluded_sessions VALUES ('s', 'now')");

        ArchiveSessionImport result = world.ImportOne();

        Assert.Equal(("Skipped", "SessionExcluded", 0L), (result.Status, result.ErrorCode, world.Count("sessions")));
    }

    [Fact]
    public void Import_IdOfForeignSession_LeavesIt()
    {
        using var world = new ImportWorld();
        world.Write("a/desk-1a2b3c~s.jsonl", Some.Claude("s", 2));
        Execute(world, "INSERT INTO sessions(id, own, origin, project) VALUES ('desk-1a2b3c~s', 0, 'desk-1a2b3c', 'theirs')");

        ArchiveSessionImport result = world.ImportOne();

        Assert.Equal(("Skipped", "TranscriptSessionTaken"), (result.Status, result.ErrorCode));
        Assert.Equal(("theirs", 0L), (world.Db.Scalar<string>("SELECT project FROM sessions"), world.Count("messages")));
    }

    [Fact]
    public void Import_IdWithTilde_IsAnOwnSession()
    {
        using var world = new ImportWorld();
        world.Write("a/odd~name.jsonl", Some.Claude("s", 1));

        Assert.Equal("Imported", world.ImportOne().Status);
        Assert.Equal("odd~name", world.Db.Scalar<string>("SELECT id FROM sessions WHERE own = 1"));
    }

    [Fact]
    public void Import_TrashedAndRenamedSession_KeepsWhatTheUserDid()
    {
        using var world = new ImportWorld();
        string path = world.Write("a/s.jsonl", Some.Claude("s", 1));
        world.Import();
        string created = world.Db.Scalar<string>("SELECT created_at FROM sessions")!;
        Execute(world, "UPDATE sessions SET deleted_at = '2026-07-01T00:00:00Z', display_name = 'Mine'");
        File.AppendAllText(path, Some.Claude("s", 2, 1));

        world.Import();

        Assert.Equal(6, world.Count("messages"));
        Assert.Equal($"2026-07-01T00:00:00Z Mine {created} 2", world.Db.Scalar<string>(
            "SELECT deleted_at || ' ' || display_name || ' ' || created_at || ' ' || transcript_revision FROM sessions"));
    }

    [Fact]
    public void Import_SubagentFiles_AreLinked()
    {
        using var world = new ImportWorld();
        world.Write("-p/main.jsonl", Some.Assistant("main", 1, "m", Some.ToolUse("t", "Task", new System.Text.Json.Nodes.JsonObject { ["prompt"] = "go" }))
            + Some.Result("main", 2, "t", "done", agent: "abc"));
        world.Write("-p/main/subagents/agent-abc.jsonl", Some.Claude("main", 1));
        world.Write("-p/resumed.jsonl", Some.Claude("main", 1));

        world.Import();

        Assert.Equal("agent-abc", world.Db.Scalar<string>("SELECT subagent_session_id FROM tool_calls WHERE tool_use_id = 't'"));
        Assert.Equal("main subagent p", world.Db.Scalar<string>("SELECT parent_session_id || ' ' || relationship_type || ' p' FROM sessions WHERE id = 'agent-abc'"));
        Assert.Equal("main continuation", world.Db.Scalar<string>("SELECT parent_session_id || ' ' || relationship_type FROM sessions WHERE id = 'resumed'"));
    }

    [Fact]
    public void Import_ThreadNamesThatChange_ReachTheirSessions()
    {
        using var world = new ImportWorld();
        string index = world.Write("session_index.jsonl", """{"id":"c","thread_name":"First"}""" + "\n");
        world.Write("sessions/2026/06/01/r.jsonl", Some.Codex("c", 1));
        world.Import();
        string? first = world.Db.Scalar<string>("SELECT session_name FROM sessions");
        File.AppendAllText(index, """{"id":"c","thread_name":"Second"}""" + "\n");

        Assert.Equal("Unchanged", world.ImportOne().Status);
        Assert.Equal(("First", "Second"), (first, world.Db.Scalar<string>("SELECT session_name FROM sessions")));
    }

    [Theory]
    [InlineData("import-commit", 0)]
    [InlineData("import-committed", 2)]
    public void Import_FailureAtAStep_KeepsContentAndCursorTogether(string step, int expected)
    {
        bool armed = true;
        using var world = new ImportWorld(new EngineOptions
        {
            ArchivePath = "",
            Checkpoint = at =>
            {
                if (armed && at == step)
                {
                    throw new InvalidOperationException("stop here");
                }
            },
        });
        world.Write("a/one.jsonl", Some.Claude("one", 3));
        world.Write("a/two.jsonl", Some.Codex("two", 3));

        Assert.Throws<InvalidOperationException>(() => world.Import());
        (long, long) after = (world.Count("sessions"), world.Count("transcript_files"));
        armed = false;
        List<ArchiveSessionImport> again = world.Import();

        Assert.Equal((expected, expected), after);
        Assert.All(again, r => Assert.Equal(expected == 0 ? "Imported" : "Unchanged", r.Status));
        Assert.Equal(6 + 9, world.Count("messages"));
    }

    [Fact]
    public void Import_CancelledOrLeftEarly_EndsItsThreads()
    {
        using var world = new ImportWorld();
        for (int i = 0; i < 1100; i++)
        {
            world.Write($"p/s{i:D4}.jsonl", Some.User("s", 1, "hello"));
        }

        using var stop = new CancellationTokenSource();
        var request = new ImportRequest { Paths = [world.Transcripts] };
        using (Lease lease = world.Archive.AcquireLease("early", TimeSpan.FromSeconds(5), CancellationToken.None))
        {
            Assert.Equal("Imported", TranscriptImporter.Import(world.Archive, lease, request, NullObserver.Instance, stop.Token).First().Status);
            using IEnumerator<ArchiveSessionImport> rest = TranscriptImporter.Import(world.Archive, lease, request, NullObserver.Instance, stop.Token).GetEnumerator();
            stop.Cancel();
            Assert.ThrowsAny<OperationCanceledException>(() => rest.MoveNext());
        }

        Assert.Equal(1100, world.Import().Count);
        Assert.Equal(1100, world.Count("sessions"));
    }

    [Fact]
    public void Import_PathsThatAreNotThere_FailAloneWithTheirCode()
    {
        using var world = new ImportWorld();
        string good = world.Write("p/[1].jsonl", Some.Claude("x", 1)), missing = Path.Combine(world.Transcripts, "missing");

        List<ArchiveSessionImport> results = world.Import(paths: [missing, good]);

        ArchiveSessionImport failed = Assert.Single(results, r => r.Status == "Failed");
        Assert.Equal((missing, nameof(ErrorCode.PathNotFound)), (failed.Path, failed.ErrorCode));
        Assert.Equal("[1]", Assert.Single(results, r => r.Status == "Imported").SessionId[0]);
    }

    [Fact]
    public void Find_LinksInACircle_GivesEachFileOnce()
    {
        using var folder = new TempFolder();
        string file = folder.Write("a/b/s.jsonl", "x");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "a", "b", "up"), Path.Combine(folder.Path, "a"));
        File.CreateSymbolicLink(Path.Combine(folder.Path, "a", "broken.jsonl"), Path.Combine(folder.Path, "nowhere"));

        Assert.Equal([file], TranscriptFinder.Find([folder.Path, file], CancellationToken.None).Select(f => f.Path));
    }

    [Fact]
    public void Stat_OfFile_AgreesWithFramework()
    {
        using var folder = new TempFolder();
        string path = folder.Write("f", "12345");
        File.SetLastWriteTimeUtc(path, new DateTime(2026, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc));

        FileStat stat = FileStat.Of(path)!.Value;

        Assert.Equal(5, stat.Size);
        Assert.Equal((File.GetLastWriteTimeUtc(path).Ticks - DateTime.UnixEpoch.Ticks) * 100, stat.MtimeNs / 100 * 100);
        Assert.Equal(OperatingSystem.IsLinux(), stat.Inode != 0);
        Assert.Null(FileStat.Of(path + "x"));
    }

    private static void Execute(ImportWorld world, string sql)
    {
        using Lease lease = world.Archive.AcquireLease("test", TimeSpan.FromSeconds(5), CancellationToken.None);
        using WriteTransaction transaction = lease.Begin();
        transaction.Db.Execute(sql);
        transaction.Commit();
    }

    private static string Fingerprint(ImportWorld world) => string.Join('\n', Directory
        .EnumerateFiles(world.Archive.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Where(f => !f.EndsWith("-shm", StringComparison.Ordinal))
        .Select(f =>
        {
            using var stream = new FileStream(f, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return $"{f} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(stream))}";
        }));
}
