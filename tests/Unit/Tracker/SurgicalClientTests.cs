using System.Text;
using System.Text.Json.Nodes;
using ArtifactSync.Errors;
using ArtifactSync.FakeGitLab;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tracker;
using static ArtifactSync.Tests.Tracker.SurgicalWorld;

namespace ArtifactSync.Tests.Tracker;

/// <summary>What servers, proxies and liars answer; bodies and headers are the recorded ones.</summary>
public sealed class SurgicalClientTests : SurgicalTests
{
    private static readonly GoldenGitLab s_golden = GoldenServer.Load();
    [Fact(DisplayName = "every_recorded_item_and_list_is_ingested")]
    public async Task Recorded_ItemsAndLists_AreAllIngested()
    {
        var lists = (string[])["notes", "label", "state", "milestone"];
        var (threads, labels, states, milestones) = (s_golden.Lists(lists[0]), s_golden.Lists(lists[1]), s_golden.Lists(lists[2]), s_golden.Lists(lists[3]));
        Assert.NotEmpty(threads);
        var items = s_golden.Items().DistinctBy(i => (i.Item.Body["project_id"]!.GetValue<long>(), i.Item.Type, i.Item.Iid)).ToList();
        Assert.True(items.Count > 10);
        foreach (var byProject in items.GroupBy(i => i.Item.Body["project_id"]!.GetValue<long>()))
        {
            World.Server.Projects[$"golden/{byProject.Key}"] = byProject.Key;
            foreach (var (_, item) in byProject)
            {
                Fill(item.Discussions, threads);
                Fill(item.LabelEvents, labels);
                Fill(item.StateEvents, states.Where(s => s.List[0]!["action"] is null));
                Fill(item.MilestoneEvents, milestones);
                World.Server.Add(item.Changed());
            }
            var asked = byProject.Select(i => new TrackedItem(i.Item.Type, i.Item.Iid)).ToArray();
            var run = await World.RunAsync(World.Request(asked) with { Project = $"golden/{byProject.Key}", MaxEntities = 1000 });
            Assert.True(run.Status == RunStatus.Succeeded, run.ErrorMessage);
            Assert.Equal(asked.Length, run.Counters.Ingested);
        }
        Assert.Equal(items.Count, World.Count("issues") + World.Count("merge_requests"));
        Assert.Equal(items.Count, World.Count("documents"));
        Assert.True(World.Count("notes", "position_json IS NOT NULL") > 0);

        static void Fill(JsonArray into, IEnumerable<(string File, JsonArray List)> from)
        {
            foreach (var element in from.SelectMany(f => f.List))
            {
                into.Add(element!.DeepClone());
            }
        }
    }

    [Fact(DisplayName = "paging_follows_the_three_recorded_pages_and_never_another_host")]
    public async Task Paging_RecordedPages_AreReadToTheEnd()
    {
        // Recorded notes, each as a thread of its own; headers as recorded: links point to gitlab.com.
        var item = World.AddIssue(7);
        var pages = s_golden.Files.Where(f => f.StartsWith("merge_request_notes_page", StringComparison.Ordinal) && !f.EndsWith(".headers.json", StringComparison.Ordinal))
            .Select(f => new FakePage(Threads(s_golden.Read(f).AsArray()), s_golden.Headers(f))).ToList();
        Assert.Equal(3, pages.Count);
        item.Pages["discussions"] = pages;

        var run = await World.RunAsync(Issue(7));

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(50, World.Count("notes"));
        Assert.Equal(["?per_page=100&page=1", "?per_page=100&page=2", "?per_page=100&page=3"],
            World.Server.Requests.Where(r => r.Path.EndsWith("/discussions", StringComparison.Ordinal)).Select(r => r.Query));
    }

    [Fact(DisplayName = "paging_short_and_empty_middle_pages_missing_total_and_header_case")]
    public async Task Paging_ShortAndEmptyMiddlePages_AreNotTheEnd()
    {
        var item = World.AddIssue(7);
        static Dictionary<string, string> H(params string[] pairs) => pairs.Chunk(2).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        item.Pages["discussions"] =
        [
            new(Threads(Note(1), Note(2)), H("X-NEXT-PAGE", "2")),
            new("[]", H("x-next-page", "3")),
            new(Threads(Note(2), Note(3)), H("Link", "<https://evil.example/api/v4/x?page=4&per_page=100>; rel=\"next\", <https://evil.example/x?page=1>; rel=\"first\"")),
            new(Threads(Note(4)), H("link", "<https://evil.example/x?page=3>; rel=\"prev\"")),
        ];
        World.Server.HasTotals = false;

        var run = await World.RunAsync(Issue(7));

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(["note 1", "note 2", "note 3", "note 4"], World.Stored(7).Notes.Select(n => n.Body));
    }

