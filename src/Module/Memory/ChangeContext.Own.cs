using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

internal sealed partial class ChangeContext
{
    /// <summary>Inserts a session or changes it; nothing happens when it is stored like that already.</summary>
    public bool SaveSession(MemorySession row)
    {
        var before = MemorySessionTable.Find(db, row.Id);
        if (before == row)
        {
            return false;
        }

        MemorySessionTable.Put(db, row);
        if (IsFromServer)
        {
            NoteSessionOfServer(before, row);
        }
        else
        {
            NoteSession(row);
        }

        if (before is null)
        {
            DeferredTable.Wake(db, row.Id);
        }

        return true;
    }

    /// <summary>Deletes a session with its prompts (5.3). The caller knows that nothing else refers to it.</summary>
    /// <param name="time">Deletion time; an earlier one than is known already does not lower it.</param>
    public void DeleteSession(MemorySession row, string time)
    {
        foreach (var prompt in PromptTable.OfSession(db, row.Id))
        {
            DeletePrompt(prompt, time);
        }

        MemorySessionTable.Delete(db, row.Id);
        VersionTable.RaiseDeletionTime(db, row.Id, time, row.Project);
        NoteSessionGone(row.Id, row.Project);
    }

    /// <summary>Notes the deletion of a session that is not here (or not any more).</summary>
    public void NoteDeletedSession(string id, string project, string time)
    {
        NoteDeletionTime(id, time, project);
        NoteSessionGone(id, project);
    }

    /// <summary>Raises the deletion time of a session that stays.</summary>
    public void NoteDeletionTime(string id, string time, string project)
    {
        VersionTable.RaiseDeletionTime(db, id, time, project);
        _hasVersions = true;
    }

    /// <summary>Inserts an observation (<see cref="Observation.Id"/> 0) or overwrites it; older rows of its sync id go.</summary>
    public void SaveObservation(Observation row)
    {
        if (row.Id == 0)
        {
            ObservationTable.Insert(db, row);
        }
        else
        {
            ObservationTable.Update(db, row);
            ObservationTable.DeleteTwins(db, row.SyncId, row.Id);
        }

        NoteObservation(row);
    }

    /// <summary>Removes an observation for good, or notes the removal of one that was never here.</summary>
    public void DeleteObservation(string syncId, string sessionId, string project, string time)
    {
        ObservationTable.Delete(db, syncId);
        RelationTable.Orphan(db, syncId);
        NoteOwn(Entity.Observation, syncId, time, VersionState.Gone, project);
        Journal(Entity.Observation, syncId, MutationOp.Delete, project,
            json => MutationPayload.WriteHardDelete(json, syncId, sessionId, project, time));
    }

    /// <summary>Inserts a prompt; that clears a tombstone.</summary>
    public void AddPrompt(Prompt row)
    {
        PromptTable.Insert(db, row);
        PromptTable.DeleteTombstone(db, row.SyncId);
        NotePrompt(row);
    }

    /// <summary>Deletes a prompt, leaving a tombstone; never of an earlier time than the prompt has itself (1.7).</summary>
    public void DeletePrompt(Prompt row, string time)
    {
        PromptTable.Delete(db, row.SyncId);
        var project = ProjectOf(row.Project, row.SessionId);
        NoteTombstone(new Tombstone(row.SyncId, row.SessionId, project, MemoryTime.Later(time, row.CreatedAt)));
    }

    public void SaveRelation(Relation row)
    {
        RelationTable.Put(db, row);
        NoteRelation(row);
    }

    /// <summary>Stores the tombstone of a prompt and journals the delete.</summary>
    public void NoteTombstone(Tombstone tombstone)
    {
        PromptTable.PutTombstone(db, tombstone);
        NoteOwn(Entity.Prompt, tombstone.SyncId, "", VersionState.Gone, tombstone.Project);
        Journal(Entity.Prompt, tombstone.SyncId, MutationOp.Delete, tombstone.Project, json => MutationPayload.Write(json, tombstone));
    }

