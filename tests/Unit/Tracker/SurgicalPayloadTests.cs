using System.Text;
using System.Text.Json.Nodes;
using ArtifactSync.Errors;
using ArtifactSync.FakeGitLab;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tracker;
using static ArtifactSync.Tests.Tracker.SurgicalWorld;

namespace ArtifactSync.Tests.Tracker;

/// <summary>Odd values, nonsense, floods, redirects, dead ends.</summary>
public sealed class SurgicalPayloadTests : SurgicalTests
{
    [Fact(DisplayName = "odd_values_null_label_user_milestone_lines_offsets_and_64_bit_ids_are_taken")]
    public async Task Values_Odd_AreTaken()
    {
        var item = World.AddIssue(7);
        item.Body["id"] = long.MaxValue - 1;
        item.Body["author"] = null;
        item.Body["milestone"] = null;
        item.Body["labels"] = new JsonArray(new JsonObject { ["id"] = 1, ["name"] = "as object" }, null, "as text");
        item.Body["assignees"] = null;
        item.Body["created_at"] = "2018-05-22T22:00:18.858+02:00";
        item.Body["updated_at"] = "2018-05-22T22:00:18+02:00";
        item.Body.Remove("confidential");
        item.AddNote(21_327_636_760_000, "big");
        var note = item.Discussions[0]!["notes"]![0]!;
        note["author"] = null;
        note["type"] = "DiffNote";
        note["position"] = new JsonObject { ["new_path"] = "src/a.c", ["old_path"] = "src/a.c", ["old_line"] = null, ["new_line"] = null };
        item.Discussions.Add(null);
        item.Discussions.Add(new JsonObject { ["id"] = "aa", ["notes"] = null });
        item.LabelEvents.Add(FakeData.LabelEvent(1, null));
        item.LabelEvents[0]!["user"] = null;
        item.MilestoneEvents.Add(new JsonObject { ["id"] = 1, ["milestone"] = null, ["action"] = "add", ["created_at"] = "2018-05-22T22:00:18.858+02:00" });
        item.StateEvents.Add(new JsonObject { ["id"] = 1, ["state"] = "reopened", ["created_at"] = "2018-05-22T22:00:18Z" });
        item.Changed();

        var run = await World.RunAsync(Issue(7));

        Assert.True(run.Status == RunStatus.Succeeded, run.ErrorMessage + string.Join(", ", run.Entities.Select(e => e.ErrorMessage)));
        var issue = World.Stored(7);
        Assert.Equal(["as object", "as text"], issue.Labels);
        Assert.Equal(DateTimeOffset.Parse("2018-05-22T20:00:18.858Z"), issue.CreatedAt);
        Assert.Equal(("src/a.c", null), (issue.Notes.Single().Position, issue.Notes[0].Author));
        Assert.Equal(21_327_636_760_000, issue.Notes[0].NoteId);
        Assert.Equal(3, issue.Events.Count);
        Assert.Equal(DateTimeOffset.Parse("2018-05-22T20:00:18.858Z"), issue.Events.Single(e => e.Kind == "milestone").CreatedAt);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"iid":7,"project_id":42,"id":1,"title":"x","state":"opened","created_at":"yesterday","updated_at":"2018-05-22T22:00:18Z"}""")]
    [InlineData("""{"iid":7,"project_id":42,"id":"x","title":"x","state":"opened"}""")]
    [InlineData("""{"iid":7,"project_id":42,"id":99999999999999999999,"title":"x"}""")]
    [InlineData("""{"iid":7,"project_id":42,"title":"no id"}""")]
    public async Task Payload_Nonsense_IsAFailureOfThatItem(string body)
    {
        World.AddBusyIssue(7);
        World.Server.Intercept = Answer("issues/7", "application/json", body);
        var (code, _) = await World.FailureAsync();
        Assert.Contains(code, (string[])[nameof(ErrorCode.InvalidResponse), nameof(ErrorCode.PayloadMismatch)]);
    }

    [Theory]
    [InlineData("""{"iid":8,"project_id":42,"id":1,"title":"x","state":"opened"}""")]
    [InlineData("""{"iid":7,"project_id":43,"id":1,"title":"x","state":"opened"}""")]
    public async Task Payload_OfAnotherItem_IsAMismatch(string body)
    {
        World.AddBusyIssue(7);
        World.Server.Intercept = Answer("issues/7", "application/json", body);
        Assert.Equal((nameof(ErrorCode.PayloadMismatch), (int?)200), await World.FailureAsync());
    }

    [Fact]
    public async Task Payload_OtherThanJson_IsInvalid()
    {
        World.AddBusyIssue(7);
        World.Server.Intercept = Answer("issues/7", "text/html", "<html>sign in</html>");
        Assert.Equal((nameof(ErrorCode.InvalidResponse), (int?)200), await World.FailureAsync());
    }

    [Theory]
    [InlineData(true)]  // announced
    [InlineData(false)] // without end
    public async Task Payload_TooLarge_IsNotRead(bool announced)
    {
        World.AddBusyIssue(7);
        World.Server.Intercept = async context =>
        {
            if (context.Request.Path.Value!.EndsWith("issues/7", StringComparison.Ordinal))
            {
                context.Response.ContentType = "application/json";
                context.Response.ContentLength = announced ? 4L * 1024 * 1024 * 1024 : null;
                var block = new byte[1024 * 1024];
                try
                {
                    for (var i = 0; i < 4096; i++)
                    {
                        await context.Response.Body.WriteAsync(block, context.RequestAborted);
                    }
                }
                catch (Exception e) when (e is OperationCanceledException or IOException)
                {
                    // the client hung up
                }
                return true;
            }
            return false;
        };
        Assert.Equal(nameof(ErrorCode.InvalidResponse), (await World.FailureAsync()).Code);
    }

    [Fact]
    public async Task Redirect_OfAnItem_IsNotFollowed()
    {
        World.AddBusyIssue(7);
        World.Server.Intercept = Redirect("issues/7", World.Server.Url + "/api/v4/projects/42/issues/8");
        Assert.Equal((nameof(ErrorCode.InvalidResponse), (int?)301), await World.FailureAsync());
        Assert.DoesNotContain(World.Server.Requests, r => r.Path.EndsWith("issues/8", StringComparison.Ordinal));
    }

    [Fact(DisplayName = "moved_project_is_followed_once_on_the_same_origin_only")]
    public async Task Project_Moved_IsFollowedOnceOnTheSameOrigin()
    {
        World.AddBusyIssue(7);
        World.Server.Intercept = Redirect("projects/old%2Fname", World.Server.Url + "/api/v4/projects/42");
        var run = await World.RunAsync(World.Request(Issue(7)) with { Project = "old/name" });
        Assert.Equal((RunStatus.Succeeded, ProjectPath), (run.Status, World.Stored(7).Project));

        await using var thief = await FakeServer.StartAsync();
        thief.Projects[ProjectPath] = Project;
        World.Server.Intercept = Redirect("projects/old%2Fname", thief.Url + "/api/v4/projects/42");
        run = await World.RunAsync(World.Request(Issue(7)) with { Project = "old/name" });
        Assert.Equal(nameof(ErrorCode.ProjectMoved), run.Entities.Single().ErrorCode);
        Assert.Empty(thief.Requests);

        World.Server.Intercept = Redirect("projects/", World.Server.Url + "/api/v4/projects/43");
        run = await World.RunAsync(World.Request(Issue(7)) with { Project = "old/name" });
        Assert.Equal(nameof(ErrorCode.ProjectMoved), run.Entities.Single().ErrorCode);
    }

    [Fact]
    public async Task Project_Unknown_IsToldForEveryItem()
    {
        var run = await World.RunAsync(World.Request(Issue(7), Issue(8)) with { Project = "group/none" });
        Assert.Equal([nameof(ErrorCode.ProjectNotFound), nameof(ErrorCode.ProjectNotFound)], run.Entities.Select(e => e.ErrorCode));
        Assert.Contains("projects/group%2Fnone", World.Server.Requests.Select(r => r.Path).Single(p => p.Contains("projects", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatIsNotThere_IsANetworkFailure()
    {
        var run = await World.RunAsync(World.Request(Issue(7)) with { GitLabUri = "http://127.0.0.1:9" });
        Assert.Equal((nameof(ErrorCode.Network), (int?)null, 4), (run.Entities.Single().ErrorCode, run.Entities[0].HttpStatus, run.Entities[0].Attempts));
    }

    [Fact]
    public async Task Server_ThatDoesNotAnswer_IsATimeout()
    {
        World.AddBusyIssue(7);
        World.Server.Intercept = async context =>
        {
            if (!context.Request.Path.Value!.EndsWith("issues/7", StringComparison.Ordinal))
            {
                return false;
            }
            var gone = new TaskCompletionSource();
            await using var _ = context.RequestAborted.Register(gone.SetResult);
            await gone.Task;
            return true;
        };
        var run = await World.RunAsync(World.Request(Issue(7)) with { RequestTimeout = TimeSpan.FromMilliseconds(100) });
        Assert.Equal((nameof(ErrorCode.Timeout), 4), (run.Entities.Single().ErrorCode, run.Entities[0].Attempts));
    }

    [Fact]
    public async Task Certificate_Untrusted_IsATlsErrorAndNotRepeated()
    {
        await using var world = await StartAsync(https: true);
        world.AddBusyIssue(7);
        var run = await world.RunAsync(Issue(7));
        Assert.Equal((nameof(ErrorCode.TlsError), 1), (run.Entities.Single().ErrorCode, run.Entities[0].Attempts));
        Assert.Empty(world.Server.Requests);
    }

    [Fact]
    public void Bundle_BeyondItsMemory_SpillsToAFileWithoutName()
    {
        using var bundle = new BundleStore(memoryLimit: 1000);
        var parts = Enumerable.Range(0, 50).Select(i => (Bytes: Encoding.UTF8.GetBytes(new string((char)('a' + i % 26), 100 + i)), i)).Select(p => (p.Bytes, Part: bundle.Add(p.Bytes))).ToList();
        Assert.True(bundle.HasSpilled);
        Assert.All(parts, p => Assert.Equal(p.Bytes, bundle.Read(p.Part).ToArray()));
        Assert.Empty(OperatingSystem.IsWindows() ? [] : Directory.GetDirectories(Path.GetTempPath(), "artifactsync-*").Where(d => File.Exists(Path.Combine(d, "bundle"))));
    }

    private static Func<Microsoft.AspNetCore.Http.HttpContext, Task<bool>> Answer(string path, string type, string body) => async context =>
    {
        if (!context.Request.Path.Value!.EndsWith(path, StringComparison.Ordinal))
        {
            return false;
        }
        await FakeServer.WriteAsync(context, 200, type, Encoding.UTF8.GetBytes(body));
        return true;
    };

    private static Func<Microsoft.AspNetCore.Http.HttpContext, Task<bool>> Redirect(string rawPath, string location) => async context =>
    {
        var target = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        if (!target.Contains(rawPath, StringComparison.Ordinal))
        {
            return false;
        }
        await FakeServer.WriteAsync(context, 301, "text/plain", "moved"u8.ToArray(), new Dictionary<string, string>(StringComparer.Ordinal) { ["Location"] = location });
        return true;
    };
}
