using System.Text.Json;
using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>
/// Recorded runs of the original programs (spec appendix E, kind metadata): the events of each machine as its own edits, the
/// others' replayed at each of its syncs, give the recorded registers, markers, conflicts and curation.
/// </summary>
[Trait("Category", "Live")]
[Trait("Category", "Metadata")]
public sealed class LedgerLiveTests
{
    private const string Index = "artifact-live/index.json";

    public static TheoryData<string> Scenarios
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (JsonElement scenario in Golden.Folder is null ? [] : Golden.Load(Index).GetProperty("scenarios").EnumerateArray()
                .ToArray())
            {
                if (scenario.Text("kind") == "metadata")
                {
                    data.Add(scenario.Text("scenario")!);
                }
            }

            return data;
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Scenarios))]
    public void Steps_OfARecording_GiveTheRecordedRows(string name)
    {
        JsonElement scenario = Golden.Load(Index).GetProperty("scenarios").EnumerateArray().Single(s => s.Text("scenario") == name);
        using var recording = new LedgerRecording(name);
        int compared = 0;
        foreach (JsonElement step in scenario.GetProperty("steps").EnumerateArray())
        {
            recording.Play(step);
            compared += step.Has("rows") || step.Has("registers") ? 1 : 0;
        }

        Assert.True(compared > 0);
    }
}
