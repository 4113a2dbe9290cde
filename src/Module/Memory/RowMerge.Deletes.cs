namespace ArtifactSync.Memory;

/// <summary>Deletes that a chunk names explicitly (memory spec 4.4).</summary>
internal sealed partial class RowMerge
{
    /// <summary>Removes an observation for good, unless what is here is newer. One that was never here is remembered as gone.</summary>
    public void HardDelete(string key, string sessionId, string project, string time)
    {
        before?.Invoke(Entity.Observation, key);
        var local = ObservationTable.Find(Db, key);
        var head = local is null ? null : ObservationTable.FindHead(Db, key);
        if (Wins(time, isDelete: true, isHard: true, key, head, hasVersion: true))
        {
            var owner = MemoryText.IsBlank(project) && local is not null ? change.ProjectOf(local.Project, local.SessionId)
                : MemoryText.Project(project);
            change.DeleteObservation(key, local?.SessionId ?? sessionId, owner, time);
            Counts.OtherChanges++;
        }
    }

    /// <summary>A soft delete without the row: deletes the row that is here, or is remembered as gone.</summary>
    public void SoftDelete(string key, string project, string time, string? deletedAt)
    {
        before?.Invoke(Entity.Observation, key);
        var local = ObservationTable.Find(Db, key);
        if (!Wins(time, isDelete: true, isHard: false, key, local is null ? null : ObservationTable.FindHead(Db, key), hasVersion: true))
        {
            return;
        }

        if (local is not null)
        {
            change.SaveObservation(local with { DeletedAt = deletedAt ?? time, UpdatedAt = time });
        }
        else
        {
            change.NoteUnknown(Entity.Observation, key, time, MemoryText.Project(project));
        }

        Counts.OtherChanges++;
    }

    /// <summary>Deletes a prompt, unless it was made later; its tombstone keeps the later time.</summary>
    public void DeletePrompt(string key, string? sessionId, string project, string time)
    {
        before?.Invoke(Entity.Prompt, key);
        var known = PromptTable.FindTombstone(Db, key);
        var local = PromptTable.Find(Db, key);
        var deletedAt = known is null ? time : MemoryTime.Later(known.DeletedAt, time);
        if ((local is not null && MemoryTime.IsLater(local.CreatedAt, deletedAt)) || (local is null && known?.DeletedAt == deletedAt))
        {
            return;
        }

        PromptTable.Delete(Db, key);
        var session = sessionId ?? local?.SessionId ?? known?.SessionId;
        var owner = change.ProjectOf(MemoryText.IsBlank(project) ? local?.Project : project, session);
        change.NoteTombstone(new Tombstone(key, session, owner, deletedAt));
        Counts.OtherChanges++;
    }

    /// <summary>
    /// Keeps the deletion time of a session and deletes the prompts that it covers; the session itself goes only when no observation, no
    /// later prompt and no later start is there (of a cloud chunk: and no change of it that was not sent yet).
    /// </summary>
    public void DeleteSession(string id, string project, string time)
    {
        before?.Invoke(Entity.Session, id);
        var local = MemorySessionTable.Find(Db, id);
        var owner = MemoryText.IsBlank(project) ? MemoryText.Project(local?.Project) : MemoryText.Project(project);
        var known = VersionTable.DeletionTime(Db, id);
        if (local is null)
        {
            if (known is null || MemoryTime.IsLaterOrOnly(time, known))
            {
                change.NoteDeletedSession(id, owner, time);
                Counts.OtherChanges++;
            }

            return;
        }

        change.NoteDeletionTime(id, time, owner);
        time = MemoryTime.Later(time, known);
        var prompts = PromptTable.OfSession(Db, id);
        foreach (var prompt in prompts.Where(p => !MemoryTime.IsLater(p.CreatedAt, time)))
        {
            change.DeletePrompt(prompt, time);
            Counts.OtherChanges++;
        }

        if (!MemorySessionTable.HasObservations(Db, id) && prompts.All(p => !MemoryTime.IsLater(p.CreatedAt, time))
            && !MemoryTime.IsLater(local.StartedAt, time) && !(change.IsFromServer && IsUnsent(Entity.Session, id)))
        {
            change.DeleteSession(local, time);
            Counts.OtherChanges++;
        }
    }
}
