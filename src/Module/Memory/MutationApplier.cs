using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

internal enum ApplyOutcome
{
    /// <summary>Rows or versions changed.</summary>
    Applied,

    /// <summary>What is stored wins; nothing changed.</summary>
    Stale,

    /// <summary>Put away until something that it needs arrives.</summary>
    Deferred,

    /// <summary>Never applies; kept as evidence.</summary>
    Dead,
}

/// <param name="Reason">Why it was put away: the reason codes of <see cref="ApplyReason"/>.</param>
/// <param name="Key">The entity that waits, also when the mutation named it in its payload alone.</param>
/// <param name="WaitsFor">The session that it waits for.</param>
internal readonly record struct ApplyResult(ApplyOutcome Outcome, string? Reason = null, string? Key = null, string? WaitsFor = null)
{
    public static readonly ApplyResult Applied = new(ApplyOutcome.Applied);
    public static readonly ApplyResult Stale = new(ApplyOutcome.Stale);

    public static ApplyResult Dead(string reason) => new(ApplyOutcome.Dead, reason);

    public static ApplyResult Deferred(string reason, string key, string? waitsFor = null) =>
        new(ApplyOutcome.Deferred, reason, key, waitsFor);
}

/// <summary>Reason codes of rows that wait or never apply (memory spec 8.5).</summary>
internal static class ApplyReason
{
    public const string UnknownEntity = "unknown_entity";
    public const string UnknownOp = "unknown_op";
    public const string Undecodable = "undecodable_payload";
    public const string BlankIdentity = "blank_identity";
    public const string IdentityMismatch = "identity_mismatch";
    public const string BlankSession = "blank_session";
    public const string RelationIncomplete = "relation_incomplete";
    public const string SessionMissing = "session_missing";
    public const string SessionInUse = "session_in_use";
    public const string EndpointMissing = "endpoint_missing";
}

/// <summary>
/// Applies one mutation of a server by its number (memory spec 8.2, 8.3): rows and versions, and the rows of 8.5 for what can't be
/// applied. Never writes the journal; what a pull has to answer is left in <c>memory_answers</c>.
/// </summary>
/// <remarks>The transaction, the cursor and the skip of what was consumed are the caller's.</remarks>
internal sealed partial class MutationApplier(ChangeContext change, VersionRule rule)
{
    private Database Db => change.Db;

    /// <summary>Applies it, or puts it away. Delivering a mutation again leaves the same state.</summary>
    public ApplyResult Apply(Mutation mutation)
    {
        var result = Decide(mutation);
        switch (result.Outcome)
        {
            case ApplyOutcome.Deferred:
                Deferral.Defer(change, mutation with { EntityKey = result.Key! }, result, rule);
                break;
            case ApplyOutcome.Dead:
                Deferral.Bury(change, mutation, result.Reason!);
                break;
        }

        return result;
    }

    /// <summary>As <see cref="Apply"/>; what can't be applied is only reported.</summary>
    public ApplyResult Decide(Mutation mutation)
    {
        if (!Entity.IsKnown(mutation.Entity))
        {
            return ApplyResult.Dead(ApplyReason.UnknownEntity);
        }

        if (mutation.Op != MutationOp.Upsert && (mutation.Op != MutationOp.Delete || mutation.Entity == Entity.Relation))
        {
            return ApplyResult.Dead(ApplyReason.UnknownOp);
        }

        if (!MutationPayload.TryRead(MutationPayload.Shape(mutation.Entity), mutation.Payload, out var row))
        {
            return ApplyResult.Dead(ApplyReason.Undecodable);
        }

        var id = row.Filled(mutation.Entity == Entity.Session ? Field.Id : Field.SyncId);
        var key = MemoryText.IsBlank(mutation.EntityKey) ? id : mutation.EntityKey;
        if (key is null)
        {
            return ApplyResult.Dead(ApplyReason.BlankIdentity);
        }

        if (mutation.Entity is (Entity.Session or Entity.Observation) && id is not null && id != key)
        {
            return ApplyResult.Dead(ApplyReason.IdentityMismatch);
        }

        var incoming = new Incoming(id ?? key, row, mutation);
        return mutation.Entity switch
        {
            Entity.Session => ApplySession(incoming),
            Entity.Observation => ApplyObservation(incoming),
            Entity.Prompt => ApplyPrompt(incoming),
            _ => ApplyRelation(incoming),
        };
    }

