using System.Text;
using System.Text.Json;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;

namespace ArtifactSync.Tests.Publish;

/// <summary>What is published of a stored session (spec 4.2, 4.3, 6.2), through an exchange with an empty folder.</summary>
[Trait("Category", "Golden")]
public sealed class GoldenExportTests
{
    private const string Origin = "laptop-a1b2c3";

    public static TheoryData<string> Cases => Golden.Cases("artifact-fuzz/export.json|cases");

    [GoldenTheory]
    [MemberData(nameof(Cases))]
    public async Task Publish_StoredSession_GivesRecordedDocuments(string id)
    {
        JsonElement vector = Golden.Case(id);
        using var scratch = new TempFolder();
        var machine = new Machine(Origin, scratch["archive"]);
        using (ArchiveSql sql = machine.Open())
        {
            Row session = RowSeeder.WireRow(vector.GetProperty("row"));
            session["session_name"] = RowTables.ToValue(vector.GetProperty("row_session_name"));
            session["data_version"] = RowTables.ToValue(vector.GetProperty("row_data_version"));
            session["has_tool_calls"] = RowTables.ToValue(vector.GetProperty("row_has_tool_calls"));
            session["has_context_data"] = RowTables.ToValue(vector.GetProperty("row_has_context_data"));
            if (vector.GetProperty("row_quality_signals") is { ValueKind: JsonValueKind.Object } signals)
            {
                RowSeeder.AddSignals(session, signals);
            }

            new RowSeeder(sql).SeedOwn(
                session,
                vector.GetProperty("row_usage_events").EnumerateArray().Select(RowSeeder.WireRow),
                RowSeeder.Lines(WireFiles.Utf8(vector.Text("row_messages")!)));
        }

        SyncRun run = await machine.SyncAsync(scratch.CreateDirectory("share"), initialize: false);

        Assert.True(run.Status == RunStatus.Succeeded, Outcome.Describe(run));
        RecordedTree share = RecordedTree.Read(scratch["share"]);
        Assert.Equal(vector.Text("segments"), Text(share, "/segments/"));
        Assert.Equal(vector.Text("manifest"), Text(share, "/manifests/"));
    }

    private static string Text(RecordedTree share, string kind) =>
        Encoding.UTF8.GetString(WireFiles.Decode(share, share.Files.Keys.Single(p => p.Contains(kind, StringComparison.Ordinal))));
}
