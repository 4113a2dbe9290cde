using System.Text.Json;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Live;

/// <summary>Runs our engine in the place of every machine of revision N, step by step, on the recorded folders.</summary>
internal sealed class FolderReplay : IDisposable
{
    private readonly FolderScenario _scenario;
    private readonly TempFolder _scratch = new();
    private readonly Dictionary<string, Machine> _machines = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OwnSessions> _own = new(StringComparer.Ordinal);

    public FolderReplay(FolderScenario scenario) => _scenario = scenario;

    public string Share(string target) => _scratch[target];

    public Machine Machine(string origin)
    {
        if (!_machines.TryGetValue(origin, out Machine? machine))
        {
            _machines.Add(origin, machine = new Machine(origin, _scratch["archive-" + origin]));
            _own.Add(origin, new OwnSessions(origin, trashes: _scenario.Json.Text("kind") != "metadata"));
        }

        return machine;
    }

    /// <summary>Events that ours stamped itself in the place of recorded ones: path of ours to path of theirs.</summary>
    public Dictionary<string, string> Restamped { get; } = new(StringComparer.Ordinal);

    /// <summary>Puts the folder and the machine's own sessions into the state before the step.</summary>
    public void Prepare(FolderStep step)
    {
        Machine machine = Machine(step.Machine);
        step.Before.WriteTo(Share(step.Target!));
        using ArchiveSql sql = machine.Open();
        _own[step.Machine].Prepare(sql, step.Before, step.After);
    }

    /// <summary>The edits that a machine made itself in a step, as it published them later.</summary>
    public void Edit(FolderStep step)
    {
        if (!step.Json.TryGetProperty("events", out JsonElement events))
        {
            return;
        }

        var edits = new OwnEvents(Machine(step.Machine));
        foreach (JsonElement edit in events.EnumerateArray())
        {
            string path = $"{step.Machine}/meta/{edit.Text("order_key")}.json";
            edits.Apply(File.ReadAllBytes(_scenario.Final.Values.First(t => t.Files.ContainsKey(path)).Files[path]));
        }
    }

    public Task<SyncRun> SyncAsync(FolderStep step) => Machine(step.Machine).SyncAsync(Share(step.Target!), step.IsInitial);

    /// <summary>What the program printed and left in the folder is what we report and leave.</summary>
    public void AssertOutcome(FolderStep step, SyncRun run)
    {
        // A peer's damage: what is good is imported, and the run says that something was not.
        RunStatus status = run.Counters.Quarantined + run.Counters.Rejected > 0 ? RunStatus.Partial : RunStatus.Succeeded;
        Assert.True(run.Status == status, $"{step.Name}: {Outcome.Describe(run)}");
        var counts = step.Json.GetProperty("counts");
        int exported = counts.GetProperty("exported").GetInt32() + OwnSessions.MovedWithoutManifest(step);
        Assert.Equal(
            $"{step.Name}: exported {exported}, sessions {counts.GetProperty("imported_sessions")}, "
            + $"messages {counts.GetProperty("imported_messages")}, events {counts.GetProperty("imported_metadata")}",
            $"{step.Name}: exported {run.Counters.Published}, sessions {run.Counters.ImportedSessions}, "
            + $"messages {run.Counters.ImportedMessages}, events {run.Counters.ImportedEvents}");
        AssertFiles(step);
    }

    public void AssertRows(FolderStep step, params string[] excludedTables)
    {
        Machine machine = Machine(step.Machine);
        using ArchiveSql sql = machine.Open();
        RowTables ours = RowTables.Of(sql, machine.Artifacts);
        foreach ((string mine, string theirs) in Restamped)
        {
            ours.Replace(Stamp(mine), Stamp(theirs));
        }

        RowTables recorded = _scenario.LoadRows(step.Rows!);
        recorded.HideOwnClock(machine.Origin);
        ours.HideOwnClock(machine.Origin);
        RowDiff.AssertEqual(recorded, ours, sql.Columns, excludedTables);
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>Order key of an event's path.</summary>
    private static string Stamp(string path) => Path.GetFileNameWithoutExtension(path);

    private void AssertFiles(FolderStep step)
    {
        RecordedTree now = RecordedTree.Read(Share(step.Target!));
        var expected = step.After.Files.Keys.Except(step.Before.Files.Keys).Except(Restamped.Values);
        var added = now.Files.Keys.Except(step.Before.Files.Keys).Where(p => !Restamped.ContainsKey(p)).Order(StringComparer.Ordinal);
        Lines.AssertSame($"{step.Name}: new files", expected.Order(StringComparer.Ordinal), added);
        foreach (string path in now.Files.Keys.Where(p => !Restamped.ContainsKey(p)))
        {
            if (WireFiles.Parse(path) is { } artifact && !step.Before.Files.ContainsKey(path))
            {
                Assert.Equal(
                    $"{path} {WireFiles.Hash(WireFiles.Decode(artifact, step.After.Files[path]))}",
                    $"{path} {WireFiles.Hash(WireFiles.Decode(artifact, now.Files[path]))}");
            }
            else
            {
                Assert.True(
                    File.ReadAllBytes(step.Before.Files[path]).AsSpan().SequenceEqual(File.ReadAllBytes(now.Files[path])),
                    $"{step.Name} changed {path}");
            }
        }
    }
}
