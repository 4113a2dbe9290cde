using ArtifactSync.Model;

namespace ArtifactSync.Tests.Transcripts;

public sealed class ImporterTests
{
    [Fact]
    public void Import_NewFiles_WritesSessionsOnce()
    {
        using var world = new ImportWorld();
        world.Write("-work-app/one.jsonl", Some.Claude("one", 3));
        world.Write("-work-app/two.jsonl", Some.Claude("two", 2));

        List<ArchiveSessionImport> first = world.Import();
        string dump = world.Dump();
        List<ArchiveSessionImport> second = world.Import();

        Assert.Equal(["Imported", "Imported"], first.Select(r => r.Status));
        Assert.All(first, r => Assert.Equal((1, 0, 0, "claude", "run-1"), (r.Added, r.Changed, r.Skipped, r.Format, r.RunId)));
        Assert.Equal(["Unchanged", "Unchanged"], second.Select(r => r.Status));
        Assert.Equal([["one"], ["two"]], second.Select(r => r.SessionId));
        Assert.Equal(dump, world.Dump());
        Assert.Equal(2, world.Count("sessions"));
        Assert.Equal("2", world.Db.Scalar<string>("SELECT count(*) FROM publish_queue"));
    }
}
