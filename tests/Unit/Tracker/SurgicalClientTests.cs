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
[Trait("Category", "Surgical")]
public sealed class SurgicalClientTests : IAsyncLifetime
{
    private static readonly GoldenGitLab s_golden = GoldenServer.Load();
    private SurgicalWorld _world = null!;

    public async Task InitializeAsync() => _world = await StartAsync();

    public async Task DisposeAsync() => await _world.DisposeAsync();

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
            _world.Server.Projects[$"golden/{byProject.Key}"] = byProject.Key;
            foreach (var (_, item) in byProject)
            {
                Fill(item.Discussions, threads);
                Fill(item.LabelEvents, labels);
                Fill(item.StateEvents, states.Where(s => s.List[0]!["action"] is null));
                Fill(item.MilestoneEvents, milestones);
                _world.Server.Add(item.Changed());
            }
            var asked = byProject.Select(i => new TrackedItem(i.Item.Type, i.Item.Iid)).ToArray();
            var run = await _world.RunAsync(_world.Request(asked) with { Project = $"golden/{byProject.Key}", MaxEntities = 1000 });
            Assert.True(run.Status == RunStatus.Succeeded, run.ErrorMessage);
            Assert.Equal(asked.Length, run.Counters.Ingested);
        }
        Assert.Equal(items.Count, _world.Count("issues") + _world.Count("merge_requests"));
        Assert.Equal(items.Count, _world.Count("documents"));
        Assert.True(_world.Count("notes", "position_json IS NOT NULL") > 0);

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
        var item = _world.AddIssue(7);
        var pages = s_golden.Files.Where(f => f.StartsWith("merge_request_notes_page", StringComparison.Ordinal) && !f.EndsWith(".headers.json", StringComparison.Ordinal))
            .Select(f => new FakePage(Threads(s_golden.Read(f).AsArray()), s_golden.Headers(f))).ToList();
        Assert.Equal(3, pages.Count);
        item.Pages["discussions"] = pages;

        var run = await _world.RunAsync(Issue(7));

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(50, _world.Count("notes"));
        Assert.Equal(["?per_page=100&page=1", "?per_page=100&page=2", "?per_page=100&page=3"],
            _world.Server.Requests.Where(r => r.Path.EndsWith("/discussions", StringComparison.Ordinal)).Select(r => r.Query));
    }

    [Fact(DisplayName = "paging_short_and_empty_middle_pages_missing_total_and_header_case")]
    public async Task Paging_ShortAndEmptyMiddlePages_AreNotTheEnd()
    {
        var item = _world.AddIssue(7);
        static Dictionary<string, string> H(params string[] pairs) => pairs.Chunk(2).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        item.Pages["discussions"] =
        [
            new(Threads(Note(1), Note(2)), H("X-NEXT-PAGE", "2")),
            new("[]", H("x-next-page", "3")),
            new(Threads(Note(2), Note(3)), H("Link", "<https://evil.example/api/v4/x?page=4&per_page=100>; rel=\"next\", <https://evil.example/x?page=1>; rel=\"first\"")),
            new(Threads(Note(4)), H("link", "<https://evil.example/x?page=3>; rel=\"prev\"")),
        ];
        _world.Server.HasTotals = false;

        var run = await _world.RunAsync(Issue(7));

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(["note 1", "note 2", "note 3", "note 4"], _world.Stored(7).Notes.Select(n => n.Body));
    }

    [Theory]
    [InlineData(1, RunStatus.Succeeded)] // shifts once: read again
    [InlineData(2, RunStatus.Failed)]
    public async Task Paging_ListThatChangesWhileItIsRead_IsReadOnceMore(int changes, RunStatus status)
    {
        var item = _world.AddIssue(7);
        for (var i = 1; i <= 150; i++)
        {
            item.AddNote(i, $"note {i}");
        }
        var left = changes;
        _world.Server.Intercept = context =>
        {
            if (context.Request.Query["page"] == "2" && left-- > 0)
            {
                item.AddNote(1000 + left, "came meanwhile");
            }
            return Task.FromResult(false);
        };
        var run = await _world.RunAsync(Issue(7));
        Assert.Equal(status, run.Status);
        Assert.Equal(status == RunStatus.Succeeded ? 151 : 0, _world.Count("notes"));
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
        _world.AddIssue(7).Pages["discussions"] = [new(Threads(Note(1)), new Dictionary<string, string>(StringComparer.Ordinal) { ["x-next-page"] = next })];
        Assert.Equal((nameof(ErrorCode.PaginationIncomplete), (int?)null), await FailureAsync());
    }

    [Theory(DisplayName = "rate_limits_in_text_json_and_html_are_waited_out")]
    [InlineData("rate_limited_rack_attack", 30.0)] // Retry-After wins over RateLimit-Reset in the past and the odd ResetTime
    [InlineData("rate_limited_gitlab_com", 1.0)]
    [InlineData("rate_limited_application", 1.0)]
    public async Task RateLimit_Recorded_IsWaitedOut(string name, double seconds)
    {
        _world.AddBusyIssue(7);
        _world.Server.Fail("issues/7", s_golden.Error(name), times: 1);
        var run = await _world.RunAsync(Issue(7));
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.InRange(_world.Clock.Waited.TotalSeconds, seconds, seconds + 0.6);
    }

    [Theory]
    [InlineData("text/html", "<html><body>Too many requests</body></html>", null, null, 1.0)]
    [InlineData("text/plain", "Retry later\n", "RateLimit-Reset", "+40", 40.0)]
    [InlineData("text/plain", "Retry later\n", "RateLimit-ResetTime", "Fri, 14 Feb 2019 20:14:19 GMT", 1.0)] // that was a Thursday
    [InlineData("application/json", "{not json", "Retry-After", "7", 7.0)]
    public async Task RateLimit_WithoutRetryAfter_UsesResetElseBackOff(string type, string body, string? header, string? value, double seconds)
    {
        _world.AddBusyIssue(7);
        if (value is ['+', .. var offset])
        {
            value = $"{_world.Clock.GetUtcNow().ToUnixTimeSeconds() + 2 + int.Parse(offset)}";
        }
        var headers = header is null ? [] : new Dictionary<string, string>(StringComparer.Ordinal) { [header] = value! };
        _world.Server.Fail("issues/7", new GoldenError("x", 429, type, headers, body), times: 1);
        var run = await _world.RunAsync(Issue(7));
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.InRange(_world.Clock.Waited.TotalSeconds, seconds, seconds + 2.6);
    }

    [Fact]
    public async Task RateLimit_ThatDoesNotEnd_IsAFailureWithTheWait()
    {
        _world.AddBusyIssue(7);
        _world.Server.Fail("issues/7", new GoldenError("x", 429, "text/plain", new Dictionary<string, string>(StringComparer.Ordinal) { ["Retry-After"] = "20" }, "Retry later"));
        var run = await _world.RunAsync(Issue(7));
        var failure = SurgicalFailureReport.Of(run).Failures.Single();
        Assert.Equal((nameof(ErrorCode.RateLimited), 429, 20L, true), (failure.Code, failure.HttpStatus!.Value, failure.RetryAfterSeconds!.Value, failure.Retryable));
        Assert.Equal(4, run.Entities.Single(e => e.Status == EntityStatus.Failed).Attempts);
        Assert.Equal(4, _world.Server.Requests.Count(r => r.Path.EndsWith("issues/7", StringComparison.Ordinal)));
        Assert.True(Assert.Single(_world.Retryable()).Retryable);
    }

    [Fact]
    public async Task RateLimit_LongerThanTheBudget_IsNotWaitedFor()
    {
        _world.AddBusyIssue(7);
        _world.Server.Fail("issues/7", new GoldenError("x", 429, "text/plain", new Dictionary<string, string>(StringComparer.Ordinal) { ["Retry-After"] = "100000" }, "Retry later"));
        var run = await _world.RunAsync(Issue(7));
        Assert.Equal((1, 100000L), (run.Entities[0].Attempts, run.Entities[0].RetryAfterSeconds!.Value));
        Assert.Equal(TimeSpan.Zero, _world.Clock.Waited);
    }

    public static TheoryData<string> RecordedErrors => new(s_golden.Errors().Select(e => e.Name));

    [Theory(DisplayName = "errors_recorded_map_to_their_codes")]
    [MemberData(nameof(RecordedErrors))]
    public async Task Error_Recorded_HasItsCode(string name)
    {
        var error = s_golden.Error(name);
        var transient = error.Status is 408 or 409 or 429 or >= 500;
        _world.AddBusyIssue(7);
        _world.Server.Fail("issues/7", error);
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
        Assert.Equal((expected.ToString(), (int?)error.Status), await FailureAsync());
        Assert.Equal(transient ? 4 : 1, _world.Server.Requests.Count(r => r.Path.EndsWith("issues/7", StringComparison.Ordinal)));
    }

    [Fact(DisplayName = "message_as_object_or_array_and_endless_text_are_read_defensively")]
    public async Task Error_WithAnyBody_IsTold()
    {
        _world.AddBusyIssue(7);
        foreach (var (body, said) in (IEnumerable<(string, string)>)[
            ("""{"message":{"base":["is bad"]}}""", "is bad"), ("""{"message":["a","b"]}""", "\"a\""), ("""["x"]""", "400"), ("""{"message":null}""", "400"),
            ($$"""{"message":"{{new string('x', 100_000)}}\u0007"}""", "xxx"), ("{", "400"), ("", "400")])
        {
            _world.Server.Intercept = null;
            _world.Server.Fail("issues/7", new GoldenError("x", 400, "application/json", new Dictionary<string, string>(StringComparer.Ordinal), body));
            var run = await _world.RunAsync(Issue(7));
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
            _world.AddBusyIssue(iid);
        }
        _world.Server.Fail("issues/", s_golden.Error("token_expired"));
        var run = await _world.RunAsync(_world.Request([.. Enumerable.Range(1, 50).Select(i => Issue(i))]) with { Parallel = 2 });
        Assert.True(_world.Server.Requests.Count(r => r.Path.Contains("issues/", StringComparison.Ordinal)) <= 4);
        Assert.Equal(50, run.Entities.Count(e => e is { Status: EntityStatus.Failed, ErrorCode: nameof(ErrorCode.AuthExpired) }));
        Assert.Contains("AuthExpired", run.ErrorMessage!, StringComparison.Ordinal);
        Assert.Empty(_world.Retryable());
    }

    [Fact]
    public async Task Token_Wrong_IsRefusedAtTheProject()
    {
        _world.AddBusyIssue(7);
        _world.Server.Token = "another";
        var run = await _world.RunAsync(Issue(7));
        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.AuthInvalid)), (run.Status, run.Entities.Single().ErrorCode));
        Assert.DoesNotContain(_world.Server.Requests, r => r.Path.Contains("issues", StringComparison.Ordinal));
    }

    [Fact(DisplayName = "odd_values_null_label_user_milestone_lines_offsets_and_64_bit_ids_are_taken")]
    public async Task Values_Odd_AreTaken()
    {
        var item = _world.AddIssue(7);
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

        var run = await _world.RunAsync(Issue(7));

        Assert.True(run.Status == RunStatus.Succeeded, run.ErrorMessage + string.Join(", ", run.Entities.Select(e => e.ErrorMessage)));
        var issue = _world.Stored(7);
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
        _world.AddBusyIssue(7);
        _world.Server.Intercept = Answer("issues/7", "application/json", body);
        var (code, _) = await FailureAsync();
        Assert.Contains(code, (string[])[nameof(ErrorCode.InvalidResponse), nameof(ErrorCode.PayloadMismatch)]);
    }

    [Theory]
    [InlineData("""{"iid":8,"project_id":42,"id":1,"title":"x","state":"opened"}""")]
    [InlineData("""{"iid":7,"project_id":43,"id":1,"title":"x","state":"opened"}""")]
    public async Task Payload_OfAnotherItem_IsAMismatch(string body)
    {
        _world.AddBusyIssue(7);
        _world.Server.Intercept = Answer("issues/7", "application/json", body);
        Assert.Equal((nameof(ErrorCode.PayloadMismatch), (int?)200), await FailureAsync());
    }

    [Fact]
    public async Task Payload_OtherThanJson_IsInvalid()
    {
        _world.AddBusyIssue(7);
        _world.Server.Intercept = Answer("issues/7", "text/html", "<html>sign in</html>");
        Assert.Equal((nameof(ErrorCode.InvalidResponse), (int?)200), await FailureAsync());
    }

    [Theory]
    [InlineData(true)]  // announced
    [InlineData(false)] // without end
    public async Task Payload_TooLarge_IsNotRead(bool announced)
    {
        _world.AddBusyIssue(7);
        _world.Server.Intercept = async context =>
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
        Assert.Equal(nameof(ErrorCode.InvalidResponse), (await FailureAsync()).Code);
    }

    [Fact]
    public async Task Redirect_OfAnItem_IsNotFollowed()
    {
        _world.AddBusyIssue(7);
        _world.Server.Intercept = Redirect("issues/7", _world.Server.Url + "/api/v4/projects/42/issues/8");
        Assert.Equal((nameof(ErrorCode.InvalidResponse), (int?)301), await FailureAsync());
        Assert.DoesNotContain(_world.Server.Requests, r => r.Path.EndsWith("issues/8", StringComparison.Ordinal));
    }

    [Fact(DisplayName = "moved_project_is_followed_once_on_the_same_origin_only")]
    public async Task Project_Moved_IsFollowedOnceOnTheSameOrigin()
    {
        _world.AddBusyIssue(7);
        _world.Server.Intercept = Redirect("projects/old%2Fname", _world.Server.Url + "/api/v4/projects/42");
        var run = await _world.RunAsync(_world.Request(Issue(7)) with { Project = "old/name" });
        Assert.Equal((RunStatus.Succeeded, ProjectPath), (run.Status, _world.Stored(7).Project));

        await using var thief = await FakeServer.StartAsync();
        thief.Projects[ProjectPath] = Project;
        _world.Server.Intercept = Redirect("projects/old%2Fname", thief.Url + "/api/v4/projects/42");
        run = await _world.RunAsync(_world.Request(Issue(7)) with { Project = "old/name" });
        Assert.Equal(nameof(ErrorCode.ProjectMoved), run.Entities.Single().ErrorCode);
        Assert.Empty(thief.Requests);

        _world.Server.Intercept = Redirect("projects/", _world.Server.Url + "/api/v4/projects/43");
        run = await _world.RunAsync(_world.Request(Issue(7)) with { Project = "old/name" });
        Assert.Equal(nameof(ErrorCode.ProjectMoved), run.Entities.Single().ErrorCode);
    }

    [Fact]
    public async Task Project_Unknown_IsToldForEveryItem()
    {
        var run = await _world.RunAsync(_world.Request(Issue(7), Issue(8)) with { Project = "group/none" });
        Assert.Equal([nameof(ErrorCode.ProjectNotFound), nameof(ErrorCode.ProjectNotFound)], run.Entities.Select(e => e.ErrorCode));
        Assert.Contains("projects/group%2Fnone", _world.Server.Requests.Select(r => r.Path).Single(p => p.Contains("projects", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatIsNotThere_IsANetworkFailure()
    {
        var run = await _world.RunAsync(_world.Request(Issue(7)) with { GitLabUri = "http://127.0.0.1:9" });
        Assert.Equal((nameof(ErrorCode.Network), (int?)null, 4), (run.Entities.Single().ErrorCode, run.Entities[0].HttpStatus, run.Entities[0].Attempts));
    }

    [Fact]
    public async Task Server_ThatDoesNotAnswer_IsATimeout()
    {
        _world.AddBusyIssue(7);
        _world.Server.Intercept = async context =>
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
        var run = await _world.RunAsync(_world.Request(Issue(7)) with { RequestTimeout = TimeSpan.FromMilliseconds(100) });
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

    private async Task<(string Code, int? Status)> FailureAsync()
    {
        var run = await _world.RunAsync(Issue(7));
        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.SurgicalPreflightFailed)), (run.Status, run.ErrorCode));
        Assert.Equal(0, _world.Count("issues"));
        var entity = run.Entities.Single();
        return (entity.ErrorCode!, entity.HttpStatus);
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

    private static JsonObject Note(long id) => FakeData.Discussion(id, $"note {id}", "2024-09-27T09:01:22.710Z");

    private static string Threads(params JsonObject[] threads) => new JsonArray([.. threads]).ToJsonString();

    private static string Threads(JsonArray notes) => new JsonArray([.. notes.Select(n => new JsonObject
    {
        ["id"] = $"{n!["id"]!.GetValue<long>():x40}", ["individual_note"] = true, ["notes"] = new JsonArray(n.DeepClone()),
    })]).ToJsonString();
}
