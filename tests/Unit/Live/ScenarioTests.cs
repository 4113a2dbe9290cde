namespace ArtifactSync.Tests.Live;

/// <summary>Every recorded scenario is replayed by some test.</summary>
[Trait("Category", "Live")]
public sealed class ScenarioTests
{
    private static readonly string[] Replayed = ["folder", "import", "metadata", "documents", "faults", "http-transcripts", "http-probes", "gc", "s3"];

    public static TheoryData<string> Known => Recordings.Data(Recordings.Names(Replayed));

    public static TheoryData<string> Others => Recordings.Data(Recordings.Scenarios
        .Select(s => s.Text("kind")!).Distinct().Except(Replayed).DefaultIfEmpty("none"));

    [GoldenTheory]
    [MemberData(nameof(Known))]
    public void Scenario_Recorded_IsReplayed(string name)
    {
        int cases = Recordings.Scenario(name).Text("kind") switch
        {
            "folder" or "import" or "metadata" or "gc" => new FolderScenario(name).Steps.Count,
            "documents" => Recordings.Load(name, "results.json").GetArrayLength(),
            "http-transcripts" => Recordings.Scenario(name).GetProperty("steps").EnumerateArray().Count(s => s.Has("transcript")),
            "http-probes" => Recordings.Load(name, "probes.json").GetArrayLength(),
            "faults" when name == "faults" => FaultCase.All.Count,
            "faults" => KnownFaults(name),
            "s3" => Recordings.Scenario(name).GetProperty("steps").GetArrayLength(), // S3RecordingTests
            _ => 0,
        };
        Assert.True(cases > 0, $"nothing is recorded for {name}");
    }

    /// <summary>A kind that no test knows must not pass unnoticed.</summary>
    [GoldenTheory]
    [MemberData(nameof(Others))]
    public void Kind_OfEveryScenario_IsKnown(string kind) => Assert.Equal("none", kind);

    /// <summary>The older revision met the same folders; what ours makes of them is checked with the newer one's outcome.</summary>
    private static int KnownFaults(string name)
    {
        string[] cases = [.. Recordings.Load(name, "results.json").EnumerateArray().Select(c => c.Text("case")!)];
        Assert.Empty(cases.Except(FaultCase.All.Select(c => c.Name)));
        return cases.Length;
    }
}
