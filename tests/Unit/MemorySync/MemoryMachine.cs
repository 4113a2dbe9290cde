using System.Text.Json.Nodes;
using ArtifactSync.Archive;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>One machine: an archive, a clock of its own, and what its user does (memory spec 5.3, with the monotone rule 1.7).</summary>
internal sealed class MemoryMachine : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly LogServer _server;
    private bool _isStart;

    public MemoryMachine(string name, LogServer server, DateTimeOffset now)
    {
        (Name, _server) = (name, server);
        Clock = new ManualClock(now);
        Archive = Open(ArchiveMode.Create);
    }

    public string Name { get; }

    public ManualClock Clock { get; }

    public ArchiveDatabase Archive { get; private set; }

    public Database Db => Archive.Reader;

    public MemorySyncSettings Settings { get; set; } = new() { PageSize = 3, ReReadEvery = 10 };

    public string Now => MemoryTime.Text(Clock.Now);

    public TargetState State => MemoryTargetTable.Read(Db);

    /// <summary>Called at the steps of the engine; may throw.</summary>
    public Action<string>? Step { get; set; }

    public void Restart()
    {
        Archive.Dispose();
        Archive = Open(ArchiveMode.ReadWrite);
        _isStart = true;
    }

    public void Enroll(string project) => Write(change => MemoryProjectTable.Enroll(change.Db, MemoryText.Project(project), change.NowMs));

    public void Unenroll(string project) => Write(change => MemoryProjectTable.Remove(change.Db, project));

    public void CreateSession(string id, string project, string directory = "") => Write(change =>
    {
        var row = MemorySessionTable.Find(change.Db, id);
        var start = VersionTable.DeletionTime(change.Db, id) is { } deleted ? After(deleted) : Now;
        change.SaveSession(row is null
            ? new MemorySession(id, MemoryText.Project(project), directory, start, null, null)
            : row with { Project = Fill(row.Project, MemoryText.Project(project)), Directory = Fill(row.Directory, directory) });
    });

    public void EndSession(string id, string? summary) => Write(change =>
    {
        if (MemorySessionTable.Find(change.Db, id) is { } row)
        {
            change.SaveSession(row with { EndedAt = Now, Summary = summary ?? row.Summary });
        }
    });

    /// <summary>Not before its start, as a prompt is not before it was made (1.7): else a slow clock deletes it here only.</summary>
    public void DeleteSession(string id) => Write(change =>
    {
        if (MemorySessionTable.Find(change.Db, id) is { } row && !MemorySessionTable.HasObservations(change.Db, id))
        {
            change.DeleteSession(row, MemoryTime.Later(Later(row.StartedAt), VersionTable.DeletionTime(change.Db, id)));
        }
    });

    public void Save(string id, string session, string content, string? title = null, string? project = null) => Write(change =>
    {
        if (MemorySessionTable.Find(change.Db, session) is not { } row || ObservationTable.Exists(change.Db, id)
            || change.FindVersion(Entity.Observation, id) is { State: VersionState.Gone })
        {
            return;
        }

        change.SaveObservation(new Observation
        {
            SyncId = id, SessionId = session, Type = "note", Title = title ?? id, Content = content, Project = project ?? row.Project,
            Scope = "project", RevisionCount = 1, DuplicateCount = 1, CreatedAt = Now, UpdatedAt = Now,
        });
    });

    public void Edit(string id, string content) => Change(id, (row, time) => row with
    {
        Content = content, RevisionCount = row.RevisionCount + 1, UpdatedAt = time, DeletedAt = null,
    }, includeDeleted: false);

    public void SoftDelete(string id) => Change(id, static (row, time) => row with { DeletedAt = time, UpdatedAt = time }, includeDeleted: false);

    public void HardDelete(string id) => Write(change =>
    {
        if (ObservationTable.Find(change.Db, id) is { } row)
        {
            change.DeleteObservation(id, row.SessionId, change.ProjectOf(row.Project, row.SessionId), Later(row.UpdatedAt));
        }
    });

    public void AddPrompt(string id, string session) => Write(change =>
    {
        if (MemorySessionTable.Find(change.Db, session) is { } row && PromptTable.Find(change.Db, id) is null)
        {
            var created = VersionTable.DeletionTime(change.Db, session) is { } deleted ? After(deleted) : Now;
            created = PromptTable.FindTombstone(change.Db, id) is { } tombstone ? MemoryTime.Later(created, AddSecond(tombstone.DeletedAt)) : created;
            change.AddPrompt(new Prompt { SyncId = id, SessionId = session, Content = $"prompt {id}", Project = row.Project, CreatedAt = created });
        }
    });

    public void DeletePrompt(string id) => Write(change =>
    {
        if (PromptTable.Find(change.Db, id) is { } row)
        {
            change.DeletePrompt(row, Now);
        }
    });

    /// <summary>Everything, after importing what is new in the directory.</summary>
    public MemoryChunk ExportChunk(string directory) =>
        Engine.ExportMemoryChunkAsync(new MemoryChunkRequest { Path = directory }, NullObserver.Instance, default).GetAwaiter().GetResult();

    public MemoryImportResult ImportChunks(string directory) =>
        Engine.ImportMemoryChunksAsync(new MemoryChunkRequest { Path = directory }, NullObserver.Instance, default).GetAwaiter().GetResult();

    /// <summary>Sends a project's changes as chunks; an object a chunk.</summary>
    public IReadOnlyList<MemoryChunk> ExportCloud(string project, bool whatIf = false, string url = LogServer.Url)
    {
        var chunks = new List<MemoryChunk>();
        var runner = CloudRunner(project, url);
        if (whatIf)
        {
            return [.. runner.PlanExport(CancellationToken.None)];
        }

        runner.ExportAsync(chunk =>
        {
            chunks.Add(chunk);
            return ValueTask.CompletedTask;
        }, CancellationToken.None).GetAwaiter().GetResult();
        return chunks;
    }

    /// <summary>Merges the chunks that the server keeps of a project.</summary>
    public MemoryImportResult ImportCloud(string project, bool whatIf = false)
    {
        var runner = CloudRunner(project, LogServer.Url);
        return (whatIf ? runner.PlanImportAsync(CancellationToken.None) : runner.ImportAsync(CancellationToken.None)).GetAwaiter().GetResult();
    }

    public void ImportJson(string file)
    {
        var results = Engine.ImportMemoryAsync(new MemoryImportRequest { Paths = [file] }, NullObserver.Instance, default).ToBlockingEnumerable().ToList();
        Assert.Null(Assert.Single(results).ErrorCode);
    }

    /// <summary>As the export command writes it (memory spec 2).</summary>
    public void ExportJson(string file)
    {
        var document = new JsonObject
        {
            ["version"] = "0.1.0", ["exported_at"] = Now,
            ["sessions"] = new JsonArray([.. MemorySessionTable.All(Db).Select(s => (JsonNode)new JsonObject
            {
                ["id"] = s.Id, ["project"] = s.Project, ["directory"] = s.Directory, ["started_at"] = s.StartedAt, ["ended_at"] = s.EndedAt, ["summary"] = s.Summary,
            })]),
            ["observations"] = new JsonArray([.. ObservationTable.All(Db).Select(o => (JsonNode)new JsonObject
            {
                ["id"] = o.Id, ["sync_id"] = o.SyncId, ["session_id"] = o.SessionId, ["type"] = o.Type, ["title"] = o.Title, ["content"] = o.Content,
                ["project"] = o.Project, ["scope"] = o.Scope, ["revision_count"] = o.RevisionCount, ["duplicate_count"] = o.DuplicateCount,
                ["created_at"] = o.CreatedAt, ["updated_at"] = o.UpdatedAt, ["deleted_at"] = o.DeletedAt,
            })]),
            ["prompts"] = new JsonArray([.. PromptTable.All(Db).Select(p => (JsonNode)new JsonObject
            {
                ["id"] = p.Id, ["sync_id"] = p.SyncId, ["session_id"] = p.SessionId, ["content"] = p.Content, ["project"] = p.Project, ["created_at"] = p.CreatedAt,
            })]),
        };
        File.WriteAllText(file, document.ToJsonString());
    }

    public CycleReport Cycle() => Run((cycle, token) => cycle.RunAsync(TimeSpan.Zero, token));

    public CycleReport Pull() => Run((cycle, token) => cycle.PullAsync(TimeSpan.Zero, token));

    public CycleReport Run(Func<MemoryCycle, CancellationToken, Task<CycleReport>> run, string url = LogServer.Url)
    {
        using var api = _server.Client(Name, url);
        var sync = new ArtifactSync.Memory.Cloud.MemorySync(Archive, api, Settings with { IsStart = _isStart }, "run", NullObserver.Instance);
        _isStart = false;
        return run(new MemoryCycle(sync), CancellationToken.None).GetAwaiter().GetResult();
    }

    public void Write(Action<ChangeContext> work)
    {
        using var lease = Archive.AcquireLease("test", TimeSpan.FromSeconds(10), CancellationToken.None);
        using var transaction = lease.Begin();
        using var change = new ChangeContext(transaction.Db, Clock, Archive.Options.Random);
        work(change);
        change.Complete();
        transaction.Commit();
    }

    /// <summary>Sessions, observations and prompts as a user sees them: equal on machines that agree.</summary>
    public SortedDictionary<string, string> Content()
    {
        var content = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var session in MemorySessionTable.All(Db))
        {
            content[$"session {session.Id}"] = $"{session.Project}|{session.Directory}|{session.EndedAt}|{session.Summary}";
        }

        foreach (var row in ObservationTable.All(Db))
        {
            content[$"observation {row.SyncId}"] = $"{row.SessionId}|{row.Content}|{row.UpdatedAt}|{row.DeletedAt}";
        }

        foreach (var prompt in PromptTable.All(Db))
        {
            content[$"prompt {prompt.SyncId}"] = $"{prompt.SessionId}|{prompt.CreatedAt}";
        }

        return content;
    }

    public long Pending => Db.Scalar<long>("SELECT count(*) FROM memory_mutations WHERE acked_at IS NULL AND disposition IS NULL");

    public void Dispose()
    {
        Archive.Dispose();
        _folder.Dispose();
    }

    // The clock stands still: nobody can wait for a lease.
    private EngineOptions Options => new()
    {
        ArchivePath = _folder["archive"], Clock = Clock, LeaseTimeout = TimeSpan.Zero, Checkpoint = step => Step?.Invoke(step),
    };

    private CloudChunkRunner CloudRunner(string project, string url) => new(
        Archive, () => _server.Client(Name, url), new CloudChunkRequest { Target = "engram+" + url, Project = project }, NullObserver.Instance);

    public SyncEngine Engine => new(Options);

    private ArchiveDatabase Open(ArchiveMode mode) => ArchiveDatabase.Open(Options, mode);

    private void Change(string id, Func<Observation, string, Observation> edit, bool includeDeleted) => Write(change =>
    {
        if (ObservationTable.Find(change.Db, id) is { } row && (includeDeleted || row.DeletedAt is null))
        {
            change.SaveObservation(edit(row, Later(row.UpdatedAt)));
        }
    });

    private string Later(string known) => MemoryTime.Later(known, Now);

    private string After(string deleted) => MemoryTime.Later(AddSecond(deleted), Now);

    private static string AddSecond(string time) =>
        MemoryTime.Text(DateTimeOffset.Parse(time + "Z", System.Globalization.CultureInfo.InvariantCulture).AddSeconds(1));

    private static string Fill(string stored, string given) => stored.Length > 0 ? stored : given;
}
