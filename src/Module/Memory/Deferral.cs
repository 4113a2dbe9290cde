using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary>Mutations that wait for something, and those that never apply (memory spec 8.5).</summary>
internal static class Deferral
{
    /// <summary>Tries of a replay before a waiting row is given up.</summary>
    public const int MaxRetries = 5;
    public const int ReplayBatch = 50;

    public static string Key(string entity, string key) => $"{entity}:{key}";

    /// <summary>Puts a mutation away until what it needs arrives; one of the same entity stays when it would win.</summary>
    public static void Defer(ChangeContext change, Mutation mutation, ApplyResult why, VersionRule rule)
    {
        var id = Key(mutation.Entity, mutation.EntityKey);
        if (DeferredTable.Find(change.Db, id) is { } waiting && waiting.Mutation != mutation
            && !rule.Wins(TimeOf(mutation), mutation.Seq,
                new EntityVersion(TimeOf(waiting.Mutation), waiting.Mutation.Seq, VersionState.Live, ""),
                mutation.Entity == Entity.Observation))
        {
            return;
        }

        DeferredTable.Put(change.Db, new DeferredRow(id, mutation, why.WaitsFor, IsDead: false, why.Reason!, 0, null), change.NowMs);
    }

    /// <summary>Keeps a mutation that can never be applied, beside other evidence of the same entity.</summary>
    public static void Bury(ChangeContext change, Mutation mutation, string reason) =>
        DeferredTable.Put(change.Db, new DeferredRow(EvidenceKey(mutation), mutation, null, IsDead: true, reason, 0, null), change.NowMs);

    /// <summary>
    /// Tries waiting rows again, oldest first, each in a transaction of its own. A row that fails for a reason other than what it
    /// waits for is dead.
    /// </summary>
    /// <param name="appliedSomething">Something was applied since the last replay; otherwise failing again does not count as a try.</param>
    /// <returns>How many were applied or turned out to be stale, and how many died.</returns>
    public static (int Settled, int Died) Replay(
        Lease lease, TimeProvider clock, Random random, VersionRule rule, bool appliedSomething, CancellationToken cancellationToken)
    {
        IReadOnlyList<DeferredRow> rows;
        using (var look = lease.Begin())
        {
            rows = DeferredTable.Waiting(look.Db, ReplayBatch);
        }

        var (settled, died) = (0, 0);
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var transaction = lease.Begin();
            using var change = new ChangeContext(transaction.Db, clock, random);
            var outcome = Replay(change, row, rule, appliedSomething);
            settled += outcome is ApplyOutcome.Applied or ApplyOutcome.Stale ? 1 : 0;
            died += outcome == ApplyOutcome.Dead ? 1 : 0;
            change.Complete();
            transaction.Commit();
        }

        return (settled, died);
    }

    private static ApplyOutcome Replay(ChangeContext change, DeferredRow row, VersionRule rule, bool appliedSomething)
    {
        var result = new MutationApplier(change, rule).Decide(row.Mutation);
        if (result.Outcome is ApplyOutcome.Applied or ApplyOutcome.Stale)
        {
            DeferredTable.Remove(change.Db, row.Id);
            return result.Outcome;
        }

        var retries = row.RetryCount + (appliedSomething ? 1 : 0);
        // A session delete is settled by the end of the pull, never by counting (8.3).
        var isDead = result.Outcome == ApplyOutcome.Dead || (retries >= MaxRetries && result.Reason != ApplyReason.SessionInUse);
        DeferredTable.SetAttempt(change.Db, row.Id, retries, isDead, result.Reason!, change.NowMs);
        return isDead ? ApplyOutcome.Dead : ApplyOutcome.Deferred;
    }

    private static string TimeOf(Mutation mutation) =>
        MutationPayload.TryRead(MutationPayload.Shape(mutation.Entity), mutation.Payload, out var row)
        ? row.Filled(Field.UpdatedAt) ?? row.Filled(Field.DeletedAt) ?? row.Text(Field.CreatedAt) : "";

    private static string EvidenceKey(Mutation mutation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in (ReadOnlySpan<string>)
            [MemoryTargetTable.Cloud, mutation.Entity, mutation.EntityKey, mutation.Op, mutation.Payload])
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
