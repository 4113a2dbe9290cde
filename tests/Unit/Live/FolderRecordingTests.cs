using ArtifactSync.Model;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>Recorded syncs with folders: what each machine imported, published and left in the folder.</summary>
[Trait("Category", "Live")]
public sealed class FolderRecordingTests
{
    /// <summary>From here on the recorded machine did what ours must not do; its later steps are not ours either.</summary>
    private static readonly Dictionary<(string Scenario, string Machine), (int Step, string Why)> Defects = new()
    {
        [("folder-badutf8", "alpha-0a1b2c")] = (1, "N writes \\ufffd escapes that no peer accepts; ours writes U+FFFD (3.3)"),
    };

    public static TheoryData<string> Replayed =>
        Recordings.Data(Recordings.Names("folder", "import").Where(n => n != "landing-lower"));

    public static TheoryData<string> WithObjects =>
        Recordings.Data(Recordings.Names("folder", "import", "metadata").Where(n => new FolderScenario(n).Targets.Count > 0));

    [GoldenTheory]
    [MemberData(nameof(Replayed))]
    public async Task Exchange_RecordedFolder_GivesRecordedRowsAndFiles(string name)
    {
        var scenario = new FolderScenario(name);
        using var replay = new FolderReplay(scenario);
        int checkedSteps = 0;
        foreach (FolderStep step in scenario.Steps.Where(s => IsOurs(name, s)))
        {
            replay.Edit(step);
            if (step.Target is not null)
            {
                replay.Prepare(step);
                replay.AssertOutcome(step, await replay.SyncAsync(step));
                checkedSteps++;
            }

            if (step.Rows is not null)
            {
                replay.AssertRows(step);
            }
        }

        Assert.True(checkedSteps > 0, "no step of this scenario is ours");
    }

    [GoldenTheory]
    [MemberData(nameof(WithObjects))]
    public void Reencode_EveryRecordedObject_GivesSameBytes(string name)
    {
        int count = 0;
        foreach (RecordedTree tree in new FolderScenario(name).Final.Values)
        {
            foreach ((string path, string file) in tree.Files)
            {
                ArtifactRef artifact = WireFiles.Parse(path) ?? throw new InvalidOperationException($"no artifact: {path}");
                byte[] decoded = WireFiles.Decode(artifact, file);
                if (ArtifactName.Sha256(artifact) is { } hash)
                {
                    Assert.Equal(hash, WireFiles.Hash(decoded));
                }

                bool canonical = Reencoding.IsCanonical(artifact, decoded);
                Assert.True(canonical == !IsKnownDefect(name, decoded), $"{path} re-encodes to other bytes: {Reencoding.Show(artifact, decoded)}");
                count++;
            }
        }

        Assert.True(count > 0);
    }

    [GoldenFact]
    public async Task Exchange_OnlyLowerCheckpointLeft_ImportsNothing()
    {
        var scenario = new FolderScenario("landing-lower");
        using var replay = new FolderReplay(scenario);
        FolderStep first = scenario.Steps[0];
        FolderStep second = scenario.Steps[1];
        string share = replay.Share(first.Target!);
        Machine machine = replay.Machine(first.Machine);
        RowTables recorded = scenario.LoadRows(second.Rows!);
        (string path, byte[] lost) = LandedCheckpoint(recorded);

        replay.Prepare(first);
        File.WriteAllBytes(Path.Combine(share, path), lost);
        replay.AssertOutcome(first with { Before = RecordedTree.Read(share), After = Including(first.After, share, path) }, await replay.SyncAsync(first));
        RowTables landed = Rows(machine);

        File.Delete(Path.Combine(share, path));
        File.Delete(Path.Combine(machine.Artifacts, path));
        using (ArchiveSql sql = machine.Open())
        {
            Assert.Equal(1, sql.Execute("DELETE FROM artifacts WHERE origin || '/checkpoints/' || name = ?1", path));
        }

        SyncRun run = await replay.SyncAsync(second);
        Assert.True(run.Status == RunStatus.Succeeded, Outcome.Describe(run));
        Assert.Equal(0, run.Counters.ImportedSessions);
        File.WriteAllBytes(Path.Combine(machine.Artifacts, path), lost); // the comparison reads what the landing stands for
        using (ArchiveSql sql = machine.Open())
        {
            RowDiff.AssertEqual(landed, RowTables.Of(sql, machine.Artifacts), sql.Columns);
            Assert.Equal([path[^15..^5]], sql.Texts("SELECT printf('%010d', sequence) FROM landings"));
        }
    }

    private static bool IsOurs(string scenario, FolderStep step) =>
        step.Json.Text("version") != "O"
        && !(Defects.TryGetValue((scenario, step.Machine), out var defect) && step.Index >= defect.Step);

    private static bool IsKnownDefect(string scenario, byte[] decoded) =>
        scenario == "folder-badutf8" && System.Text.Encoding.UTF8.GetString(decoded).Contains("\\ufffd", StringComparison.Ordinal);

    private static RowTables Rows(Machine machine)
    {
        using ArchiveSql sql = machine.Open();
        return RowTables.Of(sql, machine.Artifacts);
    }

    /// <summary>The checkpoint that was removed by hand, from the recorded landing.</summary>
    private static (string Path, byte[] Bytes) LandedCheckpoint(RowTables recorded)
    {
        Row landing = recorded["artifact_checkpoint_landings"].Single();
        string origin = landing.Text("origin");
        long sequence = landing.Number("sequence");
        var sessions = recorded["artifact_checkpoint_landing_sessions"].Select(s => $"\"{s.Text("gid")}\":\"{s.Text("manifest_hash")}\"");
        return (
            $"{origin}/checkpoints/cp-{sequence:D10}.json",
            WireFiles.Utf8($"{{\"origin\":\"{origin}\",\"seq\":{sequence},\"sessions\":{{{string.Join(',', sessions)}}},\"v\":1}}\n"));
    }

    private static RecordedTree Including(RecordedTree tree, string share, string path)
    {
        tree.Files[path] = Path.Combine(share, path);
        return tree;
    }
}
