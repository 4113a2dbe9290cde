using ArtifactSync.Archive;
using ArtifactSync.Model;

namespace ArtifactSync.Tracker;

/// <summary>What is known of a stored item before it is written again.</summary>
internal sealed record EntityMark(
    long Id, long UpdatedAt, long FetchedAt, string ContentHash, long? ChildrenFetchedAt, long? ChildrenUser)
{
    /// <summary>Whether an answer is fresher than, or as fresh as, what is stored (surgical spec 4).</summary>
    public bool Yields(long updatedAt, long fetchedAt) => updatedAt > UpdatedAt || (updatedAt == UpdatedAt && fetchedAt >= FetchedAt);
}

/// <summary><c>projects</c>.</summary>
internal static class ProjectTable
{
    public static long Put(Database db, ResolvedProject project) => db.Scalar<long>(
        """
        INSERT INTO projects(instance_url, gitlab_id, path, archived, fetched_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT(instance_url, gitlab_id) DO UPDATE SET
          path = CASE WHEN excluded.fetched_at >= fetched_at THEN excluded.path ELSE path END,
          archived = CASE WHEN excluded.fetched_at >= fetched_at THEN excluded.archived ELSE archived END,
          fetched_at = max(fetched_at, excluded.fetched_at)
        RETURNING id
        """,
        project.InstanceUrl, project.Id, project.Path, project.Archived, project.FetchedAt.ToUnixTimeMilliseconds());

    public static long? Find(Database db, string instance, long gitlabId) => db.Scalar<long?>(
        "SELECT id FROM projects WHERE instance_url = ? AND gitlab_id = ?", instance, gitlabId);

    /// <summary>By what a user names: path or number.</summary>
    public static long? Find(Database db, string instance, string project) => db.Scalar<long?>(
        "SELECT id FROM projects WHERE instance_url = ?1 AND (path = ?2 COLLATE NOCASE OR CAST(gitlab_id AS TEXT) = ?2)", instance, project);
}

/// <summary><c>issues</c> and <c>merge_requests</c>: the guard against stale answers is part of the statement that writes.</summary>
internal static class EntityTable
{
    private static readonly string[] s_shared =
    [
        "project_id", "iid", "gitlab_id", "title", "state", "author", "milestone", "labels_json", "assignees_json", "web_url", "created_at",
        "updated_at", "closed_at", "fetched_at", "content_hash", "last_run_id", "description", "raw_json",
    ];

    private static readonly string s_putIssue = UpsertSql("issues", "issue_type", "confidential", "due_date", "moved_to_id");

    private static readonly string s_putMergeRequest = UpsertSql(
        "merge_requests", "draft", "source_branch", "target_branch", "sha", "merge_commit_sha", "reviewers_json", "merged_at");

    public static string Table(string entityType) => entityType == TrackedItem.Issue ? "issues" : "merge_requests";

    public static EntityMark? Find(Database db, string entityType, long projectId, long iid) => db.First(
        $"""
        SELECT id, updated_at, fetched_at, content_hash, children_fetched_at, children_user FROM {Table(entityType)}
        WHERE project_id = ? AND iid = ?
        """,
        static row => new EntityMark(row.Int64(0), row.Int64(1), row.Int64(2), row.Text(3), row.Int64OrNull(4), row.Int64OrNull(5)),
        projectId, iid);

    /// <summary>Inserts, or updates what is not fresher; null when it is, and nothing was written.</summary>
    public static long? Put(Database db, long projectId, EntityRow row, long fetchedAt, string runId, ReadOnlyMemory<byte> raw)
    {
        var isIssue = row.Item.EntityType == TrackedItem.Issue;
        using var put = db.Prepare(isIssue ? s_putIssue : s_putMergeRequest);
        object?[] shared =
        [
            projectId, row.Item.Iid, row.GitLabId, row.Title, row.State, row.Author, row.Milestone, row.LabelsJson, row.AssigneesJson,
            row.WebUrl, row.CreatedAt, row.UpdatedAt, row.ClosedAt, fetchedAt, row.ContentHash, runId, row.Description,
        ];
        object?[] own = isIssue
            ? [row.IssueType, row.Confidential, row.DueDate, row.MovedToId]
            : [row.Draft, row.SourceBranch, row.TargetBranch, row.Sha, row.MergeCommitSha, row.ReviewersJson, row.MergedAt];
        for (var i = 0; i < shared.Length; i++)
        {
            put.Bind(i + 1, shared[i]);
        }
        put.Bind(s_shared.Length, raw.Span);
        for (var i = 0; i < own.Length; i++)
        {
            put.Bind(s_shared.Length + 1 + i, own[i]);
        }
        return put.Step() ? put.Int64(0) : null;
    }

    /// <summary>When and by whom the threads and events were seen completely; null while they are owed.</summary>
    public static (long? FetchedAt, long? User) Children(Database db, string entityType, long id) => db.First(
        $"SELECT children_fetched_at, children_user FROM {Table(entityType)} WHERE id = ?",
        static row => (row.Int64OrNull(0), row.Int64OrNull(1)), id);

    public static void SetChildren(Database db, string entityType, long id, long fetchedAt, long? user) => db.Execute(
        $"UPDATE {Table(entityType)} SET children_fetched_at = ?, children_user = ? WHERE id = ?", fetchedAt, user, id);

    /// <summary>Items whose threads and events are older than they are, with the run that left them so.</summary>
    public static IEnumerable<(string EntityType, long Iid, string Project, string? RunId)> Owed(Database db) => db.Query(
        """
        SELECT 'issue', e.iid, p.path, e.last_run_id FROM issues e JOIN projects p ON p.id = e.project_id
        WHERE e.children_fetched_at IS NULL OR e.children_fetched_at < e.fetched_at
        UNION ALL
        SELECT 'merge_request', e.iid, p.path, e.last_run_id FROM merge_requests e JOIN projects p ON p.id = e.project_id
        WHERE e.children_fetched_at IS NULL OR e.children_fetched_at < e.fetched_at
        """,
        static row => (row.Text(0), row.Int64(1), row.Text(2), row.TextOrNull(3)));

    private static string UpsertSql(string table, params string[] own)
    {
        string[] columns = [.. s_shared, .. own];
        var set = string.Join(", ", columns.Skip(2).Select(c => $"{c} = excluded.{c}"));
        return $"""
            INSERT INTO {table}({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select((_, i) => $"?{i + 1}"))})
            ON CONFLICT(project_id, iid) DO UPDATE SET {set}
            WHERE excluded.updated_at > {table}.updated_at
              OR (excluded.updated_at = {table}.updated_at AND excluded.fetched_at >= {table}.fetched_at)
            RETURNING id
            """;
    }
}
