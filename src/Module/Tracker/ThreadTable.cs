using ArtifactSync.Archive;

namespace ArtifactSync.Tracker;

/// <summary>What applying one complete list came to.</summary>
/// <param name="Changed">Rows written.</param>
/// <param name="Missing">Stored rows that the list lacks.</param>
internal readonly record struct ListOutcome(long Changed, long Missing)
{
    public static ListOutcome operator +(ListOutcome a, ListOutcome b) => new(a.Changed + b.Changed, a.Missing + b.Missing);
}

/// <summary>
/// Writes the <c>discussions</c> and <c>notes</c> of one item. Rows that say the same are not touched. Statements are prepared
/// once: there may be thousands of notes.
/// </summary>
internal sealed class ThreadWriter(Database db, long projectId, string entityType, long entityId) : IDisposable
{
    private readonly Statement _putThread = db.Prepare(
        """
        INSERT INTO discussions(project_id, entity_type, entity_id, gitlab_id, individual_note, seq) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT(entity_type, entity_id, gitlab_id) DO UPDATE SET individual_note = excluded.individual_note, seq = excluded.seq,
          deleted_at = NULL
        WHERE (individual_note, seq) IS NOT (excluded.individual_note, excluded.seq) OR deleted_at IS NOT NULL
        RETURNING id
        """);

    private readonly Statement _findThread = db.Prepare("SELECT id FROM discussions WHERE entity_type = ? AND entity_id = ? AND gitlab_id = ?");

    private readonly Statement _putNote = db.Prepare(
        """
        INSERT INTO notes(discussion_id, project_id, gitlab_id, seq, type, author, system, internal, resolvable, resolved, resolved_by,
          resolved_at, position_json, created_at, updated_at, body)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(project_id, gitlab_id) DO UPDATE SET discussion_id = excluded.discussion_id, seq = excluded.seq, type = excluded.type,
          author = excluded.author, system = excluded.system, internal = excluded.internal, resolvable = excluded.resolvable,
          resolved = excluded.resolved, resolved_by = excluded.resolved_by, resolved_at = excluded.resolved_at,
          position_json = excluded.position_json, created_at = excluded.created_at, updated_at = excluded.updated_at,
          body = excluded.body, deleted_at = NULL
        WHERE deleted_at IS NOT NULL OR body IS NOT excluded.body
          OR (discussion_id, seq, type, author, system, internal, resolvable, resolved, resolved_by, resolved_at, position_json, created_at,
              updated_at)
            IS NOT (excluded.discussion_id, excluded.seq, excluded.type, excluded.author, excluded.system, excluded.internal,
              excluded.resolvable, excluded.resolved, excluded.resolved_by, excluded.resolved_at, excluded.position_json,
              excluded.created_at, excluded.updated_at)
        """);

    public (long Id, bool Changed) PutDiscussion(string gitlabId, bool individual, long seq)
    {
        _putThread.Bind(1, projectId).Bind(2, entityType).Bind(3, entityId).Bind(4, gitlabId).Bind(5, individual).Bind(6, seq);
        if (_putThread.Step())
        {
            var id = _putThread.Int64(0);
            _putThread.Reset();
            return (id, true);
        }
        _putThread.Reset();
        _findThread.Bind(1, entityType).Bind(2, entityId).Bind(3, gitlabId).Step();
        var known = _findThread.Int64(0);
        _findThread.Reset();
        return (known, false);
    }

    public bool PutNote(long discussionId, long seq, GitLabNote note)
    {
        var created = note.CreatedAt?.ToUnixTimeMilliseconds() ?? 0;
        var position = note.Position is { ValueKind: System.Text.Json.JsonValueKind.Object } json ? json.GetRawText() : null;
        _putNote.Bind(1, discussionId).Bind(2, projectId).Bind(3, note.Id).Bind(4, seq).Bind(5, note.Type).Bind(6, note.Author?.Handle)
            .Bind(7, note.System ?? false).Bind(8, note.Internal ?? note.Confidential ?? false).Bind(9, note.Resolvable ?? false)
            .Bind(10, note.Resolved is { } resolved ? (resolved ? 1 : 0) : (long?)null).Bind(11, note.ResolvedBy?.Handle)
            .Bind(12, note.ResolvedAt?.ToUnixTimeMilliseconds()).Bind(13, position).Bind(14, created)
            .Bind(15, note.UpdatedAt?.ToUnixTimeMilliseconds() ?? created).Bind(16, note.Body ?? "");
        return _putNote.Run() > 0;
    }