    /// <summary>
    /// Journals an entity once more as it is stored, a delete when it is gone, and makes its version pending: for backfill, answers
    /// and repair. False when its project is not enrolled or nothing is known of it.
    /// </summary>
    public bool Queue(string entity, string key)
    {
        var before = Journalled;
        switch (entity)
        {
            case Entity.Session when MemorySessionTable.Find(db, key) is { } session:
                NoteSession(session);
                break;
            case Entity.Session when FindVersion(entity, key) is { State: VersionState.Gone } gone:
                NoteSessionGone(key, gone.Project);
                break;
            case Entity.Observation when ObservationTable.Find(db, key) is { } observation:
                NoteObservation(observation);
                break;
            case Entity.Observation when FindVersion(entity, key) is { State: VersionState.Gone } gone:
                DeleteObservation(key, "", gone.Project, gone.Time);
                break;
            case Entity.Prompt when PromptTable.Find(db, key) is { } prompt:
                NotePrompt(prompt);
                break;
            case Entity.Prompt when PromptTable.FindTombstone(db, key) is { } tombstone:
                NoteTombstone(tombstone with { Project = ProjectOf(tombstone.Project, tombstone.SessionId) });
                break;
            case Entity.Relation when RelationTable.Find(db, key) is { } relation:
                NoteRelation(relation);
                break;
        }

        return Journalled > before;
    }

    private void NoteSession(MemorySession row)
    {
        var project = MemoryText.Project(row.Project);
        var enrolled = IsEnrolled(project);
        if (enrolled || HasVersions)
        {
            SessionRegisters.NoteOwn(db, row with { Project = project }, enrolled ? null : EntityVersion.Unsent, VersionState.Live);
            _hasVersions = true;
        }

        Journal(Entity.Session, row.Id, MutationOp.Upsert, project, json => MutationPayload.Write(json, row with { Project = project }));
    }

    /// <summary>Registers are apart (8.3): those that did not change keep what is known of them.</summary>
    private void NoteSessionOfServer(MemorySession? before, MemorySession row)
    {
        var project = MemoryText.Project(row.Project);
        if (before is null)
        {
            NoteOwn(Entity.Session, row.Id, "", VersionState.Live, project);
        }

        foreach (var field in SessionRegisters.Fields.Where(field =>
            !string.IsNullOrEmpty(SessionRegisters.Get(row, field))
            && (before is null || SessionRegisters.Get(before, field) != SessionRegisters.Get(row, field))))
        {
            NoteOwn(SessionRegisters.Entity(field), row.Id, "", VersionState.Live, project);
        }
    }

    private void NoteSessionGone(string id, string project)
    {
        if (IsFromServer)
        {
            foreach (var register in SessionRegisters.Fields.Select(SessionRegisters.Entity).Prepend(Entity.Session))
            {
                NoteOwn(register, id, "", VersionState.Gone, project);
            }

            return;
        }

        var row = new MemorySession(id, project, "", "", null, null);
        SessionRegisters.NoteOwn(db, row, IsEnrolled(project) ? null : EntityVersion.Unsent, VersionState.Gone);
        _hasVersions = true;
        var time = VersionTable.DeletionTime(db, id) ?? Now;
        Journal(Entity.Session, id, MutationOp.Delete, project, json => MutationPayload.WriteSessionDelete(json, id, project, time));
    }

    private void NoteObservation(Observation row)
    {
        var project = ProjectOf(row.Project, row.SessionId);
        var state = row.DeletedAt is null ? VersionState.Live : VersionState.Deleted;
        NoteOwn(Entity.Observation, row.SyncId, row.UpdatedAt, state, project);
        Journal(Entity.Observation, row.SyncId, row.DeletedAt is null ? MutationOp.Upsert : MutationOp.Delete, project,
            json => MutationPayload.Write(json, row.Project is null ? row : row with { Project = MemoryText.Project(row.Project) }));
    }

    private void NotePrompt(Prompt row)
    {
        var project = ProjectOf(row.Project, row.SessionId);
        NoteOwn(Entity.Prompt, row.SyncId, "", VersionState.Live, project);
        Journal(Entity.Prompt, row.SyncId, MutationOp.Upsert, project, json => MutationPayload.Write(json, row));
    }

    private void NoteRelation(Relation row)
    {
        var source = ObservationTable.Find(db, row.SourceId);
        var project = source is null ? "" : ProjectOf(source.Project, source.SessionId);
        NoteOwn(Entity.Relation, row.SyncId, "", VersionState.Live, project);
        Journal(Entity.Relation, row.SyncId, MutationOp.Upsert, project, json => MutationPayload.Write(json, row, project));
    }
}
