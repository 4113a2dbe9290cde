namespace ArtifactSync.Memory;

internal sealed partial class MutationApplier
{
    private ApplyResult ApplySession(Incoming incoming) =>
        incoming.IsDelete || incoming.Row.Flag(Field.Deleted) || incoming.Row.Flag(Field.HardDelete)
        || incoming.Row.Filled(Field.DeletedAt) is not null
            ? DeleteSession(incoming)
            : UpsertSession(incoming);

    private ApplyResult UpsertSession(Incoming incoming)
    {
        UndoDeferredDelete(incoming);
        var local = MemorySessionTable.Find(Db, incoming.Key);
        var payload = incoming.Row.ToSession() with { Id = incoming.Key, Project = incoming.Project };
        var stateWins = Wins(Entity.Session, incoming, local is not null, isBlank: false);
        if (local is null && !stateWins)
        {
            return ApplyResult.Stale; // deleted here by a later mutation: its fields were blanked by that too
        }

        var changed = false;
        var row = local ?? new MemorySession(incoming.Key, "", "", "", null, null);
        foreach (var field in SessionRegisters.Fields)
        {
            if (SessionRegisters.Get(payload, field) is not { } value || MemoryText.IsBlank(value))
            {
                continue;
            }

            var current = SessionRegisters.Get(row, field);
            if (Wins(SessionRegisters.Entity(field), incoming, local is not null, IsBlank(row, field)))
            {
                row = SessionRegisters.Set(row, field, value);
                PutRegister(SessionRegisters.Entity(field), incoming, VersionState.Live);
                changed = true;
            }
            else
            {
                HoldRegister(field, incoming, isSame: current == value);
            }
        }

        if (MemoryText.IsBlank(row.StartedAt))
        {
            row = row with { StartedAt = change.Now };
        }

        if (row != local)
        {
            MemorySessionTable.Put(Db, row);
        }

        if (local is null)
        {
            DeferredTable.Wake(Db, row.Id);
        }

        if (stateWins)
        {
            PutRegister(Entity.Session, incoming, VersionState.Live);
        }
        else if (rule.IsPassFromZero)
        {
            HoldState(incoming);
        }

        return changed || stateWins ? ApplyResult.Applied : ApplyResult.Stale;
    }

    private ApplyResult DeleteSession(Incoming incoming)
    {
        var local = MemorySessionTable.Find(Db, incoming.Key);
        var project = MemoryText.IsBlank(incoming.Project) ? MemoryText.Project(local?.Project) : incoming.Project;
        VersionTable.RaiseDeletionTime(Db, incoming.Key, incoming.DeletedAt(change.Now), project);
        var hasLaterPrompts = CoverPrompts(incoming.Key);
        if (!Wins(Entity.Session, incoming, local is not null, isBlank: false))
        {
            return BlankOlderFields(incoming, local) ? ApplyResult.Applied : ApplyResult.Stale;
        }

        if (local is not null && (hasLaterPrompts || MemorySessionTable.HasObservations(Db, incoming.Key)))
        {
            return ApplyResult.Deferred(ApplyReason.SessionInUse, incoming.Key);
        }

        MemorySessionTable.Delete(Db, incoming.Key);
        PutRegister(Entity.Session, incoming, VersionState.Gone);
        foreach (var field in SessionRegisters.Fields)
        {
            if (Wins(SessionRegisters.Entity(field), incoming, local is not null, IsBlank(local, field)))
            {
                PutRegister(SessionRegisters.Entity(field), incoming, VersionState.Gone);
            }
        }

        return ApplyResult.Applied;
    }

