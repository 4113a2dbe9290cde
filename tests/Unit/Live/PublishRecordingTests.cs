using System.Text.Json;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Live;

/// <summary>Recorded own rows, published by us, give the artifacts that the recorded machine published (spec appendix E).</summary>
[Trait("Category", "Live")]
public sealed class PublishRecordingTests
{
    /// <summary>Dumps of revision N right after the machine's export, with own rows.</summary>
    public static TheoryData<string> Dumps => Recordings.Data(
        from name in Recordings.Names("folder")
        let scenario = new FolderScenario(name)
        from step in scenario.Steps
        where step.Json.Text("version") == "N" && HasOwnRows(scenario, step.Rows)
        select $"{name}|{step.Index}|{step.Rows}");

    [GoldenTheory]
    [MemberData(nameof(Dumps))]
    public async Task Publish_RecordedRows_GivesRecordedArtifacts(string id)
    {
        string[] parts = id.Split('|');
        var scenario = new FolderScenario(parts[0]);
        FolderStep step = scenario.Steps[int.Parse(parts[1])];
        RowTables rows = scenario.LoadRows(parts[2]);
        using var scratch = new TempFolder();
        var machine = new Machine(step.Machine, scratch["archive"]);
        Row head = rows["artifact_checkpoint_heads"].Single();
        using (ArchiveSql sql = machine.Open())
        {
            new RowSeeder(sql).Seed(rows);
            sql.Execute("INSERT INTO sequence_floors(origin, sequence) VALUES(?1, ?2)", machine.Origin, head.Number("sequence") - 1);
        }

        RecordedTree.Clear(scratch["share"]);
        SyncRun run = await machine.SyncAsync(scratch["share"], initialize: false);

        Assert.True(run.Status == RunStatus.Succeeded, Outcome.Describe(run));
        var published = WireFiles.Identities(RecordedTree.Read(scratch["share"]), machine.Origin);
        var recorded = Closure(step.After, machine.Origin, head.Number("sequence"));
        if (parts[0] == "folder-badutf8")
        {
            AssertRepaired(RecordedTree.Read(scratch["share"]), machine.Origin, recorded.Count);
            return;
        }

        Lines.AssertSame(id, recorded.Keys, published.Keys);
        Assert.Equal(recorded, published);
    }

    private static bool HasOwnRows(FolderScenario scenario, string? file) =>
        file is not null && scenario.LoadRows(file)["sessions"].Any(s => s.Text("machine") == "local");

    /// <summary>A checkpoint and what it names, as logical name to hash.</summary>
    private static SortedDictionary<string, string> Closure(RecordedTree tree, string origin, long sequence)
    {
        SortedDictionary<string, string> all = WireFiles.Identities(tree, origin);
        var closure = new SortedDictionary<string, string>(StringComparer.Ordinal);
        string checkpoint = $"{origin}/checkpoints/cp-{sequence:D10}.json";
        closure.Add(checkpoint, all[checkpoint]);
        using var document = JsonDocument.Parse(File.ReadAllBytes(tree.Files[checkpoint]));
        foreach (JsonProperty session in document.RootElement.GetProperty("sessions").EnumerateObject())
        {
            string manifest = $"{origin}/manifests/{session.Value.GetString()}.json";
            closure[manifest] = all[manifest];
            using var body = JsonDocument.Parse(WireFiles.Decode(tree, manifest + ".zst"));
            foreach (string hash in body.RootElement.Texts("segments"))
            {
                closure[$"{origin}/segments/{hash}.ndjson"] = all[$"{origin}/segments/{hash}.ndjson"];
            }
        }

        return closure;
    }

    /// <summary>Bytes that are no UTF-8 give as many artifacts as recorded, all of which every peer accepts (3.3).</summary>
    private static void AssertRepaired(RecordedTree published, string origin, int count)
    {
        Assert.Equal(count, published.Files.Keys.Count(p => p.StartsWith(origin + "/", StringComparison.Ordinal)));
        bool replaced = false;
        foreach ((string path, string file) in published.Files)
        {
            byte[] decoded = WireFiles.Decode(WireFiles.Parse(path)!, file);
            Assert.True(Reencoding.IsCanonical(WireFiles.Parse(path)!, decoded), path);
            replaced |= System.Text.Encoding.UTF8.GetString(decoded).Contains('\uFFFD');
        }

        Assert.True(replaced);
    }
}
