using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Model;

namespace ArtifactSync.Tracker;

/// <summary>
/// The searchable text of one issue or merge request, made of what the archive has: head, description, threads in order,
/// events. The same rows give the same text.
/// </summary>
internal static class DocumentBuilder
{
    // A thread of 5,000 comments may have 5 billion characters; nobody searches there.
    private const int MaxLength = 16 * 1024 * 1024;

    /// <summary>Builds and stores it, in the caller's transaction. Null when the item is gone.</summary>
    public static long? Rebuild(Database db, string entityType, long entityId, string runId, long now)
    {
        var entity = Find(db, entityType, entityId);
        if (entity is null)
        {
            return null;
        }
        var body = Body(db, entity, entityId);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(entity.Title + "\n" + body)));
        return DocumentTable.Put(db, entityType, entityId, entity.Title, body, hash, runId, now);
    }

    private static TrackedEntity? Find(Database db, string entityType, long id) => entityType == TrackedItem.Issue
        ? TrackedRows.Issues(db, "WHERE e.id = ?", [id], "").Select(e => e.Issue).FirstOrDefault()
        : TrackedRows.MergeRequests(db, "WHERE e.id = ?", [id], "").Select(e => e.MergeRequest).FirstOrDefault();

    private static string Body(Database db, TrackedEntity entity, long id)
    {
        var text = new StringBuilder();
        var isIssue = entity.EntityType == TrackedItem.Issue;
        var name = isIssue ? $"Issue {entity.Project}#{entity.Iid}" : $"Merge request {entity.Project}!{entity.Iid}";
        Line(text, $"{name}, {entity.State}, by {entity.Author}, {Day(entity.CreatedAt)}");
        Line(text, entity.Labels.Count > 0 ? "Labels: " + string.Join(", ", entity.Labels) : null);
        Line(text, entity.Milestone is { } milestone ? "Milestone: " + milestone : null);
        Line(text, entity.Assignees.Count > 0 ? "Assignees: " + string.Join(", ", entity.Assignees) : null);
        Line(text, entity is TrackedMergeRequest { SourceBranch: { } source } request ? $"Branch: {source} into {request.TargetBranch}" : null);
        Line(text, entity.Description is { Length: > 0 } description ? "\n" + description : null);
        var thread = "";
        foreach (var note in TrackedRows.Notes(db, entity.EntityType, id).TakeWhile(_ => text.Length < MaxLength))
        {
            Line(text, note.DiscussionId != thread ? "" : null);
            thread = note.DiscussionId;
            Line(text, $"{note.Author}, {Day(note.CreatedAt)}{(note.Position is { } at ? $", {at}" : "")}: {note.Body}");
        }
        foreach (var (index, change) in TrackedRows.Events(db, entity.EntityType, id).TakeWhile(_ => text.Length < MaxLength).Index())
        {
            Line(text, index == 0 ? "" : null);
            Line(text, $"{Day(change.CreatedAt)} {change.Author}: {change}");
        }
        return text.ToString(0, Math.Min(text.Length, MaxLength));
    }

    private static void Line(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            text.Append(line).Append('\n');
        }
    }

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