    /// <summary>Deletes the prompts that the deletion time of a session covers; true when later ones are left.</summary>
    private bool CoverPrompts(string sessionId)
    {
        var time = VersionTable.DeletionTime(Db, sessionId)!;
        var left = false;
        foreach (var prompt in PromptTable.OfSession(Db, sessionId))
        {
            if (MemoryTime.IsLater(prompt.CreatedAt, time))
            {
                left = true;
                continue;
            }

            var project = change.ProjectOf(prompt.Project, sessionId);
            var stored = change.FindVersion(Entity.Prompt, prompt.SyncId);
            PromptTable.Delete(Db, prompt.SyncId);
            PromptTable.PutTombstone(Db, new Tombstone(prompt.SyncId, sessionId, project, time));
            change.PutVersion(Entity.Prompt, prompt.SyncId,
                new EntityVersion("", stored is { } s ? s.Seq : EntityVersion.Unsent, VersionState.Gone, project));
            if (stored is { Seq: null } && change.IsEnrolled(project))
            {
                AnswerTable.Add(Db, Entity.Prompt, prompt.SyncId); // its pending upsert would bring it back elsewhere
            }
        }

        return left;
    }

    /// <summary>A stale delete still blanks the fields that are older than it; project and start keep their value.</summary>
    private bool BlankOlderFields(Incoming incoming, MemorySession? local)
    {
        var row = local;
        var changed = false;
        foreach (var field in SessionRegisters.Fields)
        {
            if (row is null || !Wins(SessionRegisters.Entity(field), incoming, exists: true, IsBlank(row, field)))
            {
                continue;
            }

            row = SessionRegisters.IsBlankedByDelete(field) ? SessionRegisters.Set(row, field, null) : row;
            PutRegister(SessionRegisters.Entity(field), incoming, VersionState.Gone);
            changed = true;
        }

        if (row is not null && row != local)
        {
            MemorySessionTable.Put(Db, row);
        }

        return changed;
    }

    /// <summary>
    /// A delete that waits because the session is in use gives way to a newer upsert, after it blanked what is older than itself.
    /// </summary>
    private void UndoDeferredDelete(Incoming incoming)
    {
        var key = Deferral.Key(Entity.Session, incoming.Key);
        if (DeferredTable.Find(Db, key) is { IsDead: false, ReasonCode: ApplyReason.SessionInUse } waiting
            && incoming.Seq > waiting.Mutation.Seq)
        {
            BlankOlderFields(incoming with { Mutation = waiting.Mutation }, MemorySessionTable.Find(Db, incoming.Key));
            DeferredTable.Remove(Db, key);
        }
    }

    // Registers have no times: numbers alone decide. In a pass from 0 those without a number hold, unless they are blank. One that is blank
    // and has no version was never written: whatever is read again below the cursor may fill it.
    private bool Wins(string entity, Incoming incoming, bool exists, bool isBlank)
    {
        var known = change.FindVersion(entity, incoming.Key);
        var stored = known ?? Unsent(exists, "");
        return (known is null && isBlank) || rule.Wins("", incoming.Seq, stored, hasTime: false)
            || (rule.IsPassFromZero && isBlank && stored is { Seq: EntityVersion.Unnumbered or EntityVersion.Unsent });
    }

    private static bool IsBlank(MemorySession? row, string field) => row is null || MemoryText.IsBlank(SessionRegisters.Get(row, field));

    private void PutRegister(string entity, Incoming incoming, VersionState state) =>
        change.PutVersion(entity, incoming.Key, new EntityVersion("", incoming.Seq, state, incoming.Project));

    private void HoldRegister(string field, Incoming incoming, bool isSame)
    {
        var entity = SessionRegisters.Entity(field);
        var stored = change.FindVersion(entity, incoming.Key) ?? Unsent(exists: true, "");
        if (!rule.IsPassFromZero || stored is not { Seq: EntityVersion.Unnumbered or EntityVersion.Unsent })
        {
            return;
        }

        if (isSame)
        {
            PutRegister(entity, incoming, VersionState.Live);
        }
        else if (change.IsEnrolled(incoming.Project))
        {
            AnswerTable.Add(Db, Entity.Session, incoming.Key);
        }
    }

    private void HoldState(Incoming incoming)
    {
        var stored = change.FindVersion(Entity.Session, incoming.Key) ?? Unsent(exists: true, "");
        if (stored is { Seq: EntityVersion.Unnumbered or EntityVersion.Unsent, State: VersionState.Live })
        {
            PutRegister(Entity.Session, incoming, VersionState.Live);
        }
    }
}
