using System.Text.Json;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>Runs one fault case with our engine in the place of the importer and compares after each sync.</summary>
internal sealed class FaultRun : IDisposable
{
    private const string Importer = "bravo-3d4e5f";

    /// <summary>Members that say how a step was made or printed; the others are compared, or the test fails.</summary>
    private static readonly HashSet<string> Inputs = new(StringComparer.Ordinal)
    {
        "do", "machine", "flags", "folder_before", "exit", "error", "counts", "clock",
        "symlinks_in_folder", "empty_directories_in_folder", "extra_files_in_folder_base64",
    };

    private readonly bool _full;
    private readonly FaultCase _case;
    private readonly TempFolder _scratch = new();
    private readonly Machine _machine;
    private readonly OwnSessions _own = new(Importer);
    private readonly OwnEvents _events;
    private readonly HashSet<string> _applied = new(StringComparer.Ordinal);
    private int _snapshots;
    private RecordedTree _lastShare = RecordedTree.Empty;

    /// <param name="faultCase">The case.</param>
    /// <param name="full">The original looks at everything each time; ours does when asked to.</param>
    public FaultRun(FaultCase faultCase, bool full)
    {
        _full = full;
        _case = faultCase;
        _machine = new Machine(Importer, _scratch["archive"], faultCase.Now);
        _events = new OwnEvents(_machine);
    }

    private string Share => _scratch["share"];

    public async Task RunAsync()
    {
        foreach (FaultStep step in _case.Steps.Where(s => s.Exit != -9)) // killed: the crash tests are about that
        {
            _case.WriteShare(step, Share);
            FaultInterventions.Before(step, _machine, _own);
            PrepareOwn(step);
            RecordedTree before = Snapshot();
            SyncRun run = await _machine.SyncAsync(Share, step.IsInitial, _full);
            Compare(step, run, before);
        }
    }

    public void Dispose() => _scratch.Dispose();

    private void Compare(FaultStep step, SyncRun run, RecordedTree before)
    {
        BetterOutcome? better = (_full ? FaultExceptions.Full.GetValueOrDefault((step.Case, step.Index)) : null)
            ?? FaultExceptions.All.GetValueOrDefault((step.Case, step.Index));
        ImportState state = ImportState.Of(_machine);
        string what = step.Name + "\n" + Outcome.Describe(run);
        if (better is not null)
        {
            AssertBetter(better, run, what);
            state.AssertMatches(better.Of(step), what);
        }
        else if (step.Exit == 0)
        {
            Assert.True(run.Status is RunStatus.Succeeded or RunStatus.Partial, what);
            AssertCounts(step, run);
            state.AssertMatches(ImportState.Recorded(step.Json), what);
        }
        else
        {
            // The original aborted; ours tells the fault and has at least what that had (decisions: a fault is confined).
            Assert.True(run.Status is RunStatus.Partial or RunStatus.Failed, what);
            state.AssertContains(ImportState.Recorded(step.Json), what);
            return;
        }

        RecordedTree after = RecordedTree.Read(Share);
        FaultTrees.AssertChanges(step, before, after, Importer);
        foreach (JsonProperty member in step.Json.EnumerateObject())
        {
            if (!Inputs.Contains(member.Name) && !state.Members.ContainsKey(member.Name) && member.Name != "folder_changes")
            {
                FaultTrees.AssertMember(step, member, _lastShare, after, _machine);
            }
        }

        _lastShare = Snapshot();
    }

    private static void AssertBetter(BetterOutcome better, SyncRun run, string what)
    {
        Assert.True(run.Status == better.Status, $"expected {better.Status} ({better.Why}): {what}");
        Assert.True(
            better.Code is null || run.ErrorCode == better.Code.ToString() || run.Entities.Any(e => e.ErrorCode == better.Code.ToString()),
            $"expected {better.Code}: {what}");
    }

    private static void AssertCounts(FaultStep step, SyncRun run)
    {
        JsonElement counts = step.Json.GetProperty("counts");
        Assert.Equal(
            $"{step.Name}: exported {counts.GetProperty("exported")}, sessions {counts.GetProperty("imported_sessions")}, "
            + $"messages {counts.GetProperty("imported_messages")}, events {counts.GetProperty("imported_metadata")}",
            $"{step.Name}: exported {run.Counters.Published}, sessions {run.Counters.ImportedSessions}, "
            + $"messages {run.Counters.ImportedMessages}, events {run.Counters.ImportedEvents}");
    }

    /// <summary>A copy of the share's files that later changes of the share do not touch.</summary>
    private RecordedTree Snapshot()
    {
        string copy = _scratch[$"snapshot-{_snapshots++}"];
        RecordedTree.Read(Share).WriteTo(copy);
        return RecordedTree.Read(copy);
    }

    private void PrepareOwn(FaultStep step)
    {
        List<byte[]> edits = OwnEdits(step);
        if (step.Json.TryGetProperty("counts", out JsonElement counts) && counts.GetProperty("exported").GetInt64() > 0)
        {
            using ArchiveSql sql = _machine.Open();
            SeedOwn(step, sql, edits);
        }

        foreach (byte[] edit in edits)
        {
            _events.Apply(edit);
        }
    }

    /// <summary>From the artifacts that the next step shows, else from an edit, else invented.</summary>
    private void SeedOwn(FaultStep step, ArchiveSql sql, List<byte[]> edits)
    {
        RecordedTree? next = Following(step).FirstOrDefault();
        RecordedTree before = step.Before;
        string? checkpoint = next is null ? null : _own.Checkpoints(next).Except(_own.Checkpoints(before)).FirstOrDefault();
        if (checkpoint is not null)
        {
            _own.Seed(sql, next!, checkpoint);
        }
        else if (edits.Count == 0)
        {
            long number = (long)sql.Query("SELECT count(*) AS n FROM sessions WHERE own = 1")[0]["n"]! + 1;
            OwnSessions.SeedInvented(sql, $"b1000001-0000-4000-8000-00000000000{number}", $"2026-11-21T05:00:0{step.Index}.000Z");
        }
    }

    private IEnumerable<RecordedTree> Following(FaultStep step) =>
        _case.Steps.Skip(step.Index + 1).Where(s => s.Folder is not null).Select(s => s.Before);

    /// <summary>Own events that are applied after this step and were not before, in order.</summary>
    private List<byte[]> OwnEdits(FaultStep step)
    {
        var edits = new List<byte[]>();
        foreach (string orderKey in step.Json.Texts("applied").Where(_applied.Add).Order(StringComparer.Ordinal))
        {
            bool foreign = step.Before.Files.Keys.Any(
                p => p.EndsWith($"/{orderKey}.json", StringComparison.Ordinal) && !p.StartsWith(Importer, StringComparison.Ordinal));
            if (!foreign)
            {
                edits.Add(Find(step, orderKey));
            }
        }

        return edits;
    }

    private byte[] Find(FaultStep step, string orderKey)
    {
        string path = $"{Importer}/meta/{orderKey}.json";
        foreach (RecordedTree tree in Following(step))
        {
            if (tree.Files.TryGetValue(path, out string? file))
            {
                return File.ReadAllBytes(file);
            }
        }

        return step.Json.GetProperty("registers").EnumerateArray()
            .Select(r => _events.Reconstruct(orderKey, r[0].GetString()!, r[2].GetString()!))
            .OfType<byte[]>()
            .First();
    }
}
