using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Sync;

/// <summary>Rows that came to harm are made again from transcripts, store and registers; the ledger stays as it is.</summary>
[Trait("Category", "Metadata")]
public sealed class RebuildTests : IDisposable
{
    private const string ForeignId = "other-0a1b2c~o1";
    private static readonly string[] Ledger =
    [
        "archive_state", "watermarks", "landings", "origin_state(origin, imported_sequence)", "metadata_registers", "metadata_applied", "metadata_conflicts",
        "metadata_provenance", "metadata_deferred", "sequence_floors", "publications", "publication_head", "excluded_sessions", "artifacts", "targets",
    ];

    private readonly TempFolder _root = new();
    private readonly TestMachine _own;
    private readonly TestMachine _other;
    private Action<string> _checkpoint = static _ => { };

    public RebuildTests()
    {
        _own = new TestMachine(_root["own"], "own-3d4e5f")
        {
            Options = new EngineOptions { ArchivePath = _root["own"], Checkpoint = step => _checkpoint(step) },
        };
        _other = new TestMachine(_root["other"], "other-0a1b2c");
        _other.Write("o1", "from elsewhere", "zebra");
        _other.Write("o2", "second");
        Transcript("mine", "giraffe", "elephant");
        Transcript("gone", "whose file will vanish");
        Import();
        Exchange();
        Edit(_other, CurationEdit.SetDisplayName("o1", "theirs"));
        Edit(_own, CurationEdit.SetDisplayName(ForeignId, "ours"), CurationEdit.SetStarred("mine", true), CurationEdit.AddPin(ForeignId, 1, "note"));
        Exchange();
        File.Delete(_root["transcripts/gone.jsonl"]);
    }

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Rebuild_NothingWrong_ChangesNothing()
    {
        string[] before = State();

        SyncRun run = Rebuild();

        Assert.Equal((RunKind.Rebuild, RunStatus.Succeeded), (run.Kind, run.Status));
        Assert.Equal((1, 2, 3), (run.Counters.FilesImported, run.Counters.ImportedSessions, run.Counters.ImportedMessages));
        Assert.Equal(before, State());
        SyncRun idle = _own.Exchange(_root["share"]);
        Assert.Equal(0, idle.Counters.Published + idle.Counters.Sent + idle.Counters.ImportedSessions);
    }

    [Fact]
    public void Rebuild_DamagedRows_AreMadeAgainAndTheLedgerStays()
    {
        string[] whole = State();
        Damage();
        Assert.NotEqual(whole, State());

        Assert.Equal(RunStatus.Succeeded, Rebuild().Status);

        Assert.Equal(whole, State());
        Assert.Equal(["mine"], Find("giraffe"));
        Assert.Equal([ForeignId], Find("zebra"));
        Assert.Equal(["gone"], Find("vanish"));
        Assert.Empty(Find("nonsense"));
        _own.AssertSound();
        Assert.Equal(RunStatus.Succeeded, _own.Exchange(_root["share"]).Status);
        Assert.Equal(RunStatus.Succeeded, _other.Exchange(_root["share"]).Status);
        Assert.Equal(_own.Content(), _other.Content());
    }

    [Fact]
    public void Rebuild_FailsAtAnyStep_IsFinishedByTheNext()
    {
        string[] whole = State();
        int steps = 0;
        Damage();
        _checkpoint = _ => steps++;
        Rebuild();
        Assert.True(steps > 5, $"only {steps} steps");
        for (int failing = 1; failing <= steps; failing++)
        {
            Damage();
            int step = 0;
            _checkpoint = name => { if (++step == failing) { throw new IOException(name); } };
            Assert.ThrowsAny<Exception>(() => Rebuild());

            _checkpoint = static _ => { };
            Assert.Equal(RunStatus.Succeeded, Rebuild().Status);
            Assert.Equal(whole, State());
        }
    }

    [Fact]
    public void Rebuild_Stopped_LeavesTheOldIndex()
    {
        using var stop = new CancellationTokenSource();
        _checkpoint = step => { if (step == "phase:index") { stop.Cancel(); } };

        Assert.ThrowsAny<OperationCanceledException>(() => Rebuild(stop.Token));

        Assert.Equal(["mine"], Find("giraffe"));
        Assert.Equal(RunStatus.Aborted, new SyncEngine(_own.Options).GetRuns(new RunQuery { Last = 1 }).Single().Status);
    }

