namespace ArtifactSync.Memory;

internal sealed partial class MutationApplier
{
    private ApplyResult ApplyObservation(Incoming incoming)
    {
        var row = incoming.Row;
        var isHard = incoming.IsDelete && row.Flag(Field.HardDelete);
        // A soft delete that carries the row is an upsert of a deleted row; one without is applied to the row that is here.
        var hasRow = !incoming.IsDelete || (!isHard && row.Filled(Field.SessionId) is not null
            && row.Text(Field.Title) + row.Text(Field.Content) is not "");
        if (hasRow && row.Filled(Field.SessionId) is null)
        {
            return ApplyResult.Dead(ApplyReason.BlankSession);
        }

        var time = VersionTime(incoming);
        var local = ObservationTable.Find(Db, incoming.Key);
        var stored = change.FindVersion(Entity.Observation, incoming.Key)
            ?? Unsent(local is not null, local?.UpdatedAt ?? "", local?.DeletedAt is null ? VersionState.Live : VersionState.Deleted);
        var next = hasRow ? Complete(incoming, local) : local is null ? null : Delete(incoming, local, time);
        if (!rule.Wins(time, incoming.Seq, stored, hasTime: true))
        {
            return Held(Entity.Observation, incoming, stored,
                isSame: isHard ? local is null : local is not null && next is not null && RowHash.Of(next) == RowHash.Of(local));
        }

        if (hasRow && !MemorySessionTable.Exists(Db, next!.SessionId))
        {
            return ApplyResult.Deferred(ApplyReason.SessionMissing, incoming.Key, next.SessionId);
        }

        if (isHard || next is null)
        {
            ObservationTable.Delete(Db, incoming.Key);
            RelationTable.Orphan(Db, incoming.Key);
        }
        else if (next.Id == 0)
        {
            ObservationTable.Insert(Db, next);
        }
        else
        {
            ObservationTable.Update(Db, next);
            ObservationTable.DeleteTwins(Db, next.SyncId, next.Id);
        }

        var state = isHard || next is null ? VersionState.Gone : next.DeletedAt is null ? VersionState.Live : VersionState.Deleted;
        var project = MemoryText.IsBlank(incoming.Project) && local is not null ? change.ProjectOf(local.Project, local.SessionId)
            : incoming.Project;
        change.PutVersion(Entity.Observation, incoming.Key, new EntityVersion(time, incoming.Seq, state, project));
        return ApplyResult.Applied;
    }

    /// <summary>Never the local clock (8.2).</summary>
    private static string VersionTime(Incoming incoming) => incoming.IsDelete
        ? incoming.Row.Filled(Field.UpdatedAt) ?? incoming.Row.Filled(Field.DeletedAt) ?? incoming.Mutation.OccurredAt ?? ""
        : incoming.Row.Filled(Field.UpdatedAt) ?? incoming.Row.Text(Field.CreatedAt);

    /// <summary>The row as it is stored (8.3): what the payload leaves out stays, or takes its default.</summary>
    private Observation Complete(Incoming incoming, Observation? local)
    {
        var row = incoming.Row.ToObservation();
        var created = incoming.Row.Filled(Field.CreatedAt) ?? local?.CreatedAt ?? change.Now;
        return row with
        {
            Id = local?.Id ?? 0,
            SyncId = incoming.Key,
            Project = row.Project is null ? null : MemoryText.Project(row.Project),
            Scope = MemoryText.Scope(row.Scope),
            TopicKey = incoming.Row.Filled(Field.TopicKey),
            RevisionCount = row.RevisionCount > 0 ? row.RevisionCount : local?.RevisionCount ?? 1,
            DuplicateCount = row.DuplicateCount > 0 ? row.DuplicateCount : local?.DuplicateCount ?? 1,
            LastSeenAt = incoming.Row.Filled(Field.LastSeenAt) ?? local?.LastSeenAt,
            CreatedAt = created,
            UpdatedAt = incoming.Row.Filled(Field.UpdatedAt) ?? local?.UpdatedAt ?? created,
            DeletedAt = incoming.Row.Filled(Field.DeletedAt) ?? (incoming.IsDelete ? VersionTime(incoming) : null),
        };
    }

    private static Observation Delete(Incoming incoming, Observation local, string time) => local with
    {
        DeletedAt = incoming.Row.Filled(Field.DeletedAt) ?? time,
        UpdatedAt = MemoryText.IsBlank(time) ? local.UpdatedAt : time,
    };

