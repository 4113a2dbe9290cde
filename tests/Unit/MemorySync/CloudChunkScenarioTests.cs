using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>
/// The recorded runs of the original's chunks in the cloud (memory-live, kind cloud-chunks): steps in order, at the end what <c>req</c>
/// demands, titles standing for rows.
/// </summary>
[Trait("Category", "Memory")]
public sealed class CloudChunkScenarioTests : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 11, 21, 5, 32, 24, TimeSpan.Zero);
    private readonly LogServer _server = new();
    private readonly MemoryMachine _a;
    private readonly MemoryMachine _b;

    public CloudChunkScenarioTests()
    {
        (_a, _b) = (new MemoryMachine("A", _server, s_start), new MemoryMachine("B", _server, s_start));
        _a.Enroll("demo");
        _b.Enroll("demo");
    }

    public static TheoryData<string> Scenarios() => Golden.Cases(s => s.Text("kind") == "cloud-chunks", "memory-live/index.json|scenarios");

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _server.Dispose();
    }

    [GoldenTheory]
    [Trait("Replays", "cloud-chunks")]
    [MemberData(nameof(Scenarios))]
    public void Scenario_Replayed_EndsAsRequired(string id)
    {
        var scenario = Golden.Case(id);
        var key = scenario.Text("key")!;
        var recorded = Golden.Load("memory-live/" + scenario.GetProperty("files")[0].GetString()).EnumerateArray().Single(s => s.Text("id") == key);
        foreach (var step in recorded.GetProperty("steps").EnumerateArray())
        {
            Do(key, step);
        }

        var req = scenario.TryGetProperty("req", out var required) ? required : default;
        if (req.ValueKind == JsonValueKind.Object && req.Has("A"))
        {
            Settle();
            foreach (var machine in req.EnumerateObject())
            {
                var live = ObservationTable.All(Machine(machine.Name).Db).Where(row => row.DeletedAt is null).Select(row => row.Title).ToList();
                Assert.All(Titles(machine.Value, "live"), title => Assert.Contains(title, live));
                Assert.All(Titles(machine.Value, "not_live"), title => Assert.DoesNotContain(title, live));
            }

            Assert.Equal(_a.Content(), _b.Content());
        }
        else if (req.ValueKind == JsonValueKind.Object)
        {
            var relations = JournalTable.PendingOf(_a.Db, "demo", 0).Count(row => row.Entity == Entity.Relation);
            Assert.Equal(req.GetProperty("pending_relations").GetInt32(), relations);
        }
        else
        {
            Assert.Equal(0, _a.Pending);
            Assert.Equal(Log(recorded), _server.Entries.Select(e => (e.Entity, e.Op)));
        }
    }

    private void Do(string scenario, JsonElement step)
    {
        var machine = Machine(step.Text("machine") ?? "A");
        switch (step.Text("do"))
        {
            case "save":
                machine.CreateSession(step.Text("session")!, step.Text("project")!, "/d");
                machine.Save(step.Text("title")!, step.Text("session")!, step.Text("content")!);
                break;
            case "cycle":
                Assert.Null(machine.Cycle().Failure);
                break;
            case "cli":
                Run(scenario, machine, step);
                break;
            case "observe":
                break;
            case "A: rows keep, soft (soft deleted), hard (hard deleted), prompts pr1, pr2 (deleted), nothing sent yet":
                machine.AddPrompt("pr1", "demo-s");
                machine.AddPrompt("pr2", "demo-s");
                Delete(machine);
                machine.DeletePrompt("pr2");
                break;
            case "A deletes soft (softly) and hard, both already on B through the mutation log":
                Delete(machine);
                break;
            case "a pending relation mutation":
                machine.Write(change => change.SaveRelation(new Relation
                {
                    SyncId = "rel-1", SourceId = "r1", TargetId = "r2", JudgmentStatus = "judged", MarkedByActor = "ann", MarkedByKind = "user",
                    CreatedAt = machine.Now, UpdatedAt = machine.Now,
                }));
                break;
            case "a session with an empty directory":
                machine.CreateSession("nd", "demo");
                machine.Save("x", "nd", "c");
                break;
            case var other:
                Assert.Fail($"{scenario}: nothing does '{other}'");
                break;
        }
    }

    /// <summary>The sync command in cloud mode as our two commands.</summary>
    private void Run(string scenario, MemoryMachine machine, JsonElement step)
    {
        var args = step.GetProperty("args").EnumerateArray().Select(a => a.GetString()!).ToList();
        var project = args.Contains("--project") ? args[args.IndexOf("--project") + 1] : "";
        var result = step.GetProperty("result");
        var requests = _server.Requests.Count;
        var kind = result.GetProperty("error").ValueKind == JsonValueKind.Object ? result.GetProperty("error").Text("kind") : null;
        switch (kind)
        {
            case "project-required":
                var request = new CloudChunkRequest { Target = "engram+" + LogServer.Url, Project = project };
                AssertFault(ErrorCode.InvalidArgument, () => machine.Engine.ExportCloudChunksAsync(
                    request, _ => ValueTask.CompletedTask, NullObserver.Instance, default).GetAwaiter().GetResult());
                Assert.Equal(requests, _server.Requests.Count);
                break;
            case "not-enrolled":
                AssertFault(ErrorCode.MemoryNotEnrolled, () => machine.ExportCloud(project));
                Assert.Equal(requests, _server.Requests.Count);
                Assert.Equal("blocked_unenrolled", MemoryTargetTable.Read(machine.Db, $"cloud:{project}").ReasonCode);
                break;
            case "blocked-legacy-mutation" when scenario.EndsWith("session-without-directory", StringComparison.Ordinal):
                // [REQ] left for the mutation push, instead of refusing the command.
                Assert.Equal("Unchanged", Assert.Single(machine.ExportCloud(project)).Status);
                Assert.Equal(2, machine.Pending);
                break;
            case "blocked-legacy-mutation":
                var sent = Assert.Single(machine.ExportCloud(project));
                Assert.Equal(("Exported", 1, 2), (sent.Status, sent.Sessions, sent.Observations));
                break;
            default:
                Assert.Null(kind);
                Succeed(machine, args, project, result.GetProperty("output"));
                break;
        }
    }

    private void Succeed(MemoryMachine machine, List<string> args, string project, JsonElement output)
    {
        if (args.Contains("--status"))
        {
            var manifest = _server.Handle(machine.Name, "GET", "/sync/pull", $"?project={project}", []);
            Assert.Equal(output.GetProperty("remote_chunks").GetInt32(), ChunkManifest.Parse("server", manifest.Body.Span).Count);
        }
        else if (args.Contains("--import"))
        {
            var imported = machine.ImportCloud(project);
            Assert.Equal(output.TryGetProperty("chunks_imported", out var count) ? count.GetInt64() : 0, imported.ChunksImported);
            Assert.Equal(output.TryGetProperty("skipped", out var skipped) ? skipped.GetInt64() : 0, imported.ChunksSkipped);
        }
        else
        {
            var exported = Assert.Single(machine.ExportCloud(project));
            Assert.Equal(output.Has("nothing_new") ? "Unchanged" : "Exported", exported.Status);
            if (output.TryGetProperty("prompts", out var prompts))
            {
                Assert.Equal(prompts.GetInt64(), exported.Prompts);
            }
        }
    }

    /// <summary>"After the next cycles" (4.5): until nothing more happens.</summary>
    private void Settle()
    {
        for (var round = 0; round < 2; round++)
        {
            _a.Cycle();
            _b.Cycle();
        }
    }

    private MemoryMachine Machine(string name) => name == "B" ? _b : _a;

    private static void Delete(MemoryMachine machine)
    {
        machine.SoftDelete("soft");
        machine.HardDelete("hard");
    }

    private static IEnumerable<string> Titles(JsonElement machine, string list) =>
        machine.TryGetProperty(list, out var titles) ? titles.EnumerateArray().Select(t => t.GetString()!) : [];

    private static IEnumerable<(string, string)> Log(JsonElement recorded) =>
        recorded.GetProperty("log").EnumerateArray().Select(e => (e.Text("entity")!, e.Text("op")!));

    private static void AssertFault(ErrorCode code, Action work) => Assert.Equal(code, Assert.Throws<ArtifactSyncException>(work).Code);
}
