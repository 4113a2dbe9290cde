using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Tracker;

/// <summary>Issues and merge requests as users ask for them, those updated last first.</summary>
internal static class TrackedReader
{
    public static IEnumerable<TrackedIssue> Issues(ArchiveDatabase archive, TrackedQuery query)
    {
        var (where, args) = Where(query);
        return TrackedRows.Issues(archive.Reader, where, args, archive.Folder).Select(row => With(archive.Reader, query, row.Issue, row.Id));
    }

    public static IEnumerable<TrackedMergeRequest> MergeRequests(ArchiveDatabase archive, TrackedQuery query)
    {
        var (where, args) = Where(query);
        return TrackedRows.MergeRequests(archive.Reader, where, args, archive.Folder)
            .Select(row => With(archive.Reader, query, row.MergeRequest, row.Id));
    }

    private static T With<T>(Database db, TrackedQuery query, T entity, long id) where T : TrackedEntity => entity with
    {
        Notes = query.IncludeNotes ? [.. TrackedRows.Notes(db, entity.EntityType, id)] : [],
        Events = query.IncludeEvents ? [.. TrackedRows.Events(db, entity.EntityType, id)] : [],
    };

    private static (string Where, object?[] Args) Where(TrackedQuery query)
    {
        List<object?> args = [query.First is { } first ? (long)first : -1L];
        List<string> conditions = [];
        void Add(string condition, object value)
        {
            args.Add(value);
            conditions.Add(string.Format(CultureInfo.InvariantCulture, condition, "?" + args.Count.ToString(CultureInfo.InvariantCulture)));
        }

        if (query.Project is { } project)
        {
            Add("p.path LIKE {0} ESCAPE '\\'", SearchPattern.ToLike(project));
        }
        if (query.Iids.Count > 0)
        {
            Add("e.iid IN (SELECT value FROM json_each({0}))", NumberList.Write(query.Iids));
        }
        if (query.State is { } state)
        {
            Add("e.state = {0} COLLATE NOCASE", state);
        }
        if (query.Label is { } label)
        {
            Add("EXISTS (SELECT 1 FROM json_each(e.labels_json) l WHERE l.value = {0} COLLATE NOCASE)", label);
        }
        if (query.Since is { } since)
        {
            Add("e.updated_at >= {0}", since.ToUnixTimeMilliseconds());
        }
        var where = conditions.Count > 0 ? "WHERE " + string.Join(" AND ", conditions) : "";
        return ($"{where} ORDER BY e.updated_at DESC, e.id DESC LIMIT ?1", [.. args]);
    }
}
