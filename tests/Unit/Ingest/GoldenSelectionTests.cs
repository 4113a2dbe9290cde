using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Ingest;

/// <summary>
/// Which checkpoint is chosen and what lands (spec 7.2, 7.3, 7.6), through two exchanges with a folder. The vectors put
/// artifacts straight into a store; here, what reception refuses is not there instead of quarantined.
/// </summary>
[Trait("Category", "Golden")]
public sealed class GoldenSelectionTests
{
    private const string Origin = "laptop-a1b2c3";

    public static TheoryData<string> Cases => Golden.Cases("artifact-fuzz/checkpoint-selection.json|cases");

    [GoldenTheory]
    [MemberData(nameof(Cases))]
    public async Task Exchange_Checkpoints_LandsAsRecorded(string id)
    {
        JsonElement vector = Golden.Case(id);
        using var scratch = new TempFolder();
        string share = scratch.CreateDirectory("share");
        var machine = new Machine("bravo-3d4e5f", scratch["archive"]);
        using (ArchiveSql sql = machine.Open())
        {
            foreach (string excluded in vector.Texts("excluded"))
            {
                sql.Execute("INSERT INTO excluded_sessions(id, created_at) VALUES(?1, '')", excluded);
            }
        }

        JsonElement[] artifacts = [.. vector.GetProperty("artifacts").EnumerateArray()];
        for (int i = 0; i < vector.GetProperty("runs").GetArrayLength(); i++)
        {
            foreach (JsonElement artifact in artifacts.Where(a => a.Has("late") == (i > 0)))
            {
                Write(share, artifact);
            }

            SyncRun run = await machine.SyncAsync(share, initialize: false);
            bool looked = i == 0 || artifacts.Any(a => a.Has("late") && IsReceived(a));
            AssertRun(vector.GetProperty("runs")[i], i, run, machine, artifacts, looked);
        }
    }

    /// <param name="looked">False when nothing came: such a run looks at nothing, and what waits is not counted again.</param>
    private static void AssertRun(
        JsonElement recorded, int index, SyncRun run, Machine machine, JsonElement[] artifacts, bool looked)
    {
        using ArchiveSql sql = machine.Open();
        string[] quarantined = [.. recorded.Texts("quarantined").Where(n => IsReceived(artifacts.First(a => a.Text("name") == n)))];
        string landed = recorded.GetProperty("landed").ToString();
        Lines.AssertSame(
            $"run {index + 1}",
            [
                $"sessions {recorded.GetProperty("sessions")}", $"messages {recorded.GetProperty("messages")}",
                $"deferred {(looked ? recorded.GetProperty("deferred").GetInt32() : 0)}", $"landed {landed}",
                .. quarantined.Order(StringComparer.Ordinal).Select(n => $"quarantined {n}"),
                .. recorded.GetProperty("watermarks").EnumerateObject().Select(w => $"{w.Name} = {w.Value}"),
            ],
            [
                $"sessions {run.Counters.ImportedSessions}", $"messages {run.Counters.ImportedMessages}", $"deferred {run.Counters.Deferred}",
                $"landed {sql.Query("SELECT sequence FROM landings").SingleOrDefault()?["sequence"]}",
                .. sql.Texts("SELECT DISTINCT name FROM quarantined_artifacts")
                    .Select(WireFiles.Logical).Order(StringComparer.Ordinal).Select(n => $"quarantined {n}"),
                .. RowTables.Of(sql, machine.Artifacts)["pg_sync_state"]
                    .Select(w => $"{w["key"]} = {w["value"]}").Order(StringComparer.Ordinal),
            ]);
    }

    private static ArtifactRef Reference(JsonElement artifact)
    {
        Assert.True(ArtifactName.TryParseKind(artifact.Text("kind"), out ArtifactKind kind));
        string name = artifact.Text("name")!;
        return ArtifactName.Parse(Origin, kind, ArtifactName.IsCompressed(kind) ? name + ".zst" : name);
    }

    private static void Write(string share, JsonElement artifact) =>
        WireFiles.Write(share, Reference(artifact), WireFiles.Utf8(artifact.Text("content")!));

    private static bool IsReceived(JsonElement artifact)
    {
        using var folder = new TempFolder();
        Write(folder.Path, artifact);
        using FileStream wire = File.OpenRead(Directory.EnumerateFiles(folder.Path, "*", RecordedTree.AllFiles).Single());
        try
        {
            ReceptionCheck.Verify(Reference(artifact), wire, CancellationToken.None);
            return true;
        }
        catch (ArtifactSyncException)
        {
            return false;
        }
    }
}