    /// <summary>A mutation whose payload was read and whose identity is known.</summary>
    private readonly record struct Incoming(string Key, RowFields Row, Mutation Mutation)
    {
        public long Seq => Mutation.Seq;

        public bool IsDelete => Mutation.Op == MutationOp.Delete;

        /// <summary>Normalised: that of the payload, else that of the envelope.</summary>
        public string Project => MemoryText.Project(Row.Filled(Field.Project) ?? Mutation.Project);

        /// <summary>When it was deleted, for entities whose deletes are ordered by time.</summary>
        public string DeletedAt(string now) => Row.Filled(Field.DeletedAt) ?? Mutation.OccurredAt ?? now;
    }

    private ApplyResult ApplyRelation(Incoming incoming)
    {
        var row = incoming.Row.ToRelation() with { SyncId = incoming.Key };
        if (MemoryText.IsBlank(row.SourceId) || MemoryText.IsBlank(row.TargetId))
        {
            return ApplyResult.Dead(ApplyReason.RelationIncomplete);
        }

        var known = RelationTable.Find(Db, row.SyncId);
        var stored = change.FindVersion(Entity.Relation, row.SyncId) ?? Unsent(known is not null, "");
        // A relation of a chunk has no number: it applies only if there is none yet (8.5).
        if (incoming.Seq == 0 ? known is not null : !rule.Wins("", incoming.Seq, stored, hasTime: false))
        {
            return incoming.Seq == 0 ? ApplyResult.Stale : Held(Entity.Relation, incoming, stored, isSame: known == row);
        }

        if (!ObservationTable.Exists(Db, row.SourceId) || !ObservationTable.Exists(Db, row.TargetId))
        {
            return ApplyResult.Deferred(ApplyReason.EndpointMissing, incoming.Key);
        }

        var created = MemoryText.IsBlank(row.CreatedAt) ? change.Now : row.CreatedAt;
        row = row with { CreatedAt = created, UpdatedAt = MemoryText.IsBlank(row.UpdatedAt) ? created : row.UpdatedAt };
        if (incoming.Seq == 0)
        {
            change.SaveRelation(row); // no server has it yet, as far as we know
        }
        else
        {
            RelationTable.Put(Db, row);
            change.PutVersion(Entity.Relation, row.SyncId, new EntityVersion("", incoming.Seq, VersionState.Live, incoming.Project));
        }

        DeferredTable.Remove(Db, Deferral.Key(Entity.Relation, row.SyncId));
        return ApplyResult.Applied;
    }

    /// <summary>What stands for a version row that is missing beside a data row.</summary>
    private static EntityVersion? Unsent(bool exists, string time, VersionState state = VersionState.Live) =>
        exists ? new EntityVersion(time, EntityVersion.Unsent, state, "") : null;

    /// <summary>
    /// What is stored wins. If the server did not know it and says something else, the log must end with what is stored: it is
    /// journalled again at the end of the pull (8.2). If it says the same, that is its number.
    /// </summary>
    private ApplyResult Held(string entity, Incoming incoming, EntityVersion? stored, bool isSame)
    {
        if (stored is not { Seq: EntityVersion.Unnumbered or EntityVersion.Unsent } local
            || !(rule.IsPassFromZero || rule.Order == MemoryOrder.Lww))
        {
            return ApplyResult.Stale;
        }

        if (isSame)
        {
            if (rule.IsPassFromZero)
            {
                change.PutVersion(entity, incoming.Key, local with { Seq = incoming.Seq, Project = incoming.Project });
            }
        }
        else if (change.IsEnrolled(incoming.Project))
        {
            AnswerTable.Add(Db, entity, incoming.Key);
        }

        return ApplyResult.Stale;
    }
}