    [Fact]
    public void PlanRebuild_CountsSourcesAndWritesNothing()
    {
        string[] before = Directory.GetFiles(_root["own"], "*", SearchOption.AllDirectories);

        SyncRun plan = new SyncEngine(_own.Options).PlanRebuild();

        Assert.Equal((RunStatus.Planned, 1, null), (plan.Status, plan.Counters.FilesImported, plan.RunId));
        Assert.Equal(before, Directory.GetFiles(_root["own"], "*", SearchOption.AllDirectories));
    }

    private void Damage() => _own.Transact(static db =>
    {
        db.Execute("UPDATE messages SET content = 'nonsense' WHERE ordinal = 1");
        db.Execute("DELETE FROM messages WHERE ordinal = 0 AND sid = (SELECT sid FROM sessions WHERE id = ?)", ForeignId);
        db.Execute("UPDATE sessions SET display_name = NULL, project = 'x' WHERE own = 0");
        db.Execute("DELETE FROM starred_sessions");
        db.Execute("DELETE FROM pinned_messages");
        db.Execute("DELETE FROM sessions WHERE id = 'other-0a1b2c~o2'");
        db.Execute("INSERT INTO message_text(message_text) VALUES ('delete-all')");
    });

    /// <summary>Everything that must be the same: the ledger to the letter, and what users see.</summary>
    private string[] State() => _own.Read(db => Ledger.SelectMany(table => Rows(db, table)).Concat(Seen()).ToArray());

    private static IEnumerable<string> Rows(Database db, string table)
    {
        string[] parts = table.Split('(');
        string columns = parts.Length > 1
            ? parts[1].TrimEnd(')')
            : string.Join(", ", db.Query("SELECT name FROM pragma_table_info(?)", static row => row.Text(0), table));
        string line = string.Join(" || ' ' || ", columns.Split(", ").Select(static column => $"quote({column})"));
        return [.. db.Query($"SELECT {line} FROM {parts[0]} ORDER BY 1", row => $"{table}: {row.Text(0)}")];
    }

    private IEnumerable<string> Seen() => new SyncEngine(_own.Options).GetSessions(new SessionQuery { IncludeMessages = true })
        .OrderBy(static s => s.SessionId, StringComparer.Ordinal)
        .Select(static s => $"{s.SessionId} '{s.Name}' {s.Project} {s.Starred} {s.HasConflict} {string.Join(',', s.Pins)} {string.Join('|', s.Messages.Select(static m => m.Content))}");

    private string[] Find(string text) => [.. new SyncEngine(_own.Options).GetSessions(new SessionQuery { Text = text }).Select(static s => s.SessionId)];

    private SyncRun Rebuild(CancellationToken cancellationToken = default) =>
        new SyncEngine(_own.Options).RebuildAsync(NullObserver.Instance, cancellationToken).GetAwaiter().GetResult();

    private void Exchange()
    {
        foreach (TestMachine machine in (TestMachine[])[_own, _other, _own])
        {
            Assert.Equal(RunStatus.Succeeded, machine.Exchange(_root["share"]).Status);
        }
    }

    private void Import()
    {
        ImportRequest request = new() { Paths = [_root["transcripts"]] };
        IEnumerable<ArchiveSessionImport> files =
            new SyncEngine(_own.Options).ImportAsync(request, NullObserver.Instance, CancellationToken.None).ToBlockingEnumerable();
        Assert.All(files, static file => Assert.Equal("Imported", file.Status));
    }

    private void Transcript(string name, params string[] texts)
    {
        Directory.CreateDirectory(_root["transcripts"]);
        File.WriteAllLines(_root[$"transcripts/{name}.jsonl"], texts.Select((text, i) =>
            $$$"""{"type":"user","uuid":"{{{name}}}-{{{i}}}","timestamp":"2026-06-01T10:00:0{{{i}}}Z","cwd":"/home/alice/app","message":{"content":"{{{text}}}"}}"""));
    }

    private static void Edit(TestMachine machine, params CurationEdit[] edits) =>
        Assert.All(new SyncEngine(machine.Options).Edit(edits, CancellationToken.None), static result => Assert.True(result.Changed));
}
