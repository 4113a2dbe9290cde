namespace ArtifactSync.Tests.Live;

/// <summary>Every recorded scenario is replayed by some test, or is visibly left for later.</summary>
[Trait("Category", "Live")]
public sealed class ScenarioTests
{
    private const string Peer = "Not replayed yet: peers over HTTP.";
    private const string Collection = "Not replayed yet: garbage collection.";

    private static readonly string[] Replayed = ["folder", "import", "metadata", "documents", "faults"];

    public static TheoryData<string> Known => Recordings.Data(Recordings.Names(Replayed));

    public static TheoryData<string> Http => Recordings.Data(Recordings.Names("http-transcripts", "http-probes"));

    public static TheoryData<string> S3 => Recordings.Data(Recordings.Names("s3"));

    public static TheoryData<string> Gc => Recordings.Data(Recordings.Names("gc"));

    public static TheoryData<string> Others => Recordings.Data(Recordings.Scenarios
        .Select(s => s.Text("kind")!).Distinct().Except([.. Replayed, "http-transcripts", "http-probes", "s3", "gc"])
        .DefaultIfEmpty("none"));

    [GoldenTheory]
    [MemberData(nameof(Known))]
    [MemberData(nameof(Http), Skip = Peer)]
    [MemberData(nameof(S3))]
    [MemberData(nameof(Gc), Skip = Collection)]
    public void Scenario_Recorded_IsReplayed(string name)
    {
        int cases = Recordings.Scenario(name).Text("kind") switch
        {
            "folder" or "import" or "metadata" => new FolderScenario(name).Steps.Count,
            "documents" => Recordings.Load(name, "results.json").GetArrayLength(),
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
