using System.Globalization;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>How machines come to agree in the end.</summary>
[Flags]
internal enum SettlesBy
{
    Server = 1,
    Chunks = 2,
    Exports = 4,
}

/// <summary>Three machines, what they exchange by, and what can happen to them.</summary>
internal sealed partial class SimulationWorld : IDisposable
{
    public const int Machines = 3;
    public static readonly string[] Edits =
        ["session", "session", "save", "save", "save", "edit", "edit", "edit", "soft", "hard", "prompt", "unprompt", "end", "unsession", "tick", "skew"];

    public static readonly string[] EditsThatAnExportTells = ["session", "session", "save", "save", "save", "edit", "edit", "edit", "soft", "prompt", "tick", "skew"];
    public static readonly string[] Cycles = ["cycle", "cycle", "cycle", "cycle", "cycle", "cycle", "pull"];
    public static readonly string[] Faults = ["lost", "late", "die", "die", "down"];
    public static readonly string[] Rights = ["enroll", "unenroll", "rights", "allow"];
    public static readonly string[] Restarts = ["restart", "restart", "restart"];
    public static readonly string[] Chunks = ["chunk", "chunk", "chunk", "unchunk", "unchunk", "die-chunk"];
    public static readonly string[] Exports = ["export", "export", "import", "import"];
    private static readonly string[] s_projects = ["p", "q"];

    private readonly LogServer _server = new();
    private readonly MemoryMachine[] _machines;
    private readonly HashSet<string> _deletedPrompts = new(StringComparer.Ordinal);
    private readonly LastWrites _writes = new();
    private readonly SettlesBy _by;
    private int _count;
    private bool _restored;

    public SimulationWorld(MemoryOrder order, SettlesBy by = SettlesBy.Server)
    {
        (_by, _judgesByTime) = (by, order == MemoryOrder.Lww);
        var start = new DateTimeOffset(2026, 4, 27, 10, 0, 0, TimeSpan.Zero);
        _machines = [.. Enumerable.Range(0, Machines).Select(i => new MemoryMachine($"{(char)('A' + i)}", _server, start)
        {
            Settings = new MemorySyncSettings { PageSize = 4, Order = order, ReReadEvery = 0 },
        })];
        foreach (var machine in by.HasFlag(SettlesBy.Server) ? _machines : [])
        {
            foreach (var project in s_projects)
            {
                machine.Enroll(project);
                machine.Write(change => Backfill.Run(change, project));
            }
        }
    }

    /// <summary>Whether the proof repairs before all have to agree.</summary>
    public bool Repairs { get; init; }

    public void Do(string action, int index, int pick)
    {
        var machine = _machines[index];
        var project = s_projects[pick % s_projects.Length];
        BeginSecond(machine, index);
        switch (action)
        {
            case "session": machine.CreateSession($"{project}{pick % 3}", project, Directory($"{project}{pick % 3}", pick)); break;
            case "save" when Any(MemorySessionTable.All(machine.Db), pick) is { } session: Write(machine, $"o{_count++}", id => machine.Save(id, session.Id, Text())); break;
            case "edit" when Any(Editable(machine), pick) is { } row: Write(machine, row.SyncId, id => machine.Edit(id, Text())); break;
            case "soft" when Any(Editable(machine), pick) is { } row: Write(machine, row.SyncId, machine.SoftDelete); break;
            case "hard" when Any(Editable(machine), pick) is { } row: Write(machine, row.SyncId, machine.HardDelete); break;
            case "prompt" when Any(MemorySessionTable.All(machine.Db), pick) is { } session: machine.AddPrompt($"m{_count++}", session.Id); break;
            case "unprompt" when Any(PromptTable.All(machine.Db), pick) is { } prompt:
                machine.DeletePrompt(prompt.SyncId);
                _deletedPrompts.Add(prompt.SyncId);
                break;
            case "end" when Any(Endable(machine), pick) is { } session: machine.EndSession(session.Id, $"e{_count++}"); break;
            case "unsession" when Any(MemorySessionTable.All(machine.Db), pick) is { } session: DeleteSession(machine, session.Id); break;
            case "tick": Tick(pick % 90); break;
            case "skew": machine.Clock.Advance(TimeSpan.FromSeconds((pick % 600) - 300)); break;
            case "cycle": Well(machine.Cycle()); break;
            case "pull": Well(machine.Pull()); break;
            case "lost":
                _server.LosesAnswerOf.Add(machine.Name);
                machine.Cycle();
                _server.LosesAnswerOf.Clear();
                break;
            case "late": CommitLate(machine); break;
            case "die": Die(machine, (pick % 12) + 1, () => machine.Cycle()); break;
            case "down":
                _server.Before = (_, _) => throw new HttpRequestException("down");
                machine.Cycle();
                _server.Before = null;
                break;
            case "enroll": machine.Enroll(project); break;
            case "unenroll": machine.Unenroll(project); break;
            case "rights": _server.Allow(machine.Name, project); break;
            case "allow": _server.Allow(machine.Name, s_projects); break;
            case "restore" when !_restored && _server.Head > 0:
                _restored = true;
                _server.KeepUpTo(pick % _server.Head);
                break;
            case "restart": _server.KeepUpTo(pick % 3 == 0 ? 0 : pick % (_server.Head + 1)); break;
            case "chunk": Exported(machine, pick); break;
            case "unchunk": Assert.Null(machine.ImportChunks(DirectoryOf(pick)).ErrorMessage); break;
            case "die-chunk": Die(machine, (pick % 6) + 1, () => machine.ExportChunk(DirectoryOf(pick))); break;
            case "export": machine.ExportJson(_files[$"{machine.Name}.json"]); break;
            case "import" when File.Exists(_files[$"{_machines[pick % Machines].Name}.json"]): machine.ImportJson(_files[$"{_machines[pick % Machines].Name}.json"]); break;
            default: Assert.Contains(action, Actions); break; // what there is nothing for, does nothing
        }
    }