    // Prompts are ordered by time alone (8.3): live exactly if made later than the tombstone and the deletion time of the session.
    private ApplyResult ApplyPrompt(Incoming incoming)
    {
        if (incoming.IsDelete || incoming.Row.Flag(Field.Deleted) || incoming.Row.Flag(Field.HardDelete))
        {
            return DeletePrompt(incoming);
        }

        var row = incoming.Row.ToPrompt() with { SyncId = incoming.Key, Project = incoming.Project };
        if (MemoryText.IsBlank(row.SessionId))
        {
            return ApplyResult.Dead(ApplyReason.BlankSession);
        }

        var local = PromptTable.Find(Db, incoming.Key);
        var created = incoming.Row.Filled(Field.CreatedAt) ?? local?.CreatedAt ?? change.Now;
        row = row with { Id = local?.Id ?? 0, CreatedAt = created };
        if (IsBuried(row, incoming))
        {
            return ApplyResult.Stale;
        }

        if (!MemorySessionTable.Exists(Db, row.SessionId))
        {
            return ApplyResult.Deferred(ApplyReason.SessionMissing, incoming.Key, row.SessionId);
        }

        PromptTable.DeleteTombstone(Db, row.SyncId);
        if (local is null)
        {
            PromptTable.Insert(Db, row);
        }
        else if (local != row)
        {
            PromptTable.Update(Db, row);
            PromptTable.DeleteTwins(Db, row.SyncId, row.Id);
        }

        return RaisePromptVersion(incoming, VersionState.Live) || local != row ? ApplyResult.Applied : ApplyResult.Stale;
    }

    private bool IsBuried(Prompt row, Incoming incoming)
    {
        var tombstone = PromptTable.FindTombstone(Db, row.SyncId);
        var sessionDeleted = VersionTable.DeletionTime(Db, row.SessionId);
        var byTombstone = tombstone is not null && !IsLater(row, incoming, tombstone.DeletedAt);
        if (byTombstone || sessionDeleted is null || IsLater(row, incoming, sessionDeleted))
        {
            return byTombstone;
        }

        // Refused for the session alone: others may not know that, so its delete is journalled.
        PromptTable.Delete(Db, row.SyncId);
        PromptTable.PutTombstone(Db, new Tombstone(row.SyncId, row.SessionId, row.Project, sessionDeleted));
        RaisePromptVersion(incoming, VersionState.Gone);
        if (change.IsEnrolled(row.Project))
        {
            AnswerTable.Add(Db, Entity.Prompt, row.SyncId);
        }

        return true;

        static bool IsLater(Prompt row, Incoming incoming, string deleted) =>
            incoming.Row.Filled(Field.CreatedAt) is not null && MemoryTime.IsLater(row.CreatedAt, deleted);
    }

    private ApplyResult DeletePrompt(Incoming incoming)
    {
        var time = incoming.DeletedAt(change.Now);
        var known = PromptTable.FindTombstone(Db, incoming.Key);
        var local = PromptTable.Find(Db, incoming.Key);
        var tombstone = new Tombstone(incoming.Key, incoming.Row.Filled(Field.SessionId) ?? known?.SessionId ?? local?.SessionId,
            incoming.Project, known is null ? time : MemoryTime.Later(known.DeletedAt, time));
        if (local is not null && MemoryTime.IsLater(local.CreatedAt, tombstone.DeletedAt))
        {
            return ApplyResult.Stale; // made again after it was deleted
        }

        if (local is not null)
        {
            PromptTable.Delete(Db, incoming.Key);
        }

        PromptTable.PutTombstone(Db, tombstone);
        return RaisePromptVersion(incoming, VersionState.Gone) || local is not null || known?.DeletedAt != tombstone.DeletedAt
            ? ApplyResult.Applied : ApplyResult.Stale;
    }

    /// <summary>Notes the number of a prompt's mutation; a pending change keeps its version until it was sent.</summary>
    private bool RaisePromptVersion(Incoming incoming, VersionState state)
    {
        var stored = change.FindVersion(Entity.Prompt, incoming.Key);
        if (stored is { Seq: null } || (stored is { } known && known.Seq >= incoming.Seq && known.State == state))
        {
            return false;
        }

        change.PutVersion(Entity.Prompt, incoming.Key,
            new EntityVersion("", Math.Max(stored?.Seq ?? 0, incoming.Seq), state, incoming.Project));
        return true;
    }
}
