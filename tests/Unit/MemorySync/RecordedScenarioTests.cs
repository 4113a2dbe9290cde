using ArtifactSync.Tests.Memory;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>
/// Walks memory-live/index.json (memory spec 9.8): what it lists is replayed by a test that says so with the trait <c>Replays</c>, which names
/// a whole kind or one scenario.
/// </summary>
[Trait("Category", "Memory")]
public sealed class RecordedScenarioTests
{
    [GoldenFact]
    public void EveryScenario_IsReplayed()
    {
        var replayed = SpecCaseTests.Traits("Replays").ToHashSet(StringComparer.Ordinal);
        var scenarios = Golden.Load("memory-live/index.json").GetProperty("scenarios").EnumerateArray()
            .Select(scenario => (Kind: scenario.Text("kind")!, Id: scenario.Text("id")!)).ToList();
        Assert.NotEmpty(scenarios);
        Assert.All(scenarios, scenario => Assert.True(replayed.Contains(scenario.Kind) || replayed.Contains(scenario.Id), $"nothing replays {scenario}"));
        Assert.All(replayed, name => Assert.Contains(scenarios, scenario => scenario.Kind == name || scenario.Id == name));
    }
}
