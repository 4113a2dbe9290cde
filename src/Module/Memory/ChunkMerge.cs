using System.Text;
using ArtifactSync.Wire;

namespace ArtifactSync.Memory;

/// <summary>
/// Merges one chunk (memory spec 4.4) in the caller's transaction: rows become mutations, explicit ones replace those of the same
/// entity, and all apply in the order session upserts, other upserts, other deletes, session deletes.
/// </summary>
internal sealed class ChunkMerge
{
    private readonly ChangeContext _change;
    private readonly RowMerge _merge;

    /// <param name="change">The transaction.</param>
    /// <param name="rules">Of chunks.</param>
    /// <param name="before">As in <see cref="RowMerge"/>.</param>
    public ChunkMerge(ChangeContext change, MergeRules rules, Action<string, string>? before) =>
        (_change, _merge) = (change, new RowMerge(change, rules, before));

    public MergeCounts Counts => _merge.Counts;

    /// <summary>The items of a chunk in the order of applying; what can never apply is buried.</summary>
    /// <param name="bury">Told of every mutation that is dead, with the reason.</param>
    public static IReadOnlyList<ChunkItem> Plan(ExportDocument chunk, Action<Mutation, string> bury)
    {
        var mutations = new List<ChunkItem>();
        var hasMutations = false;
        foreach (var row in chunk.Mutations())
        {
            hasMutations = true;
            var mutation = new Mutation(
                row.Text(Field.Entity), row.Text(Field.EntityKey), row.Text(Field.Op), row.Text(Field.Project), row.Text(Field.Payload), 0,
                row.Filled(Field.OccurredAt));
            if (Read(mutation, out var reason) is { } item)
            {
                mutations.Add(item);
            }
            else
            {
                bury(mutation, reason!);
            }
        }

        var named = mutations.Select(static m => (m.Entity, m.Key)).ToHashSet();
        var rows = Rows(chunk).Where(r => !named.Contains((r.Entity, r.Key)) && !IsHomeless(r, bury)).ToList();
        if (hasMutations)
        {
            // A session that only rides along is not news: it would compete with what others know of it.
            var needed = rows.Concat(mutations).Select(static i => i.NeedsSession).OfType<string>().ToHashSet(StringComparer.Ordinal);
            rows.RemoveAll(r => r.Entity == Entity.Session && !needed.Contains(r.Key));
        }

        return [.. rows.Concat(mutations).OrderBy(Group)];
    }

