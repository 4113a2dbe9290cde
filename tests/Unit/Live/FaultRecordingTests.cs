using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>Recorded fault cases, each with all its steps (spec appendix E, kind faults).</summary>
[Trait("Category", "Live")]
public sealed class FaultRecordingTests
{
    /// <summary>Cases without recorded folders; each has a test of its own.</summary>
    private static readonly string[] Shapes =
    [
        "target-is-file", "target-is-symlink", "origin-invalid", "target-overlap", "origin-generated", "checkpoint-1000-sessions", "permissions",
    ];

    /// <summary>Cases whose folders are links, or hold left-overs only.</summary>
    private static readonly string[] NothingGood = ["root-symlink", "killed-while-publishing"];

    public static TheoryData<string> Folders => Recordings.Data(FaultCase.All.Select(c => c.Name).Except(Shapes));

    /// <summary>What every receiver takes and nobody puts away is in canonical form.</summary>
    [GoldenTheory]
    [MemberData(nameof(Folders))]
    public void Reencode_EveryGoodObject_GivesSameBytes(string name)
    {
        FaultCase faultCase = FaultCase.Find(name);
        HashSet<string> bad = [.. faultCase.Steps.SelectMany(s => s.Json.Texts("quarantined"))];
        int good = 0;
        foreach (FaultStep step in faultCase.Steps.Where(s => s.Folder is not null))
        {
            foreach ((string path, string file) in step.Before.Files)
            {
                if (WireFiles.Parse(path) is { } artifact && !bad.Contains(WireFiles.Logical(path)) && IsOfOurVersion(artifact, file))
                {
                    byte[] decoded = WireFiles.Decode(artifact, file);
                    Assert.True(Reencoding.IsCanonical(artifact, decoded), $"{path}: {Reencoding.Show(artifact, decoded)}");
                    good++;
                }
            }
        }

        Assert.True(good > 0 || NothingGood.Contains(name), "no good object");
    }

    [GoldenTheory]
    [MemberData(nameof(Folders))]
    public Task Exchange_FaultyFolder_HasRecordedOrBetterOutcome(string name) => RunAsync(name, full: false);

    [GoldenTheory]
    [MemberData(nameof(Folders))]
    public Task ExchangeFull_FaultyFolder_HasRecordedOrBetterOutcome(string name) => RunAsync(name, full: true);

    [GoldenFact]
    public void Exceptions_NameRecordedSteps()
    {
        HashSet<(string, int)> steps = [.. FaultCase.All.SelectMany(c => c.Steps).Select(s => (s.Case, s.Index))];
        Assert.Empty(FaultExceptions.All.Keys.Concat(FaultExceptions.Full.Keys).Concat(FaultExceptions.Trees.Keys).Except(steps));
        Assert.Empty(FaultExceptions.InventedSessions.Except(steps.Select(s => s.Item1)));
    }

    private static async Task RunAsync(string name, bool full)
    {
        using var run = new FaultRun(FaultCase.Find(name), full);
        await run.RunAsync();
    }

    private static bool IsOfOurVersion(ArtifactRef artifact, string file)
    {
        using FileStream wire = File.OpenRead(file);
        try
        {
            return !ReceptionCheck.Verify(artifact, wire, CancellationToken.None).IsFuture;
        }
        catch (ArtifactSyncException)
        {
            return false;
        }
    }
}
