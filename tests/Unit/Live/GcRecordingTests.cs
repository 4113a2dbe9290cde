using System.Text.Json;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>Recorded collections of a private store: what went, what stayed, and what a share brought back.</summary>
[Trait("Category", "Retention")]
public sealed class GcRecordingTests
{
    public static TheoryData<string> Recorded => Recordings.Data(Recordings.Names("gc"));

    [GoldenTheory]
    [MemberData(nameof(Recorded))]
    public async Task Collect_RecordedStore_LeavesWhatWasLeft(string name)
    {
        var scenario = new FolderScenario(name);
        using var replay = new FolderReplay(scenario);
        var collections = 0;
        foreach (FolderStep step in scenario.Steps)
        {
            if (step.Target is not null)
            {
                replay.Prepare(step);
                replay.AssertOutcome(step, await replay.SyncAsync(step));
            }
            else if (step.Json.Text("do")!.StartsWith("sync gc", StringComparison.Ordinal))
            {
                Assert.Equal(Removed(step.Json.Text("out")!), await CollectAsync(replay.Machine(step.Machine), step.Json.Text("do")!));
                collections++;
            }

            if (step.Json.Has("store_foreign"))
            {
                Assert.Equal(step.Json.Texts("store_foreign"), Foreign(replay.Machine(step.Machine)));
            }
        }

        Assert.True(collections > 0, "nothing was collected");
    }

    /// <summary>How many artifacts the program said that it trashed or would trash.</summary>
    private static int Removed(string output) =>
        int.Parse(output[..output.IndexOf(" artifact(s)", StringComparison.Ordinal)].Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<int> CollectAsync(Machine machine, string command)
    {
        var removed = 0;
        // The recorded clock stands before the times of the files that were written just now; zero grace is meant to keep none.
        var options = machine.Options with { Clock = command.Contains("--grace 0s", StringComparison.Ordinal) ? TimeProvider.System : machine.Options.Clock };
        var run = await new SyncEngine(options).CollectAsync(
            new CollectRequest
            {
                GracePeriod = command.Contains("--grace 0s", StringComparison.Ordinal) ? TimeSpan.Zero : CollectRequest.DefaultGrace,
                WhatIf = command.Contains("--dry-run", StringComparison.Ordinal),
            },
            _ =>
            {
                removed++;
                return ValueTask.CompletedTask;
            },
            NullObserver.Instance, CancellationToken.None);
        Assert.True(run.Status is RunStatus.Succeeded or RunStatus.Planned, $"{run.Status} {run.ErrorMessage}");
        Assert.Equal(0, run.Counters.SkippedOrigins);
        return removed;
    }

    /// <summary>Decoded names of what the store has of other origins.</summary>
    private static string[] Foreign(Machine machine) =>
    [
        .. RecordedTree.Read(machine.Artifacts).Files.Keys.Select(WireFiles.Parse).OfType<ArtifactRef>()
            .Where(artifact => artifact.Origin != machine.Origin)
            .Select(artifact => $"{artifact.Origin}/{ArtifactName.KindDirectory(artifact.Kind)}/{ArtifactName.Logical(artifact)}")
            .Order(StringComparer.Ordinal),
    ];
}
