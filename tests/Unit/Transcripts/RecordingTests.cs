using System.Text.Json;

namespace ArtifactSync.Tests.Transcripts;

/// <summary>What the original program read from transcripts that we have, against what we read.</summary>
[Trait("Category", "Live")]
public sealed class RecordingTests
{
    private const string SampleRows = "artifact-live/folder-samples/rows-alpha.json";

    public static TheoryData<string> Samples()
    {
        var data = new TheoryData<string>();
        foreach (string kind in Golden.Folder is null ? [] : (string[])["claude", "codex"])
        {
            foreach (string file in Directory.EnumerateFiles(Golden.PathOf("transcripts/" + kind), "*.jsonl"))
            {
                data.Add($"{kind}/{Path.GetFileNameWithoutExtension(file)}");
            }
        }

        return data;
    }

    [GoldenTheory]
    [MemberData(nameof(Samples))]
    public void Read_Sample_GivesRecordedRows(string sample)
    {
        using var folder = new TempFolder();
        string stem = Path.GetFileName(sample);
        // The recording had every Claude sample in a project folder of its own.
        string path = folder.Write($"-sample-{stem}/{stem}.jsonl", File.ReadAllBytes(Golden.PathOf($"transcripts/{sample}.jsonl")));

        Reading reading = Reading.Of(path);

        JsonElement rows = Golden.Load(SampleRows);
        RecordedRows.AssertSession(rows, reading.Row.Id, reading, "");
        JsonElement session = rows.GetProperty("sessions").EnumerateArray().Single(s => s.Text("id") == reading.Row.Id);
        Assert.Equal(session.Text("termination_status"), reading.Row.TerminationStatus);
    }

    public static TheoryData<string> Released() => Golden.Folder is null ? [] :
        [.. Directory.EnumerateFiles(Golden.PathOf("artifact-released/transcripts"), "*.jsonl", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Golden.PathOf("artifact-released/transcripts"), f).Replace('\\', '/'))];

    [GoldenTheory]
    [MemberData(nameof(Released))]
    public void Read_TranscriptOfTwoMachines_GivesRowsThatThePeerImported(string relative)
    {
        Reading reading = Reading.Of(Golden.PathOf("artifact-released/transcripts/" + relative));

        JsonElement machines = Golden.Load("artifact-released/two-machines.json");
        string prefix = machines.GetProperty("origins").Text(relative[..1]) + "~";
        JsonElement rows = machines.GetProperty("steps").EnumerateArray().Where(s => s.Has("imported_rows"))
            .Select(s => s.GetProperty("imported_rows"))
            .Last(r => r.ValueKind == JsonValueKind.Object && r.GetProperty("sessions").EnumerateArray().Any(s => s.Text("id") == prefix + reading.Row.Id));
        RecordedRows.AssertSession(rows, prefix + reading.Row.Id, reading, prefix);
    }
}
