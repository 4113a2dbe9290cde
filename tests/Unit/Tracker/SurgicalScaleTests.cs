using System.Diagnostics;
using ArtifactSync.Model;
using static ArtifactSync.Tests.Tracker.SurgicalWorld;

namespace ArtifactSync.Tests.Tracker;

[Trait("Category", "Surgical")]
public sealed class SurgicalScaleTests
{
    [Fact(DisplayName = "a_hundred_iids_and_5000_notes_stay_within_bounds")]
    public async Task Run_OfAHundredItems_StaysWithinTimeAndMemory()
    {
        await using var world = await StartAsync();
        for (var iid = 1; iid <= 100; iid++)
        {
            var item = world.AddIssue(iid);
            for (var note = 0; note < 50; note++)
            {
                item.AddNote(iid * 1000 + note, $"note {note} of {iid}: {new string('x', 300)} word{note}");
            }
        }
        var items = Enumerable.Range(1, 100).Select(i => Issue(i)).ToArray();
        GC.Collect();
        var (before, watch) = (GC.GetTotalAllocatedBytes(), Stopwatch.StartNew());
        var run = await world.RunAsync(items);
        Assert.Equal((RunStatus.Succeeded, 100L), (run.Status, run.Counters.DocumentsRegenerated));
        Assert.Equal(5000, world.Count("notes"));
        // The bench measures; this catches what is ten times off. The fake server allocates in here as well.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{watch.Elapsed}");
        Assert.True(GC.GetTotalAllocatedBytes() - before < 500_000_000);
        Assert.Equal(501 + 1, world.Server.Requests.Count); // five an item, the project and the user
        Assert.Single(await world.Engine.FindDocumentsAsync(new() { Text = "\"note 49 of 77\"" }, default));
    }
}
