using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Server;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>
/// The recorded cursor scenarios of the original and of its pull request, replayed with our client and server (memory-live, kind
/// cursor-scenario): the rows that must survive are there, whatever the original lost.
/// </summary>
[Trait("Category", "Memory")]
public sealed class CursorScenarioTests : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 11, 21, 5, 0, 0, TimeSpan.Zero);
    private readonly LogServer _server = new();
    private readonly Dictionary<string, MemoryMachine> _machines = new(StringComparer.Ordinal);
    private string? _alter;

    public static TheoryData<string> Scenarios() => Golden.Cases(s => s.Text("kind") == "cursor-scenario", "memory-live/index.json|scenarios");

    public void Dispose()
    {
        foreach (var machine in _machines.Values)
        {
            machine.Dispose();
        }

        _server.Dispose();
    }

    [GoldenTheory]
    [Trait("Replays", "cursor-scenario")]
    [MemberData(nameof(Scenarios))]
    public void Scenario_Replayed_KeepsTheRowsThatMustSurvive(string id)
    {
        var scenario = Golden.Case(id);
        var key = scenario.GetProperty("key");
        var recorded = Golden.Load("memory-live/cursor/scenarios.json").EnumerateArray()
            .Single(s => s.Text("id") == key[0].GetString() && s.Text("program") == key[1].GetString());
        foreach (var name in (string[])["A", "B", "C"])
        {
            Machine(name);
        }

        if (scenario.Text("id") == "cursor/session-delete/go")
        {
            Machine("A").CreateSession("sd", "demo", "/d");
            Machine("A").AddPrompt("sp", "sd");
        }

        foreach (var step in recorded.GetProperty("steps").EnumerateArray())
        {
            Do(step);
        }

        AssertSurvivors(scenario);
        AssertAcks(scenario.Text("id")!);
    }

    private void Do(JsonElement step)
    {
        foreach (var each in _machines.Values)
        {
            each.Clock.Advance(TimeSpan.FromSeconds(2));
        }

        var machine = step.Text("machine") is { Length: 1 } name ? Machine(name) : null;
        switch (step.Text("do"))
        {
            case "save":
                machine!.CreateSession(step.Text("session")!, step.Text("project")!, "/d");
                machine.Save($"obs-{step.Text("title")}", step.Text("session")!, step.Text("content")!, step.Text("title"));
                break;
            case "edit": Edit(machine!, $"obs-{step.Text("title")}", step); break;
            case "cycle": Cycle(machine!); break;
            case "cycle-start": StartLate(machine!); break;
            case "cycle-end": _server.Hidden.Clear(); Cycle(machine!); break;
            case "restart": machine!.Restart(); break;
            case "enroll": Enroll(machine!, step.Text("project")!, owes: true); break;
            case "allow": _server.Allow(machine!.Name, [.. step.GetProperty("projects").EnumerateArray().Select(p => p.GetString()!)]); break;
            case "lose-next-response": _server.LosesAnswerOf.Add(machine!.Name); break;
            case "edit-while-pull-is-in-flight": EditInFlight(machine!, $"obs-{step.Text("title")}", step.Text("new_content")!); break;
            case "reply of the next push is altered": _alter = step.Text("accepted_seqs"); break;
            case "import": Import(machine!, step.GetProperty("document")); break;
            case "server-loses-its-log-and-restarts-numbers": _server.KeepUpTo(0); break;
            case "lease": AssertLease(Machine("A"), step); break;
            case "observe" or "status": break; // what the original looked like then
            default: DoNamed(step.Text("do")!); break;
        }
    }

    // Steps that the recording tells in words.
    private void DoNamed(string text)
    {
        var a = Machine("A");
        if (text.StartsWith("a push that fails", StringComparison.Ordinal))
        {
            _server.Burn(1);
        }
        else if (text.StartsWith("A writes one row in a project", StringComparison.Ordinal))
        {
            a.CreateSession("other-s", "other", "/o");
            a.Save("obs-other", "other-s", "c", "other");
        }
        else if (text.StartsWith("A deletes session sd", StringComparison.Ordinal))
        {
            a.DeleteSession("sd");
        }
        else if (text.Contains("create session ue with a prompt", StringComparison.Ordinal))
        {
            a.CreateSession("ue", "side", "/s");
            a.AddPrompt("prompt-ue", "ue");
            a.DeleteSession("ue");
        }
        else if (text.StartsWith("A renames project demo", StringComparison.Ordinal))
        {
            Rename(a);
        }
        else if (text.StartsWith("server answers has_more", StringComparison.Ordinal))
        {
            HasMoreForever(a);
        }
        else
        {
            Assert.Fail($"nothing replays '{text}'");
        }
    }

    private static void Edit(MemoryMachine machine, string id, JsonElement step)
    {
        if (step.Text("new_content") is { } content)
        {
            machine.Edit(id, content);
        }
        else
        {
            var type = step.Text("new_type")!;
            machine.Write(change => change.SaveObservation(ObservationTable.Find(change.Db, id)! with { Type = type, UpdatedAt = machine.Now }));
        }
    }

    /// <summary>A second process asks for nothing while the lease is held, and goes on when it has run out.</summary>
    private void AssertLease(MemoryMachine machine, JsonElement step)
    {
        machine.Cycle();
        _server.Requests.Clear();
        Lease("another process");
        Assert.Throws<ArtifactSyncException>(() => machine.Cycle());
        Assert.Equal(step.GetProperty("requests_of_second_process_while_held").GetInt32(), _server.Requests.Count);
        machine.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Null(machine.Cycle().Failure);
        Assert.NotEmpty(_server.Requests);

        void Lease(string owner) => machine.Write(change => Assert.True(MemoryTargetTable.TryLease(change.Db, owner, change.NowMs + 60_000, change.NowMs)));
    }

    private void HasMoreForever(MemoryMachine machine)
    {
        _server.Alter = (_, route, answer) => route.EndsWith("/pull", StringComparison.Ordinal)
            ? answer with { Body = Encoding.UTF8.GetBytes("""{"mutations":[],"has_more":true,"latest_seq":0}""") } : answer;
        _server.Requests.Clear();
        Assert.NotNull(machine.Cycle().Failure);
        Assert.True(_server.Requests.Count <= 3);
    }

    private static void Rename(MemoryMachine machine) => machine.Write(change =>
    {
        foreach (var session in MemorySessionTable.OfProject(change.Db, "demo").ToList())
        {
            change.SaveSession(session with { Project = "moved" });
        }

        foreach (var row in ObservationTable.OfProject(change.Db, "demo").ToList())
        {
            change.SaveObservation(row with { Project = "moved" });
        }
    });

    private void Cycle(MemoryMachine machine)
    {
        var (alter, loses) = (_alter, _server.LosesAnswerOf.Contains(machine.Name));
        _alter = null;
        _server.Alter = alter is null ? _server.Alter : (_, route, answer) => route.EndsWith("push", StringComparison.Ordinal) && answer.Status == 200
            ? answer with { Body = Encoding.UTF8.GetBytes(Altered(alter, answer)) } : answer;
        var report = machine.Cycle();
        if (alter is not null)
        {
            Assert.NotNull(report.Failure);
            Assert.True(machine.Pending > 0, "rows were acked that no number confirms");
            _server.Alter = null;
        }
        else
        {
            Assert.True(loses || report.Failure is null, report.Failure?.ToString());
            if (report.ReadFromZero)
            {
                machine.Cycle(); // as Invoke-ArtifactSync does: what waited for the pass goes out
            }
        }
    }

    private static string Altered(string how, LogAnswer answer)
    {
        var body = JsonNode.Parse(answer.Body.Span)!.AsObject();
        var seqs = body["accepted_seqs"]!.AsArray();
        switch (how)
        {
            case "short": seqs.RemoveAt(0); break;
            case "empty": seqs.Clear(); break;
            case "null": body["accepted_seqs"] = null; break;
            case "missing": body.Remove("accepted_seqs"); break;
            case "long": seqs.Add(999); break;
            default: body["accepted_seqs"] = new JsonArray([.. seqs.Select(_ => (JsonNode)0)]); break;
        }

        return body.ToJsonString();
    }

    private void StartLate(MemoryMachine machine)
    {
        var before = _server.Head;
        _server.LosesAnswerOf.Add(machine.Name);
        machine.Cycle();
        for (var seq = before + 1; seq <= _server.Head; seq++)
        {
            _server.Hidden.Add(seq);
        }
    }

    private void EditInFlight(MemoryMachine machine, string id, string content) => _server.After = (name, route) =>
    {
        if (name == machine.Name && route.EndsWith("/pull", StringComparison.Ordinal))
        {
            _server.After = null;
            machine.Edit(id, content);
        }
    };

    private void Import(MemoryMachine machine, JsonElement document)
    {
        var file = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("n") + ".json");
        try
        {
            // Rows that the recording calls by title have our ids.
            File.WriteAllText(file, WithOurIds(machine, document));
            machine.ImportJson(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string WithOurIds(MemoryMachine machine, JsonElement document)
    {
        var json = JsonNode.Parse(document.GetRawText())!;
        foreach (var row in json["observations"]!.AsArray())
        {
            if (ObservationTable.All(machine.Db).FirstOrDefault(o => o.Title == row!["title"]!.GetValue<string>()) is { } stored)
            {
                row!["sync_id"] = stored.SyncId;
            }
        }

        return json.ToJsonString();
    }

    private void AssertSurvivors(JsonElement scenario)
    {
        if (scenario.TryGetProperty("must_have", out var must) && must.ValueKind == JsonValueKind.Object)
        {
            foreach (var of in must.EnumerateObject())
            {
                var titles = ObservationTable.All(Machine(of.Name).Db).Where(o => o.DeletedAt is null).Select(o => o.Title).ToHashSet(StringComparer.Ordinal);
                Assert.All(of.Value.EnumerateArray(), title => Assert.Contains(title.GetString()!, titles));
            }
        }

        if (scenario.TryGetProperty("must_have_content", out var contents))
        {
            foreach (var of in contents.EnumerateObject())
            {
                foreach (var wanted in of.Value.EnumerateObject())
                {
                    CheckContent(Machine(of.Name), wanted);
                }
            }
        }
    }

    private static void CheckContent(MemoryMachine machine, JsonProperty wanted)
    {
        switch (wanted.Name)
        {
            case "sessions": Assert.DoesNotContain(MemorySessionTable.All(machine.Db), s => s.Id is "sd" or "ue"); break;
            case "prompts": Assert.Empty(PromptTable.All(machine.Db)); break;
            case "project_of_all_rows": Assert.All(ObservationTable.All(machine.Db), o => Assert.Equal(wanted.Value.GetString(), o.Project)); break;
            default: Assert.Equal(wanted.Value.GetString(), ObservationTable.All(machine.Db).Single(o => o.Title == wanted.Name).Content); break;
        }
    }

    private void AssertAcks(string id)
    {
        if (id.Contains("accepted-seqs", StringComparison.Ordinal))
        {
            Machine("A").Cycle();
            Assert.Equal(0, Machine("A").Pending);
        }

        if (id.Contains("only-pulls", StringComparison.Ordinal))
        {
            Assert.Empty(Machine("B").Cycle().Pulled); // nothing is consumed a second time
        }

        if (id.Contains("edit-during-pull", StringComparison.Ordinal))
        {
            Assert.All((string[])["A", "B"], name => Assert.Equal("bugfix", ObservationTable.All(Machine(name).Db).Single(row => row.Title == "row").Type));
        }
    }

    private MemoryMachine Machine(string name)
    {
        if (!_machines.TryGetValue(name, out var machine))
        {
            _machines[name] = machine = new MemoryMachine(name, _server, s_start) { Settings = new() };
            Enroll(machine, "demo", owes: false);
        }

        return machine;
    }

    private static void Enroll(MemoryMachine machine, string project, bool owes)
    {
        machine.Enroll(project);
        if (!owes)
        {
            machine.Write(change => Backfill.Run(change, project));
        }
    }
}
