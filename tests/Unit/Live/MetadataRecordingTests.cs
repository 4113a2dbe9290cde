using System.Text.Json;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>Recorded curation: own edits in order, peers' events replayed at each sync, give the recorded registers and rows.</summary>
[Trait("Category", "Live")]
[Trait("Category", "Metadata")]
public sealed class MetadataRecordingTests
{
    private const string NoOrigin = "alpha";
    private const string Alpha = "alpha-0a1b2c";

    public static TheoryData<string> Scenarios =>
        Recordings.Data(Recordings.Names("metadata").Where(n => new FolderScenario(n).Targets.Count > 0));

    [GoldenTheory]
    [MemberData(nameof(Scenarios))]
    public async Task Exchange_RecordedEdits_GiveRecordedRows(string name)
    {
        var scenario = new FolderScenario(name);
        using var replay = new FolderReplay(scenario);
        foreach (FolderStep recorded in scenario.Steps)
        {
            FolderStep step = recorded.Machine == NoOrigin ? recorded with { Origin = Alpha } : recorded;
            if (step.Target is not null)
            {
                replay.Prepare(step);
                SyncRun run = await replay.SyncAsync(step);
                Restamp(scenario, replay, step);
                replay.AssertOutcome(step, run);
            }
            else if (step.Json.Has("request"))
            {
                Edit(scenario, replay, step);
            }
            else if (step.Rows is not null)
            {
                replay.AssertRows(step);
            }
            else
            {
                using ArchiveSql sql = replay.Machine(step.Machine).Open();
                LocalRequests.ChangeRows(step.Json.Text("do")!, sql);
            }
        }
    }

    [GoldenFact]
    public void Record_WithoutOrigin_RecordsNothing()
    {
        var scenario = new FolderScenario("meta-no-origin");
        using var replay = new FolderReplay(scenario);
        foreach (FolderStep step in scenario.Steps.Where(s => s.Json.Has("request")).Select(s => s with { Origin = Alpha }))
        {
            Edit(scenario, replay, step);
        }

        using ArchiveSql sql = replay.Machine(Alpha).Open();
        JsonElement state = scenario.Steps[^1].Json;
        Assert.Equal(state.GetProperty("registers").GetArrayLength(), sql.Query("SELECT field FROM metadata_registers").Count);
        Assert.Equal(state.GetProperty("origin").GetArrayLength(), sql.Query("SELECT value FROM archive_state WHERE key = 'origin_id'").Count);
        Assert.Equal(["n"], sql.Texts("SELECT display_name FROM sessions"));
        Assert.Single(sql.Query("SELECT session_id FROM starred_sessions"));
        Assert.Empty(sql.Query("SELECT name FROM artifacts"));
    }

    /// <summary>Edits with recorded events bear the recorded stamps; those without must have no event here either.</summary>
    private static void Edit(FolderScenario scenario, FolderReplay replay, FolderStep step)
    {
        Machine machine = replay.Machine(step.Machine);
        if (step.Json.GetProperty("events").GetArrayLength() > 0)
        {
            replay.Edit(step);
            return;
        }

        List<CurationEdit> edits;
        long before;
        using (ArchiveSql sql = machine.Open())
        {
            before = Events(sql);
            if (before == 0 && LocalRequests.SessionOf(step.Json) is { } id && sql.Query("SELECT id FROM sessions WHERE id = ?1", id).Count == 0)
            {
                SeedBeforeOrigin(scenario, sql, id);
            }

            edits = LocalRequests.Edits(step.Json, sql);
        }

        int status = step.Json.GetProperty("status").GetInt32();
        if (status == 409)
        {
            return; // what they refuse to delete for good while it is not trashed, ours trashes first
        }

        Assert.All(LocalRequests.Do(machine, edits), r => Assert.False(status >= 400 && r.Changed, step.Name));
        using (ArchiveSql sql = machine.Open())
        {
            Assert.Equal(before, Events(sql));
        }
    }

    private static long Events(ArchiveSql sql) => (long)sql.Query("SELECT count(*) AS n FROM metadata_provenance")[0]["n"]!;

    /// <summary>A session as it was before any edit: from the first manifest that shows it, without title, else invented.</summary>
    private static void SeedBeforeOrigin(FolderScenario scenario, ArchiveSql sql, string id)
    {
        foreach (RecordedTree tree in scenario.Final.Values)
        {
            foreach (string path in tree.Files.Keys.Where(p => p.StartsWith($"{Alpha}/manifests/", StringComparison.Ordinal)))
            {
                byte[] manifest = WireFiles.Decode(tree, path);
                using var document = JsonDocument.Parse(manifest);
                if (document.RootElement.Text("native_session_id") == id)
                {
                    new RowSeeder(sql).SeedOwn(manifest, document.RootElement.Texts("segments")
                        .Select(s => WireFiles.Decode(tree, $"{Alpha}/segments/{s}.ndjson.zst")));
                    sql.Execute("UPDATE sessions SET display_name = NULL WHERE id = ?1", id);
                    return;
                }
            }
        }

        OwnSessions.SeedInvented(sql, id, "2026-11-21T05:00:00.000Z");
    }

    /// <summary>
    /// Events of a baseline are stamped when they are written. Ours must say the same as the recorded ones, in the same order.
    /// </summary>
    private static void Restamp(FolderScenario scenario, FolderReplay replay, FolderStep step)
    {
        HashSet<string> edits = [.. scenario.Steps.Where(s => s.Json.Has("events"))
            .SelectMany(s => s.Json.GetProperty("events").EnumerateArray()).Select(e => e.Text("order_key")!)];
        string meta = $"{step.Machine}/meta/";
        string[] theirs = [.. step.After.Files.Keys.Except(step.Before.Files.Keys)
            .Where(p => p.StartsWith(meta, StringComparison.Ordinal) && !edits.Contains(Path.GetFileNameWithoutExtension(p)))];
        RecordedTree share = RecordedTree.Read(replay.Share(step.Target!));
        string[] ours = [.. share.Files.Keys.Except(step.After.Files.Keys)
            .Where(p => p.StartsWith(meta, StringComparison.Ordinal) && !replay.Restamped.ContainsKey(p))];
        Lines.AssertSame(
            $"{step.Name}: baseline", theirs.Select(p => Content(step.After.Files[p])), ours.Select(p => Content(share.Files[p])));
        foreach ((string mine, string other) in ours.Zip(theirs))
        {
            replay.Restamped.Add(mine, other);
        }
    }

    private static string Content(string file)
    {
        MetadataEvent document = EventDocument.Read(File.ReadAllBytes(file));
        return $"{document.SessionGid} {document.Op} {document.Value} {document.Pin}";
    }
}
