using ArtifactSync.Errors;
using ArtifactSync.Sync;

namespace ArtifactSync.Memory;

/// <summary>Saves, edits and deletes of this machine (memory spec 1.3, 1.7), in the caller's transaction.</summary>
internal static class MemoryEditor
{
    /// <summary>The same text saved again within this time counts up instead of making a row.</summary>
    public static readonly TimeSpan DuplicateWindow = TimeSpan.FromMinutes(15);

    /// <summary>A new row; or the live row of its topic rewritten; or the row with the same text counted up.</summary>
    public static Observation Add(ChangeContext change, MemoryAddition request)
    {
        var project = MemoryText.IsBlank(request.Project) ? null : MemoryText.Project(request.Project);
        var row = new Observation
        {
            Type = request.Type.Trim(), Title = LocalText.Title(request.Title), Content = LocalText.Content(request.Content),
            ToolName = MemoryText.IsBlank(request.ToolName) ? null : request.ToolName, Project = project,
            Scope = MemoryText.Scope(request.Scope), TopicKey = MemoryText.TopicKey(request.TopicKey), RevisionCount = 1,
            DuplicateCount = 1,
            LastSeenAt = change.Now, CreatedAt = change.Now, UpdatedAt = change.Now,
        };
        Require(row);
        if (row.TopicKey is { } topic && ObservationTable.FindTopic(change.Db, topic, row.Project, row.Scope) is { } known)
        {
            return Save(change, known with
            {
                Type = row.Type, Title = row.Title, Content = row.Content, ToolName = row.ToolName ?? known.ToolName,
                RevisionCount = known.RevisionCount + 1, LastSeenAt = change.Now,
            });
        }

        if (row.TopicKey is null && ObservationTable.FindSame(change.Db, row, change.Before(DuplicateWindow)) is { } same)
        {
            return Save(change, same with { DuplicateCount = same.DuplicateCount + 1, LastSeenAt = change.Now });
        }

        var session = MemoryText.IsBlank(request.SessionId) ? ManualSession(request.Project) : request.SessionId;
        EnsureSession(change, session, project ?? "");
        row = row with { SyncId = change.NewId(SyncId.Observation), SessionId = session };
        change.SaveObservation(row);
        return ObservationTable.Find(change.Db, row.SyncId)!;
    }

    /// <summary>Changes what is given; a deleted row comes back when <see cref="MemoryEdit.Deleted"/> is false.</summary>
    /// <exception cref="ArtifactSyncException">MemoryNotFound; InvalidArgument.</exception>
    public static Observation Edit(ChangeContext change, string syncId, MemoryEdit edit)
    {
        var known = Find(change, syncId, orDeleted: edit.Deleted is not null);
        var row = known with
        {
            Title = edit.Title is { } title ? LocalText.Title(title) : known.Title,
            Content = edit.Content is { } content ? LocalText.Content(content) : known.Content,
            Type = edit.Type?.Trim() ?? known.Type,
            Project = edit.Project is { } project ? MemoryText.Project(project) : known.Project,
            Scope = edit.Scope is { } scope ? MemoryText.Scope(scope) : known.Scope,
            TopicKey = edit.TopicKey is { } topic ? MemoryText.TopicKey(topic) : known.TopicKey,
            DeletedAt = edit.Deleted switch { false => null, true => known.DeletedAt ?? change.Now, null => known.DeletedAt },
        };
        Require(row);
        return row == known ? known : Save(change, row with { RevisionCount = known.RevisionCount + 1 });
    }

    /// <summary>Deletes a row so that it can come back, or for good; false when it is deleted already.</summary>
    /// <exception cref="ArtifactSyncException">MemoryNotFound.</exception>
    public static Observation? Remove(ChangeContext change, string syncId, bool permanent)
    {
        var known = Find(change, syncId, orDeleted: true);
        var time = MemoryTime.Later(change.Now, known.UpdatedAt);
        if (permanent)
        {
            change.DeleteObservation(syncId, known.SessionId, change.ProjectOf(known.Project, known.SessionId), time);
            return known with { DeletedAt = time, UpdatedAt = time };
        }

        // Both times are one instant (1.3).
        return known.DeletedAt is null ? Save(change, known with { DeletedAt = time }) : null;
    }

    /// <summary>The id of the session that takes what is saved without one: one id, many machines.</summary>
    public static string ManualSession(string? project) => MemoryText.IsBlank(project) ? "manual-save" : $"manual-save-{project.Trim()}";

    /// <summary>Makes a session, or fills what is empty in it. One that was deleted starts after its deletion (1.7).</summary>
    public static void EnsureSession(ChangeContext change, string id, string project, string directory = "")
    {
        var known = MemorySessionTable.Find(change.Db, id);
        if (known is not null)
        {
            change.SaveSession(known with
            {
                Project = MemoryText.IsBlank(known.Project) ? MemoryText.Project(project) : known.Project,
                Directory = MemoryText.IsBlank(known.Directory) ? directory : known.Directory,
            });
            return;
        }

        change.SaveSession(new MemorySession(id, MemoryText.Project(project), directory, change.AfterDeletion(id), null, null));
    }

    /// <summary>Saves with the monotone version (1.7): never older than what it replaces, whatever the clock says.</summary>
    private static Observation Save(ChangeContext change, Observation row)
    {
        var stored = row with { UpdatedAt = MemoryTime.Later(change.Now, row.UpdatedAt) };
        change.SaveObservation(stored);
        return stored;
    }

    private static Observation Find(ChangeContext change, string syncId, bool orDeleted)
    {
        var known = ObservationTable.Find(change.Db, syncId);
        return known is not null && (orDeleted || known.DeletedAt is null)
            ? known
            : throw new ArtifactSyncException(
                ErrorCode.MemoryNotFound,
                known is null ? $"There is no memory '{syncId}' in this archive."
                    : $"The memory '{syncId}' is deleted. Restore it with -Deleted $false.",
                syncId);
    }

    private static void Require(Observation row)
    {
        if (row.Title.Length == 0 || row.Content.Length == 0)
        {
            throw new ArtifactSyncException(ErrorCode.InvalidArgument,
                $"A memory needs a {(row.Title.Length == 0 ? "title" : "content")} that is not blank.");
        }
    }
}
