using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>The smallest complete origin (spec appendix D), byte for byte, published from its row.</summary>
[Trait("Category", "Golden")]
public sealed class SmallestOriginTests
{
    private const string Origin = "laptop-a1b2c3";
    private const string CheckpointHash = "a5f6e1a17482af9a6165078c75c4641d3c00594b98ada1842d5350c006e8ebdd";

    /// <summary>The frames that spec 5.5 allows for no content.</summary>
    private static readonly string[] EmptyFrames =
        ["28B52FFD046801000099E9D851", "28B52FFD240001000099E9D851", "28B52FFD2000010000"];

    [GoldenFact]
    public async Task Publish_OneSessionWithoutMessages_GivesSpecifiedBytes()
    {
        var vector = Golden.Load("artifact/structs.json").GetProperty("vectors").EnumerateArray()
            .Single(v => v.Text("name") == "manifest-minimal-empty-segment");
        using var scratch = new TempFolder();
        var machine = new Machine(Origin, scratch["archive"]);
        using (ArchiveSql sql = machine.Open())
        {
            Row session = RowSeeder.WireRow(vector.GetProperty("input").GetProperty("session"));
            new RowSeeder(sql).SeedOwn(session, [], []);
            sql.Execute("INSERT INTO sequence_floors(origin, sequence) VALUES(?1, 6)", Origin);
        }

        SyncRun run = await machine.SyncAsync(scratch.CreateDirectory("share"), initialize: false);
        Assert.True(run.Status == RunStatus.Succeeded, Outcome.Describe(run));

        string segment = $"{Origin}/segments/{WireFiles.Hash([])}.ndjson.zst";
        string manifest = $"{Origin}/manifests/{vector.Text("sha256")}.json.zst";
        string checkpoint = $"{Origin}/checkpoints/cp-0000000007.json";
        RecordedTree share = RecordedTree.Read(scratch["share"]);
        Assert.Equal([checkpoint, manifest, segment], share.Files.Keys);
        Assert.Equal(WireFiles.Utf8(vector.Text("canonical")!), WireFiles.Decode(share, manifest));
        Assert.Equal(CheckpointHash, WireFiles.Hash(File.ReadAllBytes(share.Files[checkpoint])));
        Assert.Equal(144, new FileInfo(share.Files[checkpoint]).Length);
        Assert.Contains(Convert.ToHexString(File.ReadAllBytes(share.Files[segment])), EmptyFrames);
    }

    [GoldenFact]
    public void Encode_ItsRename_GivesSpecifiedBytesAndName()
    {
        var vector = Golden.Load("artifact/metadata-events.json").GetProperty("vectors").EnumerateArray().Single(v => v.Text("name") == "rename");
        byte[] decoded = EventDocument.Encode(new MetadataEvent
        {
            Version = 1,
            Hlc = "2026-06-14T010203.000000001Z-00000000000000000000",
            Origin = Origin,
            SessionGid = $"{Origin}~sess-1",
            Op = "rename",
            Value = """{"display_name":"Renamed session"}""",
        });
        Assert.Equal(WireFiles.Utf8(vector.Text("canonical")!), decoded);
        Assert.Equal(vector.Text("file_name"), ArtifactName.Meta(Origin, vector.Text("order_key")!).Name);
        Assert.EndsWith($"-{WireFiles.Hash(decoded)}.json", vector.Text("file_name"), StringComparison.Ordinal);
    }
}
