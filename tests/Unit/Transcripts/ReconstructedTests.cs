using System.Text;
using System.Text.Json;

namespace ArtifactSync.Tests.Transcripts;

/// <summary>Transcripts written anew after rows that the original program read from files we don't have.</summary>
[Trait("Category", "Live")]
public sealed class ReconstructedTests
{
    [GoldenTheory]
    [InlineData("basic")]
    [InlineData("tools")]
    [InlineData("unicode")]
    [InlineData("empty")]
    public void Read_Claude_GivesRecordedRows(string scenario)
    {
        JsonElement rows = Golden.Load($"artifact-live/folder-{scenario}/rows-alpha.json");
        foreach (string file in Sources.Claude[scenario])
        {
            using var folder = new TempFolder();
            string id = JsonDocument.Parse(file[..file.IndexOf('\n', StringComparison.Ordinal)]).RootElement.Text("stem")!;
            string path = folder.Write($"-work-app/{id}.jsonl", file[(file.IndexOf('\n', StringComparison.Ordinal) + 1)..]);

            Reading reading = Reading.Of(path);

            RecordedRows.AssertSession(rows, id, reading, "");
            JsonElement session = rows.GetProperty("sessions").EnumerateArray().Single(s => s.Text("id") == id);
            Assert.Equal(session.Text("termination_status"), reading.Row.TerminationStatus);
        }
    }

    [GoldenTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Import_Codex_GivesRecordedRows(int index)
    {
        JsonElement rows = Golden.Load("artifact-live/folder-codex/rows-alpha.json");
        using var world = new ImportWorld();
        world.Write("session_index.jsonl", """{"id":"01970004-0000-7000-8000-000000000004","thread_name":"Thread named <by> index"}""" + "\n");
        string path = world.Write("sessions/2026/06/01/rollout.jsonl", Sources.Codex[index]);

        Reading reading = Reading.Of(path);
        world.Import(paths: [Path.Combine(world.Transcripts, "sessions")]);

        string id = reading.Row.Id;
        string? name = world.Db.Scalar<string>("SELECT session_name FROM sessions WHERE id = ?", id);
        RecordedRows.AssertSession(rows, id, reading with { Result = reading.Result with { Session = reading.Session with { Name = name } } }, "");
        JsonElement session = rows.GetProperty("sessions").EnumerateArray().Single(s => s.Text("id") == id);
        Assert.Equal(session.Text("termination_status"), reading.Row.TerminationStatus);
    }

    [GoldenTheory]
    [InlineData("folder-basic", 5)]
    public void Import_WholeArchive_HoldsWhatWasRead(string scenario, int messages)
    {
        using var world = new ImportWorld();
        string file = Sources.Claude["basic"][0];
        string text = file[(file.IndexOf('\n', StringComparison.Ordinal) + 1)..];
        world.Write("-work-app/a1000001-0000-4000-8000-000000000001.jsonl", text);

        world.Import();

        JsonElement rows = Golden.Load($"artifact-live/{scenario}/rows-alpha.json");
        Assert.Equal(messages, world.Count("messages"));
        Assert.Equal(rows.GetProperty("tool_calls").GetArrayLength(), world.Count("tool_calls"));
        Assert.Equal(Encoding.UTF8.GetByteCount(text), world.Db.Scalar<long>("SELECT file_size FROM sessions"));
    }
}
