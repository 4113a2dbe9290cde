using System.Text.Json.Nodes;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.FakeGitLab;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tracker;
using static ArtifactSync.Tests.Tracker.SurgicalWorld;

namespace ArtifactSync.Tests.Tracker;

/// <summary>All or nothing, and never over fresher rows.</summary>
public sealed class SurgicalIngestTests : SurgicalTests
{
    [Fact]
    public async Task Run_OfIssuesAndMergeRequests_BringsThemWithThreadsEventsAndDocuments()
    {
        World.AddBusyIssue(7);
        World.Server.Add(FakeData.MergeRequest(Project, 12, "Widen the retry budget")).AddNote(1201, "looks good");

        var run = await World.RunAsync(Issue(7), MergeRequest(12), Issue(7));

        Assert.Equal((RunStatus.Succeeded, RunKind.Surgical, "done"), (run.Status, run.Kind, run.Phase));
        Assert.Equal(
            (2, 2, 2, 0, 8, 2), (run.Counters.Requested, run.Counters.Fetched, run.Counters.Ingested, run.Counters.SkippedStale, run.Counters.DependentsDone, run.Counters.DocumentsRegenerated));
        Assert.StartsWith("Requested=2, Fetched=2, Ingested=2, DependentsDone=8", run.Counters.ToString(), StringComparison.Ordinal);
        var issue = World.Stored(7);
        Assert.Equal(["first note of 7", "second note of 7"], issue.Notes.Select(n => n.Body));
        Assert.Equal(("label", "add", "bug"), (issue.Events[0].Kind, issue.Events[0].Action, issue.Events[0].Subject));
        Assert.False(issue.ChildrenOwed);
        var found = await World.Engine.FindDocumentsAsync(new DocumentQuery { Text = "retry budget" }, default);
        Assert.Equal(("merge_request", 12L, ProjectPath), (found.Single().EntityType, found[0].Iid, found[0].Project));
        Assert.Equal(0, World.Count("dirty_sources"));
        Assert.Equal(8, World.Count("dependent_queue", "status = 'done'"));
        Assert.Equal(["dependents", "docs", "ingest", "preflight"], run.Entities.Where(e => e.Iid == 7).Select(e => e.Stage).Order());
    }

