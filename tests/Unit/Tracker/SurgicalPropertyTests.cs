using ArtifactSync.FakeGitLab;
using ArtifactSync.Sync;
using ArtifactSync.Tracker;
using FsCheck;
using FsCheck.Fluent;
using static ArtifactSync.Tests.Tracker.SurgicalWorld;

namespace ArtifactSync.Tests.Tracker;

/// <summary>Any interleaving of a normal writer and two surgical runs, with a server whose times go back and forth.</summary>
[Trait("Category", "Surgical")]
public sealed class SurgicalPropertyTests
{
    private static readonly DateTimeOffset s_day = new(2024, 9, 27, 0, 0, 0, TimeSpan.Zero);

    [Fact(DisplayName = "any_interleaving_never_lowers_updated_at_and_fetched_at")]
    public async Task Interleaving_NeverLowersTheMarks()
    {
        await using var world = await StartAsync();
        var step = from actor in Gen.Choose(0, 2)
                   from server in Gen.Choose(0, 6)
                   from delay in Gen.Choose(0, 2)
                   from at in Gen.Choose(0, 5)
                   from inner in Gen.Choose(0, 6)
                   select (actor, server, delay, at, inner);
        var iid = 0L;
        Prop.ForAll(Arb.From(Gen.ListOf(step).Resize(6)), steps =>
        {
            iid++;
            foreach (var (actor, server, delay, at, inner) in steps)
            {
                DoAsync(world, iid, actor, server, delay, at, inner).GetAwaiter().GetResult();
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));
    }

    /// <summary>One run by an actor; at one of its steps another writer gets in between.</summary>
    private static async Task DoAsync(SurgicalWorld world, long iid, int actor, int server, int delay, int at, int inner)
    {
        world.AddBusyIssue(iid).Update(Time(server)).AddNote(iid * 100 + 3 + server, $"as of {server}");
        var before = Marks(world, iid);
        if (actor == 0)
        {
            Normal(world, iid, server, world.Clock.GetUtcNow().AddMinutes(-delay));
        }
        else
        {
            var place = (string[])["ingest:begin", "phase:dependents", "dependents:claimed", "dependents:job", "phase:docs", "never"];
            world.Step = step =>
            {
                if (step == place[at])
                {
                    world.Step = static _ => { };
                    Normal(world, iid, inner, world.Clock.GetUtcNow().AddMinutes(delay - 1));
                    AssertNotLower(before, Marks(world, iid));
                    before = Marks(world, iid);
                }
            };
            await world.RunAsync(Issue(iid));
            world.Step = static _ => { };
        }
        AssertNotLower(before, Marks(world, iid));
        world.Write(AssertSound);
    }

    private static void Normal(SurgicalWorld world, long iid, int server, DateTimeOffset fetchedAt)
    {
        var row = EntityRow.Of(Issue(iid), new GitLabIssue
        {
            Id = Project * 100_000 + iid, Iid = iid, ProjectId = Project, Title = "normal", State = "opened", CreatedAt = s_day, UpdatedAt = DateTimeOffset.Parse(Time(server)),
        });
        world.Write(db =>
        {
            var project = ProjectTable.Put(db, new ResolvedProject(world.Server.Url, Project, ProjectPath, false, fetchedAt, null));
            var milliseconds = fetchedAt.ToUnixTimeMilliseconds();
            if (EntityTable.Put(db, project, row, milliseconds, "normal", "{}"u8.ToArray()) is { } id
                && (EntityTable.Children(db, "issue", id).FetchedAt ?? 0) <= milliseconds)
            {
                EntityTable.SetChildren(db, "issue", id, milliseconds, null);
            }
        });
    }

    private static string Time(int server) => s_day.AddHours(server).ToString("o");

    private static (long Updated, long Fetched, long Children)? Marks(SurgicalWorld world, long iid) => File.Exists(Path.Combine(world.ArchivePath, "archive.db"))
        ? world.Read(db => db.First(
            "SELECT updated_at, fetched_at, coalesce(children_fetched_at, 0) FROM issues WHERE iid = ?",
            row => ((long, long, long)?)(row.Int64(0), row.Int64(1), row.Int64(2)), iid))
        : null;

    private static void AssertNotLower((long Updated, long Fetched, long Children)? before, (long Updated, long Fetched, long Children)? after)
    {
        if (before is { } b)
        {
            Assert.True((after!.Value.Updated, after.Value.Fetched).CompareTo((b.Updated, b.Fetched)) >= 0, $"{b} became {after}");
            Assert.True(after.Value.Children >= b.Children, $"children: {b} became {after}");
        }
    }
}
