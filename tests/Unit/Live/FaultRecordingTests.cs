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

    public static TheoryData<string> Folders => Recordings.Data(FaultCase.All.Select(c => c.Name).Except(Shapes));

    [GoldenTheory]
    [MemberData(nameof(Folders))]
    public async Task Exchange_FaultyFolder_HasRecordedOrBetterOutcome(string name)
    {
        using var run = new FaultRun(FaultCase.Find(name));
        await run.RunAsync();
    }
}