    public void CalmDown()
    {
        if (_by.HasFlag(SettlesBy.Server))
        {
            CalmServer();
        }

        // What a file brings may be news for the server, and the other way round.
        for (var round = 0; round < (_by == SettlesBy.Server ? 0 : 2); round++)
        {
            SettleByFiles();
            if (_by.HasFlag(SettlesBy.Server))
            {
                SettleByServer();
            }
        }

        if (Repairs)
        {
            Array.ForEach(_machines, Repair);
            SettleByServer();
        }
    }

    private void CalmServer()
    {
        _server.Hidden.Clear();
        foreach (var machine in _machines)
        {
            _server.Allow(machine.Name, s_projects);
            foreach (var project in s_projects)
            {
                machine.Enroll(project);
            }

            machine.Restart();
        }

        Tick(600);
        SettleByServer();
    }

    private void SettleByServer()
    {
        for (var round = 0; round < 6; round++)
        {
            foreach (var machine in _machines)
            {
                Well(machine.Cycle());
            }
        }
    }

    public void AssertAgreed()
    {
        var expected = Agreed(_machines[0]);
        foreach (var machine in _machines)
        {
            Assert.Equal(expected, Agreed(machine));
            Assert.Equal((0, 0), DeferredTable.Count(machine.Db));
            Assert.Equal("ok", machine.Db.Scalar<string>("PRAGMA integrity_check"));
            Assert.All(_deletedPrompts, prompt => Assert.Null(PromptTable.Find(machine.Db, prompt)));
            if (_judgesByTime)
            {
                _writes.AssertKept(machine);
            }
        }

        foreach (var machine in _by.HasFlag(SettlesBy.Server) ? _machines : [])
        {
            Assert.Equal(_server.Head, machine.State.Cursor);
            Assert.Equal(0, machine.Pending);
            AssertIdle(machine);
            Assert.Empty(Prove(machine, proof => proof.LookAsync(CancellationToken.None)));
        }

        AssertExportsStop();
    }

    public void Dispose()
    {
        foreach (var machine in _machines)
        {
            machine.Dispose();
        }

        _server.Dispose();
        _files.Dispose();
    }

    private void AssertIdle(MemoryMachine machine)
    {
        var (head, journal) = (_server.Head, Journal());
        _server.Requests.Clear();
        Well(machine.Cycle());
        Assert.Single(_server.Requests);
        Assert.Equal((head, journal), (_server.Head, Journal()));

        long Journal() => machine.Db.Scalar<long>("SELECT count(*) FROM memory_mutations");
    }

    private void Repair(MemoryMachine machine) => Prove(machine, proof => proof.RepairAsync(CancellationToken.None));

    private T Prove<T>(MemoryMachine machine, Func<MemoryProof, Task<T>> work)
    {
        using var api = _server.Client(machine.Name);
        var settings = machine.Settings with { IsFull = true };
        var sync = new ArtifactSync.Memory.Cloud.MemorySync(machine.Archive, api, settings, "proof", NullObserver.Instance);
        return work(new MemoryProof(sync, s_projects)).GetAwaiter().GetResult();
    }

    /// <summary>The numbers of this push are given, but not visible before the next late commit or the end.</summary>
    private void CommitLate(MemoryMachine machine)
    {
        _server.Hidden.Clear();
        var before = _server.Head;
        _server.LosesAnswerOf.Add(machine.Name); // it is still on its way when others go on
        machine.Cycle();
        _server.LosesAnswerOf.Clear();
        for (var seq = before + 1; seq <= _server.Head; seq++)
        {
            _server.Hidden.Add(seq);
        }
    }

    /// <summary>The process ends at the n-th step of what it does; what was not committed is gone.</summary>
    private static void Die(MemoryMachine machine, int step, Action work)
    {
        var steps = 0;
        machine.Step = _ =>
        {
            if (++steps >= step)
            {
                throw new KilledException();
            }
        };
        try
        {
            work();
        }
        catch (KilledException)
        {
            // as meant
        }

        machine.Step = null;
        machine.Restart();
    }

    private void DeleteSession(MemoryMachine machine, string id)
    {
        if (!MemorySessionTable.HasObservations(machine.Db, id))
        {
            _deletedSessions.Add(id);
            machine.DeleteSession(id);
        }
    }

    private void Tick(int seconds)
    {
        foreach (var machine in _machines)
        {
            machine.Clock.Advance(TimeSpan.FromSeconds(seconds));
        }
    }

    private string Text() => string.Create(CultureInfo.InvariantCulture, $"text {_count++}");

    private static T? Any<T>(IEnumerable<T> rows, int pick) where T : class
    {
        var list = rows.ToList();
        return list.Count == 0 ? null : list[pick % list.Count];
    }

    private static void Well(CycleReport report) => Assert.True(report.Failure is null, report.Failure?.ToString());

    private sealed class KilledException : Exception;
}