    [Theory]
    [InlineData(1, RunStatus.Succeeded)] // shifts once: read again
    [InlineData(2, RunStatus.Failed)]
    public async Task Paging_ListThatChangesWhileItIsRead_IsReadOnceMore(int changes, RunStatus status)
    {
        var item = World.AddIssue(7);
        for (var i = 1; i <= 150; i++)
        {
            item.AddNote(i, $"note {i}");
        }
        var left = changes;
        World.Server.Intercept = context =>
        {
            if (context.Request.Query["page"] == "2" && left-- > 0)
            {
                item.AddNote(1000 + left, "came meanwhile");
            }
            return Task.FromResult(false);
        };
        var run = await World.RunAsync(Issue(7));
        Assert.Equal(status, run.Status);
        Assert.Equal(status == RunStatus.Succeeded ? 151 : 0, World.Count("notes"));
        if (status == RunStatus.Failed)
        {
            // An incomplete list: nothing is written, nothing is taken for deleted.
            Assert.Equal(nameof(ErrorCode.PaginationIncomplete), run.Entities.Single(e => e.Status == EntityStatus.Failed).ErrorCode);
        }
    }

    [Theory]
    [InlineData("1")]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("99999999999999")]
    public async Task Paging_PageThatDoesNotFollow_IsIncomplete(string next)
    {
        World.AddIssue(7).Pages["discussions"] = [new(Threads(Note(1)), new Dictionary<string, string>(StringComparer.Ordinal) { ["x-next-page"] = next })];
        Assert.Equal((nameof(ErrorCode.PaginationIncomplete), (int?)null), await World.FailureAsync());
    }

    [Theory(DisplayName = "rate_limits_in_text_json_and_html_are_waited_out")]
    [InlineData("rate_limited_rack_attack", 30.0)] // Retry-After wins over RateLimit-Reset in the past and the odd ResetTime
    [InlineData("rate_limited_gitlab_com", 1.0)]
    [InlineData("rate_limited_application", 1.0)]
    public async Task RateLimit_Recorded_IsWaitedOut(string name, double seconds)
    {
        World.AddBusyIssue(7);
        World.Server.Fail("issues/7", s_golden.Error(name), times: 1);
        var run = await World.RunAsync(Issue(7));
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.InRange(World.Clock.Waited.TotalSeconds, seconds, seconds + 0.6);
    }

    [Theory]
    [InlineData("text/html", "<html><body>Too many requests</body></html>", null, null, 1.0)]
    [InlineData("text/plain", "Retry later\n", "RateLimit-Reset", "+40", 40.0)]
    [InlineData("text/plain", "Retry later\n", "RateLimit-ResetTime", "Fri, 14 Feb 2019 20:14:19 GMT", 1.0)] // that was a Thursday
    [InlineData("application/json", "{not json", "Retry-After", "7", 7.0)]
    public async Task RateLimit_WithoutRetryAfter_UsesResetElseBackOff(string type, string body, string? header, string? value, double seconds)
    {
        World.AddBusyIssue(7);
        if (value is ['+', .. var offset])
        {
            value = $"{World.Clock.GetUtcNow().ToUnixTimeSeconds() + 2 + int.Parse(offset)}";
        }
        var headers = header is null ? [] : new Dictionary<string, string>(StringComparer.Ordinal) { [header] = value! };
        World.Server.Fail("issues/7", new GoldenError("x", 429, type, headers, body), times: 1);
        var run = await World.RunAsync(Issue(7));
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.InRange(World.Clock.Waited.TotalSeconds, seconds, seconds + 2.6);
    }

    [Fact]
    public async Task RateLimit_ThatDoesNotEnd_IsAFailureWithTheWait()
    {
        World.AddBusyIssue(7);
        World.Server.Fail("issues/7", new GoldenError("x", 429, "text/plain", new Dictionary<string, string>(StringComparer.Ordinal) { ["Retry-After"] = "20" }, "Retry later"));
        var run = await World.RunAsync(Issue(7));
        var failure = SurgicalFailureReport.Of(run).Failures.Single();
        Assert.Equal((nameof(ErrorCode.RateLimited), 429, 20L, true), (failure.Code, failure.HttpStatus!.Value, failure.RetryAfterSeconds!.Value, failure.Retryable));
        Assert.Equal(4, run.Entities.Single(e => e.Status == EntityStatus.Failed).Attempts);
        Assert.Equal(4, World.Server.Requests.Count(r => r.Path.EndsWith("issues/7", StringComparison.Ordinal)));
        Assert.True(Assert.Single(World.Retryable()).Retryable);
    }

    [Fact]
    public async Task RateLimit_LongerThanTheBudget_IsNotWaitedFor()
    {
        World.AddBusyIssue(7);
        World.Server.Fail("issues/7", new GoldenError("x", 429, "text/plain", new Dictionary<string, string>(StringComparer.Ordinal) { ["Retry-After"] = "100000" }, "Retry later"));
        var run = await World.RunAsync(Issue(7));
        Assert.Equal((1, 100000L), (run.Entities[0].Attempts, run.Entities[0].RetryAfterSeconds!.Value));
        Assert.Equal(TimeSpan.Zero, World.Clock.Waited);
    }

    public static TheoryData<string> RecordedErrors => new(s_golden.Errors().Select(e => e.Name));

    [Theory(DisplayName = "errors_recorded_map_to_their_codes")]
    [MemberData(nameof(RecordedErrors))]
    public async Task Error_Recorded_HasItsCode(string name)
    {
        var error = s_golden.Error(name);
        var transient = error.Status is 408 or 409 or 429 or >= 500;
        World.AddBusyIssue(7);
        World.Server.Fail("issues/7", error);
        var expected = error.Status switch
        {
            301 => ErrorCode.InvalidResponse, // only projects move
            401 => name switch { "token_expired" => ErrorCode.AuthExpired, "token_revoked" => ErrorCode.AuthRevoked, _ => ErrorCode.AuthInvalid },
            403 => name == "insufficient_scope" ? ErrorCode.InsufficientScope : ErrorCode.Forbidden,
            404 => ErrorCode.NotFound,
            408 => ErrorCode.Timeout,
            429 => ErrorCode.RateLimited,
            409 or >= 500 => ErrorCode.ServerError,
            _ => ErrorCode.InvalidResponse,
        };
        Assert.Equal((expected.ToString(), (int?)error.Status), await World.FailureAsync());
        Assert.Equal(transient ? 4 : 1, World.Server.Requests.Count(r => r.Path.EndsWith("issues/7", StringComparison.Ordinal)));
    }

    [Fact(DisplayName = "message_as_object_or_array_and_endless_text_are_read_defensively")]
    public async Task Error_WithAnyBody_IsTold()
    {
        World.AddBusyIssue(7);
        foreach (var (body, said) in (IEnumerable<(string, string)>)[
            ("""{"message":{"base":["is bad"]}}""", "is bad"), ("""{"message":["a","b"]}""", "\"a\""), ("""["x"]""", "400"), ("""{"message":null}""", "400"),
            ($$"""{"message":"{{new string('x', 100_000)}}\u0007"}""", "xxx"), ("{", "400"), ("", "400")])
        {
            World.Server.Intercept = null;
            World.Server.Fail("issues/7", new GoldenError("x", 400, "application/json", new Dictionary<string, string>(StringComparer.Ordinal), body));
            var run = await World.RunAsync(Issue(7));
            var message = run.Entities.Single().ErrorMessage!;
            Assert.Contains(said, message, StringComparison.Ordinal);
            Assert.True(message.Length < 600);
            Assert.DoesNotContain(message, char.IsControl);
        }
    }

    [Fact(DisplayName = "a_401_stops_at_once_and_is_told_for_every_item")]
    public async Task Unauthorized_StopsTheRun()
    {
        for (var iid = 1; iid <= 50; iid++)
        {
            World.AddBusyIssue(iid);
        }
        World.Server.Fail("issues/", s_golden.Error("token_expired"));
        var run = await World.RunAsync(World.Request([.. Enumerable.Range(1, 50).Select(i => Issue(i))]) with { Parallel = 2 });
        Assert.True(World.Server.Requests.Count(r => r.Path.Contains("issues/", StringComparison.Ordinal)) <= 4);
        Assert.Equal(50, run.Entities.Count(e => e is { Status: EntityStatus.Failed, ErrorCode: nameof(ErrorCode.AuthExpired) }));
        Assert.Contains("AuthExpired", run.ErrorMessage!, StringComparison.Ordinal);
        Assert.Empty(World.Retryable());
    }

    [Fact]
    public async Task Token_Wrong_IsRefusedAtTheProject()
    {
        World.AddBusyIssue(7);
        World.Server.Token = "another";
        var run = await World.RunAsync(Issue(7));
        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.AuthInvalid)), (run.Status, run.Entities.Single().ErrorCode));
        Assert.DoesNotContain(World.Server.Requests, r => r.Path.Contains("issues", StringComparison.Ordinal));
    }

    private static JsonObject Note(long id) => FakeData.Discussion(id, $"note {id}", "2024-09-27T09:01:22.710Z");

    private static string Threads(params JsonObject[] threads) => new JsonArray([.. threads]).ToJsonString();

    private static string Threads(JsonArray notes) => new JsonArray([.. notes.Select(n => new JsonObject
    {
        ["id"] = $"{n!["id"]!.GetValue<long>():x40}", ["individual_note"] = true, ["notes"] = new JsonArray(n.DeepClone()),
    })]).ToJsonString();
}
