using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>Recorded fault cases that consist of shapes instead of folders.</summary>
[Trait("Category", "Live")]
public sealed class FaultShapeTests
{
    private const string Importer = "bravo-3d4e5f";
    private const string GeneratedName = "machine_name \"";

    public static TheoryData<string> InvalidOrigins => Steps("origin-invalid");

    public static TheoryData<string> GeneratedOrigins => Steps("origin-generated");

    public static TheoryData<string> Overlaps => Steps("target-overlap");

    [GoldenFact]
    public async Task Exchange_TargetIsFile_Fails()
    {
        using var scratch = new TempFolder();
        File.WriteAllText(scratch["target"], "");
        var machine = new Machine(Importer, scratch["archive"]);
        var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => machine.SyncAsync(scratch["target"], initialize: true));
        Assert.Equal(1, FaultCase.Find("target-is-file").Steps.Single().Exit);
        Assert.Equal(ErrorCode.TargetNotDirectory, error.Code);
        Assert.Equal("", File.ReadAllText(scratch["target"]));
    }

    [GoldenFact]
    public async Task Exchange_TargetIsSymbolicLink_ImportsAll()
    {
        using var scratch = new TempFolder();
        FaultCase control = FaultCase.Find("control");
        control.WriteShare(control.Steps[0], scratch["real"]);
        Directory.CreateSymbolicLink(scratch["target"], scratch["real"]);
        var machine = new Machine(Importer, scratch["archive"]);
        SyncRun run = await machine.SyncAsync(scratch["target"], initialize: true);
        Assert.True(run.Status == RunStatus.Succeeded, Outcome.Describe(run));
        ImportState.Of(machine).AssertMatches(ImportState.Recorded(control.Steps[0].Json), "target-is-symlink");
    }

    /// <summary>A stored origin is an argument here: the archive is its only home (decisions).</summary>
    [GoldenTheory]
    [MemberData(nameof(InvalidOrigins))]
    public async Task Exchange_ConfiguredOrigin_IsRefusedAsRecorded(string id)
    {
        FaultStep step = Step("origin-invalid", id);
        string text = Quoted(step, '\'');
        using var scratch = new TempFolder();
        Directory.CreateDirectory(scratch["share"]);
        SyncRun? run = null;
        ErrorCode? code = null;
        try
        {
            run = await new Machine(text, scratch["archive"]).SyncAsync(scratch["share"], initialize: true);
            code = run.ErrorCode is null ? null : Enum.Parse<ErrorCode>(run.ErrorCode);
        }
        catch (ArtifactSyncException e)
        {
            code = e.Code;
        }

        Assert.Equal(step.Exit == 0 ? null : ErrorCode.InvalidOriginId, code);
        Assert.Equal(step.Exit == 0, run?.Status == RunStatus.Succeeded);
        Assert.Equal(step.Exit == 0 ? [text] : [], Directory.GetDirectories(scratch["share"]).Select(Path.GetFileName));
    }

    /// <summary>Ours takes the name of the machine only; a stored id never comes from a configuration file.</summary>
    [GoldenTheory]
    [MemberData(nameof(GeneratedOrigins))]
    public void Generate_RecordedName_GivesRecordedShape(string id)
    {
        FaultStep step = Step("origin-generated", id);
        string text = step.Json.Text("do")!;
        if (text.StartsWith("database value", StringComparison.Ordinal) || text.StartsWith("config value", StringComparison.Ordinal))
        {
            string stored = text.Split(' ')[2].TrimEnd(',');
            Assert.Equal(step.Exit == 0, OriginId.IsValid(stored));
            return;
        }

        string name = text.Contains(GeneratedName, StringComparison.Ordinal) ? Quoted(step, '"') : text.Split(' ')[^1];
        string generated = OriginId.Generate(name, [0xab, 0xcd, 0xef]);
        string shape = step.Json.Text("shape") ?? "machine-<6 hex>"; // N refuses a configured "local"; as a host name it is replaced
        Assert.Equal(shape.Replace("<6 hex>", "abcdef", StringComparison.Ordinal), generated);
    }

    [GoldenTheory]
    [MemberData(nameof(Overlaps))]
    public async Task Exchange_TargetAroundArchive_IsRefusedAndHarmless(string id)
    {
        FaultStep step = Step("target-overlap", id);
        foreach (string state in (string[])["store_did_not_exist", "store_existed"])
        {
            JsonElement recorded = step.Json.GetProperty(state);
            using var scratch = new TempFolder();
            Directory.CreateDirectory(scratch["data"]);
            var machine = new Machine(Importer, scratch["data/archive"]);
            if (state == "store_existed")
            {
                SyncRun first = await machine.SyncAsync(scratch["share"], initialize: true);
                Assert.True(first.Status == RunStatus.Succeeded, Outcome.Describe(first));
            }

            string target = OverlapTarget(step.Json.Text("do")!, machine, scratch);
            bool existed = Directory.Exists(target);
            bool refused = recorded.GetProperty("exit").GetInt32() != 0;
            if (refused)
            {
                var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => machine.SyncAsync(target, initialize: true));
                Assert.Equal(ErrorCode.TargetOverlap, error.Code);
            }
            else
            {
                SyncRun run = await machine.SyncAsync(target, initialize: true);
                Assert.True(run.Status == RunStatus.Succeeded, Outcome.Describe(run));
            }

            Assert.True(!refused || existed == Directory.Exists(target), "a refused target is not created (2.5)");

            SyncRun next = await machine.SyncAsync(scratch["share"], initialize: true);
            Assert.True(next.Status == RunStatus.Succeeded, Outcome.Describe(next));
        }
    }

    [GoldenFact]
    public async Task Exchange_ThousandSessions_ImportsAll()
    {
        FaultStep step = FaultCase.Find("checkpoint-1000-sessions").Steps.Single();
        int count = step.Json.GetProperty("sessions_imported").GetInt32();
        using var scratch = new TempFolder();
        string origin = step.Json.GetProperty("landing")[0][0].GetString()!;
        ThousandSessions.Write(scratch["share"], origin, count);
        var machine = new Machine(Importer, scratch["archive"]);
        SyncRun run = await machine.SyncAsync(scratch["share"], initialize: true);
        Assert.True(run.Status == RunStatus.Succeeded, Outcome.Describe(run));
        ImportState state = ImportState.Of(machine);
        Assert.Equal(ImportState.Recorded(step.Json).Members["landing"], state.Members["landing"]);
        Assert.Equal((count, count, (long)count), (state.Members["sessions"].Count, state.Members["watermarks"].Count, run.Counters.ImportedSessions));
    }

    private static string OverlapTarget(string text, Machine machine, TempFolder scratch) => text switch
    {
        "target = local store" => machine.Artifacts,
        "target inside the local store" => Path.Combine(machine.Artifacts, "sub"),
        "target parent (data directory)" => machine.Folder,
        "target grandparent" => scratch["data"],
        // Their data directory is our archive folder, all of which is ours: the sibling of the store lies beside it.
        "target sibling inside the data directory" => scratch["data/sibling"],
        _ => throw new NotSupportedException(text),
    };

    private static TheoryData<string> Steps(string name) => Recordings.Data(
        FaultCase.All.Where(c => c.Name == name).SelectMany(c => c.Steps).Select(s => $"{s.Index}"));

    private static FaultStep Step(string name, string id) => FaultCase.Find(name).Steps[int.Parse(id)];

    private static string Quoted(FaultStep step, char quote)
    {
        string text = step.Json.Text("do")!;
        int start = text.IndexOf(quote) + 1;
        return text[start..text.LastIndexOf(quote)];
    }
}