    [Fact(DisplayName = "preflight_success_then_ingest_failure_rolls_back_all_content_writes")]
    public async Task PreflightSuccess_ThenIngestFailure_RollsBackAllContentWrites()
    {
        World.AddBusyIssue(1);
        await World.RunAsync(Issue(1));
        var before = World.Content();
        foreach (var iid in (long[])[2, 3, 4])
        {
            World.AddBusyIssue(iid);
        }
        var items = 0;
        World.Step = step => _ = step == "ingest:item" && ++items == 2 ? throw new InvalidOperationException("boom") : 0;

        var run = await World.RunAsync(Issue(1), Issue(2), Issue(3), Issue(4));

        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.IngestFailed)), (run.Status, run.ErrorCode));
        Assert.Equal(before, World.Content());
        Assert.Equal(4, run.Entities.Count(e => e is { Stage: "ingest", Status: EntityStatus.Failed, ErrorCode: nameof(ErrorCode.IngestFailed) }));
        World.Step = static _ => { };
        Assert.Equal((RunStatus.Succeeded, 4), ((await World.RetryAsync(run)).Status, World.Count("issues")));
    }

    [Fact(DisplayName = "stale_payload_is_skipped_when_local_updated_at_is_newer")]
    public async Task StalePayload_IsSkipped_WhenLocalUpdatedAtIsNewer()
    {
        World.AddBusyIssue(7).Update("2024-09-28T00:00:00.000Z");
        await World.RunAsync(Issue(7));
        var before = World.Content();
        World.AddBusyIssue(7).Update("2024-09-27T00:00:00.000Z", body => body["title"] = "an older title").AddNote(799, "must not come");

        var run = await World.RunAsync(Issue(7));

        Assert.Equal((RunStatus.Succeeded, 1, 0), (run.Status, run.Counters.SkippedStale, run.Counters.Ingested));
        Assert.Equal([Issue(7)], run.SkippedStaleIids);
        Assert.Empty(run.FailedIids);
        // Test 13: no row, job, document or embedding for what was skipped (the row of the project says when it was seen).
        Assert.Equal(before.Split('\n')[1..], World.Content().Split('\n')[1..]);
        Assert.Empty(World.Retryable());
    }

    [Fact(DisplayName = "failed_run_aborts_pending_scoped_jobs")]
    public async Task FailedRun_AbortsPendingScopedJobs()
    {
        World.AddBusyIssue(1);
        World.AddBusyIssue(2);
        World.Write(db => db.Execute("INSERT INTO dependent_queue(project_id, entity_type, entity_id, job, enqueued_at) VALUES (1, 'issue', 1, 'discussions', 1)"));
        World.Step = step => _ = step == "dependents:job" ? throw new ArtifactSyncException(ErrorCode.DiskFull, "full") : 0;

        var run = await World.RunAsync(Issue(1), Issue(2));

        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.DiskFull), 7), (run.Status, run.ErrorCode, run.Counters.AbortedJobs));
        Assert.Equal(7, World.Count("dependent_queue", $"status = 'aborted' AND aborted_reason = 'DiskFull' AND scope_run_id = '{run.RunId}'"));
        Assert.Equal(1, World.Count("dependent_queue", "status = 'pending' AND scope_run_id IS NULL"));
        Assert.True(World.Stored(2).ChildrenOwed);
        World.Step = static _ => { };
        Assert.Equal(RunStatus.Succeeded, (await World.RetryAsync(run)).Status);
        Assert.False(World.Stored(2).ChildrenOwed);
        World.Write(db => db.Execute("DELETE FROM dependent_queue WHERE scope_run_id IS NULL"));
    }

    [Fact(DisplayName = "surgical_docs_scope_ignores_preexisting_dirty_rows_for_same_entity")]
    public async Task SurgicalDocsScope_IgnoresPreexistingDirtyRows_ForSameEntity()
    {
        World.AddBusyIssue(7);
        var first = World.Request(Issue(7)) with { NoDocs = true, NoEmbed = true };
        Assert.Equal(RunStatus.Succeeded, (await World.RunAsync(first)).Status);
        var old = World.Read(db => db.Scalar<long>("SELECT id FROM dirty_sources"));

        var run = await World.RunAsync(Issue(7));

        Assert.Equal(1, run.Counters.DocumentsRegenerated);
        Assert.Equal(old, World.Read(db => db.Scalar<long>("SELECT id FROM dirty_sources")));
        Assert.Equal(1, World.Count("dirty_sources"));
        var drain = await World.UpdateIndexAsync();
        Assert.Equal((RunStatus.Succeeded, 1, 0), (drain.Status, drain.Counters.DocumentsRegenerated, World.Count("dirty_sources")));
    }

    [Fact(DisplayName = "toctou_normal_sync_updates_after_preflight_before_ingest")]
    public async Task Ingest_WhenAnotherWriterWasFresherMeanwhile_SkipsTheItem()
    {
        World.AddBusyIssue(7);
        World.AddBusyIssue(8);
        World.Step = step =>
        {
            if (step == "ingest:begin")
            {
                OtherWriter(7, "2025-01-01T00:00:00Z", "from the other writer");
            }
        };

        var run = await World.RunAsync(Issue(7), Issue(8));

        Assert.Equal((RunStatus.Succeeded, 1, 1), (run.Status, run.Counters.SkippedStale, run.Counters.Ingested));
        Assert.Equal("from the other writer", World.Stored(7).Title);
        Assert.Equal(0, World.Count("documents", "title LIKE '%7'"));
    }

    [Fact]
    public async Task Dependents_WhenAnotherWriterStoredLaterChildren_AreStaleAndDone()
    {
        World.AddBusyIssue(7);
        World.Step = step =>
        {
            if (step == "dependents:claimed")
            {
                World.Write(db => db.Execute("UPDATE issues SET children_fetched_at = fetched_at + 1000"));
            }
        };

        var run = await World.RunAsync(Issue(7));

        Assert.Equal((RunStatus.Succeeded, 4), (run.Status, run.Counters.DependentsDone));
        Assert.Equal(0, World.Count("notes"));
        Assert.Equal(4, World.Count("dependent_queue", "status = 'done'"));
    }

    [Fact(DisplayName = "one_404_among_n_iids_ingests_nothing_and_lists_every_failure")]
    public async Task Preflight_WithOneMissingAmongTen_IngestsNothing()
    {
        foreach (var iid in Enumerable.Range(1, 10).Where(i => i != 4))
        {
            World.AddBusyIssue(iid);
        }
        World.Server.Fail("issues/9", GoldenServer.Load().Error("forbidden_feature_disabled"));

        var run = await World.RunAsync([.. Enumerable.Range(1, 10).Select(i => Issue(i))]);

        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.SurgicalPreflightFailed), "preflight"), (run.Status, run.ErrorCode, run.Phase));
        Assert.Equal((10, 8, 0), (run.Counters.Requested, run.Counters.Fetched, run.Counters.Ingested));
        Assert.Equal("", World.Content());
        Assert.Equal([Issue(4), Issue(9)], run.FailedIids.OrderBy(i => i.Iid));
        Assert.Equal(8, run.Entities.Count(e => e is { Stage: "preflight", Status: EntityStatus.Ok }));
        Assert.Equal([(404, nameof(ErrorCode.NotFound)), (403, nameof(ErrorCode.Forbidden))], run.Entities.Where(e => e.ErrorCode is not null).OrderBy(e => e.Iid).Select(e => (e.HttpStatus!.Value, e.ErrorCode!)));
    }

    [Fact(DisplayName = "equal_updated_at_newer_fetch_updates_children_older_fetch_is_skipped")]
    public async Task ThrottledTouch_EqualUpdatedAt_ChildrenAreUpdatedByTheLaterFetch()
    {
        // The recorded pair: the last note came 11 s after the touch, and updated_at never moved.
        var pair = GoldenServer.Load().Read("throttled_touch_issue_and_notes.json");
        var body = pair["issue"]!.DeepClone().AsObject();
        var notes = pair["notes"]!.AsArray().Select(n => n!.DeepClone()).ToList();
        var project = body["project_id"]!.GetValue<long>();
        World.Server.Projects["golden/throttled"] = project;
        var item = World.Server.Add(new FakeItem("issue", body));
        void Serve(int count)
        {
            item.Discussions.Clear();
            foreach (var (index, note) in notes.Take(count).Index())
            {
                item.Discussions.Add(new JsonObject { ["id"] = $"{index:x40}", ["individual_note"] = true, ["notes"] = new JsonArray(note.DeepClone()) });
            }
            item.Changed();
        }
        var iid = body["iid"]!.GetValue<long>();
        var request = World.Request(Issue(iid)) with { Project = "golden/throttled" };

        Serve(notes.Count - 1);
        await World.RunAsync(request);
        Serve(notes.Count);
        var later = await World.RunAsync(request);
        Assert.Equal((1, 0, notes.Count), (later.Counters.Ingested, later.Counters.Unchanged, World.Stored(iid).Notes.Count));

        // Equal and older fetch: as if this run had asked before the one that is stored.
        World.Write(db => db.Execute("UPDATE issues SET fetched_at = fetched_at + 3600000"));
        var older = await World.RunAsync(request);
        Assert.Equal((0, 1), (older.Counters.Ingested, older.Counters.SkippedStale));
    }

    [Fact(DisplayName = "note_removed_is_soft_deleted_and_revived_when_it_returns")]
    public async Task Note_Removed_IsSoftDeletedAndRevived()
    {
        var item = World.AddBusyIssue(7);
        await World.RunAsync(Issue(7));
        item.RemoveNote(702);
        await World.RunAsync(Issue(7));
        Assert.Equal(["first note of 7"], World.Stored(7).Notes.Select(n => n.Body));
        Assert.Equal((1, 1), (World.Count("notes", "deleted_at IS NOT NULL"), World.Count("discussions", "deleted_at IS NOT NULL")));
        Assert.Empty(await World.Engine.FindDocumentsAsync(new DocumentQuery { Text = "second" }, default));

        item.AddNote(702, "second note of 7");
        await World.RunAsync(Issue(7));
        Assert.Equal((2, 0), (World.Stored(7).Notes.Count, World.Count("notes", "deleted_at IS NOT NULL")));
    }

    [Fact(DisplayName = "another_user_marks_nothing_deleted_until_he_sees_everything")]
    public async Task Note_InvisibleToAnotherUser_IsNotDeleted()
    {
        var item = World.AddBusyIssue(7);
        await World.RunAsync(Issue(7));
        item.RemoveNote(702);
        World.Server.UserId = 9002;
        await World.RunAsync(Issue(7));
        await World.RunAsync(Issue(7));
        Assert.Equal((2, 9001), (World.Stored(7).Notes.Count, World.Read(db => db.Scalar<long>("SELECT children_user FROM issues"))));

        item.AddNote(702, "second note of 7");
        await World.RunAsync(Issue(7)); // sees all: the view is his now
        item.RemoveNote(702);
        await World.RunAsync(Issue(7));
        Assert.Single(World.Stored(7).Notes);
    }

    [Fact]
    public async Task Event_OfADeletedLabel_KeepsTheNameThatIsKnown()
    {
        var item = World.AddBusyIssue(7);
        await World.RunAsync(Issue(7));
        item.LabelEvents[0]!["label"] = null;
        item.Changed();
        await World.RunAsync(Issue(7));
        Assert.Equal("bug", World.Stored(7).Events.Single().Subject);
    }

    [Fact(DisplayName = "moved_issue_keeps_its_row_with_moved_to_id")]
    public async Task Issue_Moved_KeepsItsRow()
    {
        var item = World.AddBusyIssue(7);
        await World.RunAsync(Issue(7));
        item.Update("2024-10-01T00:00:00.000Z", body => (body["state"], body["moved_to_id"]) = ("closed", 2132763676000));
        await World.RunAsync(Issue(7));
        Assert.Equal(("closed", 2132763676000), (World.Stored(7).State, World.Stored(7).MovedToId));

        World.Server.Items.Clear(); // gone there: the row stays
        var run = await World.RunAsync(Issue(7));
        Assert.Equal((RunStatus.Failed, "closed"), (run.Status, World.Stored(7).State));
    }

    [Fact(DisplayName = "normal_cursors_are_unchanged_by_a_surgical_run")]
    public async Task Run_LeavesTablesOfOtherPlanesAlone()
    {
        World.AddBusyIssue(7);
        World.Write(db => db.Execute("INSERT INTO targets(uri) VALUES ('/share')"));
        string Others() => World.Read(db => string.Join('\n', (string[])["targets", "target_cursors", "origin_state", "watermarks", "archive_state", "counters"]).ToString()
            + string.Join('\n', db.Query("SELECT quote(uri) || quote(last_exchange_at) FROM targets UNION ALL SELECT name || value FROM counters", row => row.Text(0))));
        var before = Others();
        await World.RunAsync(Issue(7));
        Assert.Equal(before, Others());
    }

    [Fact(DisplayName = "second_identical_run_changes_no_content_row_except_fetch_marks")]
    public async Task Run_Repeated_ChangesOnlyMarks()
    {
        string[] marks = ["fetched_at", "children_fetched_at", "last_run_id", "rebuilt_run_id", "rebuilt_at", "scope_run_id", "enqueued_at", "claimed_at", "finished_at"];
        string Rows() => string.Join('\n', World.Content(marks).Split('\n').Where(r => !r.StartsWith("dependent_queue", StringComparison.Ordinal)));
        World.AddBusyIssue(7);
        World.Server.Add(FakeData.MergeRequest(Project, 12, "Twelve")).AddNote(1201, "looks good");
        await World.RunAsync(Issue(7), MergeRequest(12));
        var before = Rows();
        var run = await World.RunAsync(Issue(7), MergeRequest(12));
        Assert.Equal(before, Rows());
        Assert.Equal((2, 2, 2), (run.Counters.Ingested, run.Counters.Unchanged, run.Counters.DocumentsRegenerated));
    }

    [Fact(DisplayName = "dirty_queue_has_no_unique_source_and_never_reuses_ids")]
    public async Task DirtyQueue_IsNoUpsertQueueAndNeverReusesIds()
    {
        World.AddBusyIssue(7);
        var drained = false;
        World.Step = step =>
        {
            if (step == "phase:docs" && !drained)
            {
                // Another process drains our row; a row of something unrelated must not get its id, or this run would take that one.
                drained = true;
                World.Write(db =>
                {
                    db.Execute("DELETE FROM dirty_sources");
                    db.Execute("INSERT INTO dirty_sources(source_type, source_id, queued_at) VALUES ('merge_request', 999, 1)");
                });
            }
        };
        var run = await World.RunAsync(Issue(7));
        Assert.Equal((1, 1), (run.Counters.DocumentsRegenerated, run.Counters.DocumentsTakenOver));
        Assert.Equal(1, World.Count("dirty_sources", "source_id = 999"));
        Assert.Equal(0, World.Read(db => db.Scalar<long>("SELECT count(*) FROM pragma_index_list('dirty_sources') WHERE \"unique\" = 1")));
    }

    /// <summary>"Normal sync" of the spec: a second writer through the same guarded statements.</summary>
    private void OtherWriter(long iid, string updatedAt, string title)
    {
        var row = EntityRow.Of(Issue(iid), new GitLabIssue
        {
            Id = Project * 100_000 + iid, Iid = iid, ProjectId = Project, Title = title, State = "opened",
            CreatedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.Parse(updatedAt),
        });
        World.Write(db =>
        {
            var project = ProjectTable.Put(db, new ResolvedProject(World.Server.Url, Project, ProjectPath, false, World.Clock.GetUtcNow(), null));
            var id = EntityTable.Put(db, project, row, World.Clock.GetUtcNow().ToUnixTimeMilliseconds(), "other", "{}"u8.ToArray());
            EntityTable.SetChildren(db, "issue", id!.Value, World.Clock.GetUtcNow().ToUnixTimeMilliseconds(), null);
        });
    }
}
