using ArtifactSync.Memory;
using FsCheck;
using FsCheck.Fluent;

namespace ArtifactSync.Tests.Memory;

/// <summary>
/// Machines with skewed clocks edit the same rows; chunk directories and exports are passed around in any order, any number of
/// times. In the end all hold the same, no row that was deleted for good is back unless somebody edited it later, and the directories stop growing.
/// </summary>
[Trait("Category", "Property")]
[Trait("Category", "Memory")]
public sealed class MergeConvergenceTests
{
    private const int Cases = 12;
    private const int Machines = 3;

    [Fact]
    public void Directories_AfterEverybodyReadAndWrote_AllHoldTheSame()
    {
        var scripts = Gen.Choose(0, int.MaxValue).ArrayOf(40).ToArbitrary();
        Prop.ForAll(scripts, static script => Play(script)).Check(Config.QuickThrowOnFailure.WithMaxTest(Cases).WithReplay(20261127, 7));
    }

    /// <summary>The rows of a document in any order, any of them twice: the same observations (3.2).</summary>
    [Fact]
    public void Versions_InAnyOrderAnyTimes_EndTheSame()
    {
        var order = Gen.Choose(0, 5).ArrayOf(12).ToArbitrary();
        Prop.ForAll(order, static picks =>
        {
            var first = Outcome(picks.Concat(Enumerable.Range(0, 6)));
            Assert.Equal(first, Outcome(Enumerable.Range(0, 6).Concat(picks.Reverse())));
            Assert.Equal("v5", first);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Cases).WithReplay(20261127, 9));

        static string Outcome(IEnumerable<int> versions)
        {
            using var machine = new MemoryMachine();
            machine.Change(change =>
            {
                var merge = new RowMerge(change, MergeRules.Chunk);
                merge.Session(new MemorySession("s1", "demo", "", "2026-04-27 08:00:00", null, null));
                foreach (var i in versions)
                {
                    merge.Observation(new Observation
                    {
                        SyncId = Doc.Key, SessionId = "s1", Title = "T", Content = $"v{i}", CreatedAt = "2026-04-27 08:00:00",
                        UpdatedAt = $"2026-04-27 09:00:0{i}", DeletedAt = i % 2 == 1 ? $"2026-04-27 09:00:0{i}" : null,
                    });
                }
            });
            return machine.Observation(Doc.Key)!.Content;
        }
    }

    private static void Play(int[] script)
    {
        var start = new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
        MemoryMachine[] machines = [.. Enumerable.Range(0, Machines).Select(i => new MemoryMachine(start.AddSeconds((i * 137) - 200)))];
        var directory = machines[0]["dir"];
        var hardDeleted = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            Array.ForEach(machines, static machine => machine.Read(static _ => 0)); // makes the archive
            var random = new Random(script.Aggregate(17, HashCode.Combine));
            foreach (var action in script)
            {
                Tick(machines[action % Machines], action % Machines, random);
                Act(machines[action % Machines], action / Machines, directory, random, hardDeleted);
            }

            Settle(machines, directory);
            Assert.All(machines, machine => Assert.Equal(ObservationsAndPrompts(machines[0]), ObservationsAndPrompts(machine)));
            var count = ChunkManifest.Read(directory).Entries.Count;
            Settle(machines, directory);
            Assert.Equal(count, ChunkManifest.Read(directory).Entries.Count);
            // Only an edit that is newer than the delete brings a row back.
            Assert.All(hardDeleted, gone => Assert.True(
                machines[1].Observation(gone.Key) is not { } row || MemoryTime.IsLater(row.UpdatedAt, gone.Value), gone.Key));
        }
        finally
        {
            Array.ForEach(machines, static machine => machine.Dispose());
        }
    }

    // Each machine has seconds of its own.
    private static void Tick(MemoryMachine machine, int index, Random random)
    {
        machine.Clock.Advance(TimeSpan.FromSeconds(1 + random.Next(20)));
        while (machine.Clock.Now.ToUnixTimeSeconds() % Machines != index)
        {
            machine.Clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private static void Act(MemoryMachine machine, int choice, string directory, Random random, Dictionary<string, string> hardDeleted)
    {
        var known = machine.Engine.GetMemories(new() { IncludeDeleted = true }).ToList();
        // Two versions of one second are a tie, in which each machine keeps its own (3.2): none is made here.
        var one = known.Count > 0 && known[random.Next(known.Count)] is var picked && picked.UpdatedAt < machine.Clock.Now ? picked : null;
        switch (choice % 8)
        {
            case 0 or 1:
                machine.Engine.AddMemory(new() { Title = $"t{random.Next(1000)}", Content = $"c{random.Next()}", Project = "demo", SessionId = $"s{random.Next(3)}" });
                break;
            case 2 or 3 when one is not null:
                machine.Engine.EditMemory(one.SyncId, new() { Content = $"edit {random.Next()}", Deleted = false });
                break;
            case 4 when one is not null:
                machine.Engine.RemoveMemory(one.SyncId, permanent: false);
                break;
            case 5 when one is not null && hardDeleted.Count < 2:
                machine.Engine.RemoveMemory(one.SyncId, permanent: true);
                hardDeleted[one.SyncId] = machine.Read(db => VersionTable.Find(db, Entity.Observation, one.SyncId))!.Value.Time;
                break;
            case 6:
                machine.Change(change =>
                {
                    MemoryEditor.EnsureSession(change, "s0", "demo");
                    change.AddPrompt(new Prompt { SyncId = change.NewId(SyncId.Prompt), SessionId = "s0", Content = "p", Project = "demo", CreatedAt = change.Now });
                });
                break;
            default:
                Assert.NotEqual("Failed", machine.ExportChunk(directory).Status);
                break;
        }
    }

    private static void Settle(MemoryMachine[] machines, string directory)
    {
        for (var round = 0; round < 3; round++)
        {
            foreach (var machine in machines)
            {
                Assert.NotEqual("Failed", machine.ExportChunk(directory).Status);
            }
        }
    }

    // Local numbers and duplicate detection aside; sessions are compared by what all agree on.
    private static string ObservationsAndPrompts(MemoryMachine machine) => string.Join('\n', ChunkTests.Content(machine).Split('\n')
        .Where(static line => line.StartsWith("observations", StringComparison.Ordinal) || line.StartsWith("user_prompts", StringComparison.Ordinal)));
}