    public void Dispose()
    {
        _putThread.Dispose();
        _findThread.Dispose();
        _putNote.Dispose();
    }
}

/// <summary>What a complete list lacks is marked, never deleted.</summary>
internal static class ThreadTable
{
    /// <summary>Stored threads and notes of an item that a complete list lacks; marked as deleted when <paramref name="mark"/>.</summary>
    public static ListOutcome Missing(
        Database db, string entityType, long entityId, IEnumerable<string> discussions, IEnumerable<long> notes, bool mark, long now)
    {
        var (seen, seenNotes) = (JsonList.Write(discussions), NumberList.Write(notes));
        const string missingThreads = "entity_type = ?1 AND entity_id = ?2 AND deleted_at IS NULL AND gitlab_id NOT IN (SELECT value FROM json_each(?3))";
        const string missingNotes = "discussion_id IN (SELECT id FROM discussions WHERE entity_type = ?1 AND entity_id = ?2)"
            + " AND deleted_at IS NULL AND gitlab_id NOT IN (SELECT value FROM json_each(?3))";
        if (!mark)
        {
            return new(0, db.Scalar<long>($"SELECT count(*) FROM discussions WHERE {missingThreads}", entityType, entityId, seen)
                + db.Scalar<long>($"SELECT count(*) FROM notes WHERE {missingNotes}", entityType, entityId, seenNotes));
        }
        long count = db.Execute($"UPDATE notes SET deleted_at = ?4 WHERE {missingNotes}", entityType, entityId, seenNotes, now)
            + db.Execute($"UPDATE discussions SET deleted_at = ?4 WHERE {missingThreads}", entityType, entityId, seen, now);
        return new(count, count);
    }
}

/// <summary><c>resource_events</c>: of each kind the numbers are unique by themselves.</summary>
internal static class EventTable
{
    public const string Label = "label";
    public const string State = "state";
    public const string Milestone = "milestone";

    public static bool Put(Database db, long projectId, string entityType, long entityId, string kind, GitLabEvent item)
    {
        var (subjectId, subject) = kind switch
        {
            Label => (item.Label?.Id, item.Label?.Name), // null once the label was deleted
            Milestone => (item.Milestone?.Id, item.Milestone?.Title),
            _ => (null, null),
        };
        return db.Execute(
            """
            INSERT INTO resource_events(project_id, entity_type, entity_id, kind, gitlab_id, action, state, subject_id, subject_name, author,
              source_commit, source_mr_id, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT(project_id, kind, gitlab_id) DO UPDATE SET entity_type = excluded.entity_type, entity_id = excluded.entity_id,
              action = excluded.action, state = excluded.state, subject_id = coalesce(excluded.subject_id, subject_id),
              subject_name = coalesce(excluded.subject_name, subject_name), author = excluded.author, source_commit = excluded.source_commit,
              source_mr_id = excluded.source_mr_id, created_at = excluded.created_at, missing_at = NULL
            WHERE missing_at IS NOT NULL
              OR (entity_type, entity_id, action, state, subject_id, subject_name, author, source_commit, source_mr_id, created_at)
                IS NOT (excluded.entity_type, excluded.entity_id, excluded.action, excluded.state, coalesce(excluded.subject_id, subject_id),
                  coalesce(excluded.subject_name, subject_name), excluded.author, excluded.source_commit, excluded.source_mr_id,
                  excluded.created_at)
            """,
            projectId, entityType, entityId, kind, item.Id, item.Action, item.State, subjectId, subject, item.User?.Handle, item.SourceCommit,
            item.SourceMergeRequestId, item.CreatedAt?.ToUnixTimeMilliseconds() ?? 0) > 0;
    }

    public static ListOutcome Missing(Database db, string entityType, long entityId, string kind, IEnumerable<long> events, bool mark, long now)
    {
        const string missing = "entity_type = ?1 AND entity_id = ?2 AND kind = ?3 AND missing_at IS NULL"
            + " AND gitlab_id NOT IN (SELECT value FROM json_each(?4))";
        var seen = NumberList.Write(events);
        if (!mark)
        {
            return new(0, db.Scalar<long>($"SELECT count(*) FROM resource_events WHERE {missing}", entityType, entityId, kind, seen));
        }
        var count = db.Execute($"UPDATE resource_events SET missing_at = ?5 WHERE {missing}", entityType, entityId, kind, seen, now);
        return new(count, count);
    }
}

/// <summary>Numbers as one value of a statement (<c>json_each</c>).</summary>
internal static class NumberList
{
    public static string Write(IEnumerable<long> numbers) => $"[{string.Join(',', numbers)}]";
}
