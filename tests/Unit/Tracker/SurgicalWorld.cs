using System.Security;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.FakeGitLab;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Archive;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tracker;

namespace ArtifactSync.Tests.Tracker;

/// <summary>An archive, a fake GitLab over real HTTP and a clock in which waits pass at once. At its end everything must be sound.</summary>
internal sealed class SurgicalWorld : IAsyncDisposable
{
    public const long Project = 42;
    public const string ProjectPath = "group/app";
    private static readonly string[] s_content =
        ["projects", "issues", "merge_requests", "discussions", "notes", "resource_events", "documents", "embeddings", "dirty_sources", "dependent_queue"];

    private readonly TempFolder _folder = new();
    private readonly Random _random = new(7);

    private SurgicalWorld(FakeServer server) => Server = server;

    public FakeServer Server { get; }

    public SteppingClock Clock { get; } = new();

    public string ArchivePath => _folder["archive"];

    /// <summary>Called at the named steps of a run.</summary>
    public Action<string> Step { get; set; } = static _ => { };

    public EngineOptions Options => new()
    {
        ArchivePath = ArchivePath, Clock = Clock, Random = _random, LeaseTimeout = TimeSpan.FromSeconds(5), Checkpoint = name => Step(name),
    };

    public SyncEngine Engine => new(Options);

    public static async Task<SurgicalWorld> StartAsync(bool https = false)
    {
        var world = new SurgicalWorld(await FakeServer.StartAsync(https));
        world.Server.Projects[ProjectPath] = Project;
        return world;
    }

    public static TrackedItem Issue(long iid) => new(TrackedItem.Issue, iid);

    public static TrackedItem MergeRequest(long iid) => new(TrackedItem.MergeRequest, iid);

    public static SecureString Secret(string text)
    {
        var secret = new SecureString();
        foreach (var c in text)
        {
            secret.AppendChar(c);
        }
        return secret;
    }

    public FakeItem AddIssue(long iid, string? title = null) => Server.Add(FakeData.Issue(Project, iid, title ?? $"Issue {iid}"));

    /// <summary>One with two notes and an event.</summary>
    public FakeItem AddBusyIssue(long iid)
    {
        var item = AddIssue(iid).AddNote(iid * 100 + 1, $"first note of {iid}").AddNote(iid * 100 + 2, $"second note of {iid}");
        item.LabelEvents.Add(FakeData.LabelEvent(iid, "bug"));
        return item.Changed();
    }

    public SurgicalRequest Request(params TrackedItem[] items) => new()
    {
        GitLabUri = Server.Url, Project = ProjectPath, Items = items, Token = Secret("glpat-secret-token-0123456789"), Parallel = 4,
    };

    public EmbedTarget Embed(bool required = true) => new(Server.Url, "fake-model", required);

    public Task<SyncRun> RunAsync(params TrackedItem[] items) => RunAsync(Request(items));

    public async Task<SyncRun> RunAsync(SurgicalRequest request, CancellationToken cancellationToken = default)
    {
        Clock.Advance(TimeSpan.FromSeconds(1));
        return await Engine.SurgicalAsync(request, NullObserver.Instance, cancellationToken);
    }

    public async Task<SyncRun> RetryAsync(SyncRun run, bool permanent = false)
    {
        Clock.Advance(TimeSpan.FromSeconds(1));
        return await Engine.RetryAsync(new RetryRequest { RunId = run.RunId!, IncludePermanent = permanent, Access = new() { Token = Secret("t") } }, NullObserver.Instance, default);
    }

    public Task<SyncRun> UpdateIndexAsync(EmbedTarget? embed = null) =>
        Engine.UpdateIndexAsync(new IndexRequest { Embed = embed }, NullObserver.Instance, default);

    public T Read<T>(Func<Database, T> read)
    {
        using var archive = ArchiveDatabase.Open(Options, ArchiveMode.ReadOnly);
        return read(archive.Reader);
    }

    public void Write(Action<Database> work)
    {
        using var archive = ArchiveDatabase.Open(Options with { Checkpoint = static _ => { } }, ArchiveMode.Create);
        using var transaction = archive.BeginLedger();
        work(transaction.Db);
        transaction.Commit();
    }

    public long Count(string table, string where = "1") => Read(db => db.Scalar<long>($"SELECT count(*) FROM {table} WHERE {where}"));

    /// <summary>Every row of every content and queue table.</summary>
    public string Content(params string[] except) => Read(db => string.Join('\n', s_content.SelectMany(table =>
    {
        var columns = db.Query($"SELECT name FROM pragma_table_info('{table}')", row => row.Text(0)).Except(except).ToList();
        return db.Query($"SELECT {string.Join(", ", columns.Select(c => $"quote({c})"))} FROM {table} ORDER BY 1", row =>
            table + ": " + string.Join('|', Enumerable.Range(0, columns.Count).Select(row.Text)));
    })));

    public TrackedIssue Stored(long iid) => Engine.GetIssues(new TrackedQuery { Iids = [iid], IncludeNotes = true, IncludeEvents = true }).Single();

    public IReadOnlyList<SyncRun> Retryable() => [.. Engine.GetRuns(new RunQuery { Retryable = true })];

    /// <summary>All bytes that the archive wrote, for a search after secrets.</summary>
    public IEnumerable<byte[]> Files() => _folder.Files().Select(f => File.ReadAllBytes(_folder[f]));

    /// <summary>Code and status of a run of issue 7, which fails in its preflight and writes nothing.</summary>
    public async Task<(string Code, int? Status)> FailureAsync()
    {
        var run = await RunAsync(Issue(7));
        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.SurgicalPreflightFailed)), (run.Status, run.ErrorCode));
        Assert.Equal(0, Count("issues"));
        var entity = run.Entities.Single();
        return (entity.ErrorCode!, entity.HttpStatus);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (File.Exists(Path.Combine(ArchivePath, "archive.db")))
            {
                Write(AssertSound);
            }
        }
        finally
        {
            await Server.DisposeAsync();
            _folder.Dispose();
        }
    }

    /// <summary>What holds after whatever happened (test 23 of the spec).</summary>
    public static void AssertSound(Database db)
    {
        Assert.Equal(0, db.Scalar<long>(
            """
            SELECT count(*) FROM dependent_queue q LEFT JOIN sync_runs r ON r.run_id = q.scope_run_id
            WHERE q.status IN ('pending', 'claimed') AND q.scope_run_id IS NOT NULL AND r.status IS NOT 'running'
            """));
        Assert.Equal(0, db.Scalar<long>(
            """
            SELECT count(*) FROM sync_runs r WHERE status = 'running'
              AND NOT EXISTS (SELECT 1 FROM app_locks l WHERE l.run_id = r.run_id AND l.released = 0)
            """));
        Assert.Empty(db.Query("PRAGMA foreign_key_check", row => row.Text(0)));
        db.Execute("INSERT INTO document_text(document_text) VALUES ('integrity-check')");
        Assert.Equal("ok", db.Scalar<string>("PRAGMA integrity_check"));
    }
}

/// <summary>Tests in a world of their own, which is sound when they end.</summary>
[Trait("Category", "Surgical")]
public abstract class SurgicalTests : IAsyncLifetime
{
    private protected SurgicalWorld World { get; private set; } = null!;

    public virtual async Task InitializeAsync() => World = await SurgicalWorld.StartAsync();

    public async Task DisposeAsync() => await World.DisposeAsync();
}

/// <summary>The recorded responses; a test without them is skipped by its data.</summary>
internal static class GoldenServer
{
    public static GoldenGitLab Load() => new(Golden.PathOf("gitlab"));
}