    /// <summary>Applies the items and records what the chunk holds, also of what lost.</summary>
    public void Apply(IReadOnlyList<ChunkItem> items, Action<string, string, string> record, CancellationToken cancellationToken)
    {
        foreach (var item in items)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Apply(item) is { } hash)
            {
                record(item.Entity, item.Key, hash);
            }
        }
    }

    private string? Apply(ChunkItem item) => item.Entity switch
    {
        Entity.Session when item.IsDelete => DeleteSession(item),
        Entity.Session => RowHash.Of(_merge.Session(item.Row.ToSession() with { Id = item.Key })),
        Entity.Observation when item.IsDelete => DeleteObservation(item),
        Entity.Observation => RowHash.Of(_merge.Observation(item.Row.ToObservation() with { SyncId = item.Key })),
        Entity.Prompt when item.IsDelete => DeletePrompt(item),
        Entity.Prompt => RowHash.Of(_merge.Prompt(item.Row.ToPrompt() with { SyncId = item.Key })),
        _ => ApplyRelation(item),
    };

    private string DeleteSession(ChunkItem item)
    {
        var time = item.Row.Filled(Field.DeletedAt) ?? item.Mutation?.OccurredAt ?? _change.Now;
        _merge.DeleteSession(item.Key, ProjectOf(item), time);
        return RowHash.OfDelete(time);
    }

    private string DeletePrompt(ChunkItem item)
    {
        var time = item.Row.Filled(Field.DeletedAt) ?? item.Mutation?.OccurredAt ?? _change.Now;
        _merge.DeletePrompt(item.Key, item.Row.Filled(Field.SessionId), ProjectOf(item), time);
        return RowHash.OfDelete(time);
    }

    private string DeleteObservation(ChunkItem item)
    {
        var deletedAt = item.Row.Filled(Field.DeletedAt);
        var time = item.Row.Filled(Field.UpdatedAt) ?? deletedAt ?? item.Mutation?.OccurredAt ?? "";
        if (item.Row.Flag(Field.HardDelete))
        {
            _merge.HardDelete(item.Key, item.Row.Text(Field.SessionId), ProjectOf(item), time);
            return RowHash.OfDelete(time);
        }

        if (HasRow(item))
        {
            return RowHash.Of(_merge.Observation(item.Row.ToObservation() with
            {
                SyncId = item.Key, UpdatedAt = time, DeletedAt = deletedAt ?? time,
            }));
        }

        _merge.SoftDelete(item.Key, ProjectOf(item), time, deletedAt);
        return RowHash.OfDelete(time);
    }

    private string? ApplyRelation(ChunkItem item)
    {
        var rule = MemoryTargetTable.Rule(_change.Db);
        var result = new MutationApplier(_change, rule).Apply(item.Mutation!);
        Counts.OtherChanges += result.Outcome == ApplyOutcome.Applied ? 1 : 0;
        return result.Outcome == ApplyOutcome.Dead ? null : RowHash.Of(item.Row.ToRelation() with { SyncId = item.Key });
    }

    // A soft delete of ours carries the whole row (5.4); one of the original program has neither title nor text.
    private static bool HasRow(ChunkItem item) =>
        item.Row.Filled(Field.SessionId) is not null && (item.Row.Text(Field.Title).Length > 0 || item.Row.Text(Field.Content).Length > 0);

    private static string ProjectOf(ChunkItem item) => item.Row.Filled(Field.Project) ?? item.Mutation?.Project ?? "";

    private static int Group(ChunkItem item) => (item.Entity == Entity.Session, item.IsDelete) switch
    {
        (true, false) => 0,
        (false, false) => 1,
        (false, true) => 2,
        _ => 3,
    };

    private static IEnumerable<ChunkItem> Rows(ExportDocument chunk)
    {
        foreach (var row in chunk.Sessions().Where(static r => r.Filled(Field.Id) is not null))
        {
            yield return new ChunkItem(Entity.Session, row.Text(Field.Id), IsDelete: false, row, null);
        }

        foreach (var row in chunk.Observations())
        {
            var key = row.Filled(Field.SyncId) ?? SyncId.Derive(row.ToObservation());
            // A row with a deletion time carries itself: as a delete it still has all that a machine without it needs.
            yield return new ChunkItem(Entity.Observation, key, IsDelete: false, row, null);
        }

        foreach (var row in chunk.Prompts())
        {
            var key = row.Filled(Field.SyncId) ?? SyncId.Derive(row.ToPrompt());
            yield return new ChunkItem(Entity.Prompt, key, IsDelete: false, row, null);
        }
    }

    // A row that names no session can never be stored; waiting for one would hold up the chunk for ever.
    private static bool IsHomeless(ChunkItem row, Action<Mutation, string> bury)
    {
        if (row.Entity == Entity.Session || row.NeedsSession is not null)
        {
            return false;
        }

        using var json = new CanonicalWriter();
        if (row.Entity == Entity.Observation)
        {
            MutationPayload.Write(json, row.Row.ToObservation() with { SyncId = row.Key });
        }
        else
        {
            MutationPayload.Write(json, row.Row.ToPrompt() with { SyncId = row.Key });
        }

        var payload = Encoding.UTF8.GetString(json.WrittenSpan);
        bury(new Mutation(row.Entity, row.Key, MutationOp.Upsert, row.Row.Text(Field.Project), payload, 0, null), ApplyReason.BlankSession);
        return true;
    }

    // The rules of a pull for what can't be read (8.3, 8.5).
    private static ChunkItem? Read(Mutation mutation, out string? reason)
    {
        reason = !Entity.IsKnown(mutation.Entity) ? ApplyReason.UnknownEntity
            : mutation.Op != MutationOp.Upsert && (mutation.Op != MutationOp.Delete || mutation.Entity == Entity.Relation)
                ? ApplyReason.UnknownOp
            : null;
        if (reason is not null)
        {
            return null;
        }

        if (!MutationPayload.TryRead(MutationPayload.Shape(mutation.Entity), mutation.Payload, out var row))
        {
            reason = ApplyReason.Undecodable;
            return null;
        }

        var id = row.Filled(mutation.Entity == Entity.Session ? Field.Id : Field.SyncId);
        var key = MemoryText.IsBlank(mutation.EntityKey) ? id : mutation.EntityKey;
        var isDelete = mutation.Op == MutationOp.Delete || mutation.Entity switch
        {
            Entity.Session => row.Flag(Field.Deleted) || row.Flag(Field.HardDelete) || row.Filled(Field.DeletedAt) is not null,
            Entity.Prompt => row.Flag(Field.Deleted) || row.Flag(Field.HardDelete),
            _ => false,
        };
        reason = key is null ? ApplyReason.BlankIdentity
            : mutation.Entity is (Entity.Session or Entity.Observation) && id is not null && id != key ? ApplyReason.IdentityMismatch
            : mutation.Entity is (Entity.Observation or Entity.Prompt) && !isDelete && row.Filled(Field.SessionId) is null
                ? ApplyReason.BlankSession
            : null;
        return reason is null
            ? new ChunkItem(mutation.Entity, mutation.Entity == Entity.Prompt ? id ?? key! : key!, isDelete, row, mutation)
            : null;
    }
}
