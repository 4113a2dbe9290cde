using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Ingest;

/// <summary>
/// Which checkpoint is chosen and what lands (spec 7.2, 7.3, 7.6), in two exchanges: with all artifacts in the local store, as
/// in the vectors, and with all in the target, where what reception refuses is absent instead of quarantined.
/// </summary>
[Trait("Category", "Golden")]
public sealed class GoldenSelectionTests
{
    private const string Origin = "laptop-a1b2c3";

    public static TheoryData<string> Cases => Golden.Cases("artifact-fuzz/checkpoint-selection.json|cases");

    [GoldenTheory]
    [MemberData(nameof(Cases))]
    public Task Exchange_StoredCheckpoints_LandsAsRecorded(string id) => LandsAsRecorded(Golden.Case(id), stored: true);

    [GoldenTheory]
    [MemberData(nameof(Cases))]
    public Task Exchange_CheckpointsInTarget_LandsAsRecorded(string id) => LandsAsRecorded(Golden.Case(id), stored: false);

    private static async Task LandsAsRecorded(JsonElement vector, bool stored)
    {
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
            string arrivals = stored ? scratch.CreateDirectory($"arrivals-{i}") : share;
            JsonElement[] arrived = [.. artifacts.Where(a => a.Has("late") == (i > 0))];
            Array.ForEach(arrived, a => Write(arrivals, a));
            if (stored && arrived.Length > 0)
            {
                await StoredArtifacts.PutAsync(machine, arrivals, share);
            }

            SyncRun run = await machine.SyncAsync(share, initialize: false);
            bool looked = i == 0 || arrived.Any(a => stored || IsReceived(a));
            string[] names = [.. artifacts.Where(a => stored || IsReceived(a)).Select(a => a.Text("name")!)];
            AssertRun(vector.GetProperty("runs")[i], i, run, machine, names, looked);
        }
    }

    /// <param name="recorded">What the vector says of this run.</param>
    /// <param name="index">Which run.</param>
    /// <param name="run">Ours.</param>
    /// <param name="machine">Ours.</param>
    /// <param name="received">What is in the store at all.</param>
    /// <param name="looked">False when nothing came: such a run looks at nothing, and what waits is not counted again.</param>
    private static void AssertRun(
        JsonElement recorded, int index, SyncRun run, Machine machine, string[] received, bool looked)
    {
        using ArchiveSql sql = machine.Open();
        IEnumerable<string> quarantined = recorded.Texts("quarantined").Intersect(received);
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
