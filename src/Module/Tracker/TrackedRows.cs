using System.Globalization;
using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Model;

namespace ArtifactSync.Tracker;

/// <summary>Stored issues and merge requests as objects.</summary>
internal static class TrackedRows
{
    private static readonly string s_issues = Select(TrackedItem.Issue, "e.issue_type, e.confidential, e.due_date, e.moved_to_id");

    private static readonly string s_mergeRequests = Select(
        TrackedItem.MergeRequest, "e.draft, e.source_branch, e.target_branch, e.sha, e.merge_commit_sha, e.reviewers_json, e.merged_at");

    /// <param name="where">Over <c>e</c> (the item) and <c>p</c> (its project), with order and limit.</param>
    public static IEnumerable<(long Id, TrackedIssue Issue)> Issues(Database db, string where, object?[] args, string archivePath) => db.Query(
        $"{s_issues} {where}",
        row => (row.Int64(0), Fill(new TrackedIssue
        {
            IssueType = row.TextOrNull(19),
            Confidential = row.Bool(20),
            DueDate = DateOnly.TryParse(row.TextOrNull(21), CultureInfo.InvariantCulture, out var due) ? due : null,
            MovedToId = row.Int64OrNull(22),
        }, row, archivePath)), args);

    public static IEnumerable<(long Id, TrackedMergeRequest MergeRequest)> MergeRequests(
        Database db, string where, object?[] args, string archivePath) => db.Query(
        $"{s_mergeRequests} {where}",
        row => (row.Int64(0), Fill(new TrackedMergeRequest
        {
            Draft = row.Bool(19),
            SourceBranch = row.TextOrNull(20),
            TargetBranch = row.TextOrNull(21),
            Sha = row.TextOrNull(22),
            MergeCommitSha = row.TextOrNull(23),
            Reviewers = JsonList.Read(row.Bytes(24)),
            MergedAt = Time(row.Int64OrNull(25)),
        }, row, archivePath)), args);

    /// <summary>What is not deleted, threads in order and the notes of each in order.</summary>
    public static IEnumerable<TrackedNote> Notes(Database db, string entityType, long id) => db.Query(
        """
        SELECT d.gitlab_id, n.gitlab_id, n.type, n.author, n.system, n.internal, n.resolved, n.created_at, n.updated_at, n.position_json, n.body
        FROM discussions d JOIN notes n ON n.discussion_id = d.id
        WHERE d.entity_type = ? AND d.entity_id = ? AND n.deleted_at IS NULL ORDER BY d.seq, n.seq
        """,
        static row => new TrackedNote
        {
            DiscussionId = row.Text(0),
            NoteId = row.Int64(1),
            Type = row.TextOrNull(2),
            Author = row.TextOrNull(3),
            System = row.Bool(4),
            Internal = row.Bool(5),
            Resolved = row.IsNull(6) ? null : row.Bool(6),
            CreatedAt = RunTable.Time(row.Int64(7)),
            UpdatedAt = RunTable.Time(row.Int64(8)),
            Position = Position(row.TextOrNull(9)),
            Body = row.Text(10),
        }, entityType, id);

    public static IEnumerable<TrackedEvent> Events(Database db, string entityType, long id) => db.Query(
        """
        SELECT created_at, kind, author, coalesce(action, state), subject_name FROM resource_events
        WHERE entity_type = ? AND entity_id = ? AND missing_at IS NULL ORDER BY created_at, kind, gitlab_id
        """,
        static row => new TrackedEvent
        {
            CreatedAt = RunTable.Time(row.Int64(0)),
            Kind = row.Text(1),
            Author = row.TextOrNull(2),
            Action = row.TextOrNull(3),
            Subject = row.TextOrNull(4),
        }, entityType, id);

    private static T Fill<T>(T entity, Statement row, string archivePath) where T : TrackedEntity => entity with
    {
        InstanceUrl = row.Text(1),
        Project = row.Text(2),
        Iid = row.Int64(3),
        Title = row.Text(4),
        Description = row.TextOrNull(5),
        State = row.Text(6),
        Author = row.TextOrNull(7),
        Milestone = row.TextOrNull(8),
        Labels = JsonList.Read(row.Bytes(9)),
        Assignees = JsonList.Read(row.Bytes(10)),
        WebUrl = row.TextOrNull(11),
        CreatedAt = RunTable.Time(row.Int64(12)),
        UpdatedAt = RunTable.Time(row.Int64(13)),
        ClosedAt = Time(row.Int64OrNull(14)),
        FetchedAt = RunTable.Time(row.Int64(15)),
        ChildrenOwed = row.Bool(16),
        RunId = row.TextOrNull(17),
        NoteCount = (int)row.Int64(18),
        ArchivePath = archivePath,
    };

    private static string Select(string entityType, string own) =>
        $"""
        SELECT e.id, p.instance_url, p.path, e.iid, e.title, e.description, e.state, e.author, e.milestone, e.labels_json,
          e.assignees_json, e.web_url, e.created_at, e.updated_at, e.closed_at, e.fetched_at,
          coalesce(e.children_fetched_at < e.fetched_at, 1), e.last_run_id,
          (SELECT count(*) FROM notes n JOIN discussions d ON d.id = n.discussion_id WHERE d.entity_type = '{entityType}'
            AND d.entity_id = e.id AND n.deleted_at IS NULL AND NOT n.system),
          {own}
        FROM {EntityTable.Table(entityType)} e JOIN projects p ON p.id = e.project_id
        """;

    private static DateTimeOffset? Time(long? milliseconds) => milliseconds is { } value ? RunTable.Time(value) : null;

    /// <summary><c>src/a.c:12</c>; lines are null where one side of a diff has none.</summary>
    private static string? Position(string? json)
    {
        if (json is null)
        {
            return null;
        }
        using var document = JsonDocument.Parse(json);
        string? Text(string name) => document.RootElement.TryGetProperty(name, out var value)
            && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? value.ToString() : null;
        var path = Text("new_path") ?? Text("old_path");
        var line = Text("new_line") ?? Text("old_line");
        return line is null ? path : $"{path}:{line}";
    }
}
