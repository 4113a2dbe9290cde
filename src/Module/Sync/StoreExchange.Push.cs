using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Sync;

internal sealed partial class StoreExchange
{
    /// <summary>
    /// Sends everything that we have and the target lacks, of all origins, kind by kind, so that dependencies are there
    /// before what refers to them. Then remembers how far this target is known.
    /// </summary>
    public async Task PushAsync(CancellationToken cancellationToken)
    {
        // What is catalogued after this moment is not promised to be at the target.
        var highAid = CatalogTable.MaxAid(context.Archive.Reader);
        var origins = context.Store.ListOrigins().ToList();
        foreach (var kind in s_order)
        {
            foreach (var origin in origins)
            {
                if (!_leftOut.Contains(origin))
                {
                    await ConfinedAsync(origin, "push", () => PushKindAsync(origin, kind, cancellationToken));
                }
            }
            await SettleAsync(await transport.FlushAsync(cancellationToken), cancellationToken);
            context.Run.Flush();
        }
        Remember(origins, highAid, cancellationToken);
    }

    private async Task PushKindAsync(string origin, ArtifactKind kind, CancellationToken cancellationToken)
    {
        var far = _far.TryGetValue((origin, kind), out var known) ? known : _far[(origin, kind)] = new FarSide([], 0);
        var (missing, common) = Compare(origin, kind, far);
        foreach (var entry in common)
        {
            await HealAsync(entry, cancellationToken);
        }
        // Who lists from the last known name on must not miss one that came later under a lower name: one at a time, in order.
        var ordered = transport.Traits.IsIncremental && kind is ArtifactKind.Meta or ArtifactKind.Checkpoints;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ordered ? 1 : context.Options.ThrottleLimit, CancellationToken = cancellationToken };
        var done = 0L;
        await Parallel.ForEachAsync(missing, parallel, async (entry, token) =>
        {
            if (ordered && far.FirstUnsent is not null)
            {
                far.Missed(entry.Aid);
                return;
            }
            await SendAsync(entry, far, token);
            context.Observer.Progress(new ProgressSnapshot("Pushing", entry.Artifact.Path, Interlocked.Increment(ref done), missing.Count, 0));
        });
        // A second push of this exchange (the baseline) need not send them again.
        far.Names?.UnionWith(missing.Where(entry => entry.Aid < (far.FirstUnsent ?? long.MaxValue)).Select(entry => entry.Artifact.Name));
    }

    /// <summary>
    /// What the target lacks, and what both sides have that ours has not seen there before. An unchanged target has everything
    /// up to its cursor; a listed one is compared name by name.
    /// </summary>
    private (List<CatalogEntry> Missing, List<CatalogEntry> Common) Compare(string origin, ArtifactKind kind, FarSide far)
    {
        var reader = context.Archive.Reader;
        if (far.Names is null)
        {
            return (CatalogTable.MaxAid(reader) == far.HighAid ? [] : [.. CatalogTable.List(reader, origin, kind, far.HighAid)], []);
        }
        if (far.Partial)
        {
            return ([.. CatalogTable.List(reader, origin, kind, far.HighAid).Where(entry => !far.Names.Contains(entry.Artifact.Name))
                .OrderBy(entry => entry.Artifact.Name, StringComparer.Ordinal)], []);
        }
        if (far.Names.Count == 0)
        {
            return ([.. CatalogTable.List(reader, origin, kind)], []);
        }
        var verifies = context.Full || transport.Traits.VerifyOnContact;
        var (missing, common) = (new List<string>(), new List<string>());
        foreach (var (name, aid) in CatalogTable.Names(reader, origin, kind))
        {
            if (!far.Names.Contains(name))
            {
                missing.Add(name);
            }
            else if (verifies && kind != ArtifactKind.Checkpoints && (context.Full || (aid > far.HighAid && aid <= far.AidBeforePull)))
            {
                common.Add(name);
            }
        }
        return (Entries(missing), Entries(common));

        List<CatalogEntry> Entries(List<string> names) =>
            [.. names.Select(name => CatalogTable.Find(reader, ArtifactName.Parse(origin, kind, name))).OfType<CatalogEntry>()];
    }

    private async Task SendAsync(CatalogEntry entry, FarSide far, CancellationToken cancellationToken)
    {
        try
        {
            if (await IsThereAlreadyAsync(entry.Artifact, far, cancellationToken) || !MayRelay(entry.Artifact))
            {
                return;
            }
            await using var wire = OpenVerified(entry, cancellationToken);
            var outcome = await transport.PutAsync(entry.Artifact, wire, entry.WireSize, cancellationToken);
            if (outcome == PutOutcome.Exists)
            {
                await HealAsync(entry, cancellationToken);
                return;
            }
            far.Changed = true;
            context.Run.Count(counters =>
            {
                counters.Sent++;
                counters.BytesSent += entry.WireSize;
            });
        }
        catch (ArtifactSyncException fault) when (IsOfOneArtifact(fault))
        {
            far.Missed(entry.Aid);
            context.Run.Failed("artifact", entry.Artifact.Path, "push", fault);
        }
    }

    /// <summary>
    /// What came from others may have been sent by others too, and what was not listed is not known to be missing: asking
    /// costs less than sending it all.
    /// </summary>
    private async Task<bool> IsThereAlreadyAsync(ArtifactRef artifact, FarSide far, CancellationToken cancellationToken) =>
        far.Partial && artifact.Origin != context.OwnOrigin && artifact.Kind != ArtifactKind.Checkpoints
        && await transport.FindAsync(artifact, cancellationToken) is not null;

    /// <summary>
    /// Where two writers of a name can't be told apart, nobody but its owner writes a checkpoint (decisions: object stores
    /// without conditional create).
    /// </summary>
    private bool MayRelay(ArtifactRef artifact) =>
        artifact.Kind != ArtifactKind.Checkpoints || artifact.Origin == context.OwnOrigin || transport.Traits.ConditionalCreate;

    /// <summary>A conflict of checkpoints is one of its origin.</summary>
    private static bool IsOfOneArtifact(ArtifactSyncException fault) =>
        !Faults.EndsRun(fault.Code) && fault.Code != ErrorCode.CheckpointConflict;

    /// <summary>A name that both sides have: the same artifact, or damage there that our copy heals (spec 2.4).</summary>
    private async Task HealAsync(CatalogEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Artifact.Kind == ArtifactKind.Checkpoints)
        {
            await RequireSameAsync(entry, cancellationToken);
            return;
        }
        try
        {
            if (await ExamineAsync(entry.Artifact, cancellationToken) is not null)
            {
                return;
            }
            await using var wire = OpenVerified(entry, cancellationToken); // before theirs goes: ours must be better
            if (!await transport.SetAsideDamagedAsync(entry.Artifact, cancellationToken))
            {
                context.Run.Rejected("artifact", entry.Artifact.Path, "push", ErrorCode.ArtifactCorrupt,
                    $"'{entry.Artifact}' at '{transport.Name}' is damaged and can't be replaced there.");
                return;
            }
            await transport.PutAsync(entry.Artifact, wire, entry.WireSize, cancellationToken);
            _far[(entry.Artifact.Origin, entry.Artifact.Kind)].Changed = true;
            context.Run.Count(static counters => counters.Healed++);
            context.Run.Done("artifact", entry.Artifact.Path, "heal");
        }
        catch (ArtifactSyncException fault) when (fault.Code is ErrorCode.AccessDenied or ErrorCode.ArtifactNotFound)
        {
            // Unreadable for us, perhaps not for others: left alone (spec 2.4), but looked at again.
            _far[(entry.Artifact.Origin, entry.Artifact.Kind)].Incomplete = true;
            context.Observer.Verbose($"'{entry.Artifact}' at '{transport.Name}' can't be read; it is left as it is.");
        }
        catch (ArtifactSyncException fault) when (IsOfOneArtifact(fault))
        {
            _far[(entry.Artifact.Origin, entry.Artifact.Kind)].Missed(entry.Aid);
            context.Run.Failed("artifact", entry.Artifact.Path, "push", fault);
        }
    }

    /// <summary>Our copy, proven; damage asks for repair.</summary>
    private Stream OpenVerified(CatalogEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            return ArtifactReader.OpenIntact(context.Store, entry, cancellationToken);
        }
        catch (ArtifactSyncException fault) when (Faults.IsDamage(fault.Code) || fault.Code == ErrorCode.ArtifactTooLarge)
        {
            StoreDamage.Report(context, entry, cancellationToken);
            throw;
        }
    }

    private async Task SettleAsync(IReadOnlyList<UnsettledPut> unsettled, CancellationToken cancellationToken)
    {
        foreach (var (artifact, error) in unsettled)
        {
            var entry = context.Store.Find(artifact);
            _far[(artifact.Origin, artifact.Kind)].Missed(entry?.Aid ?? 0);
            context.Run.Count(static counters => counters.Sent--);
            if (error is not null)
            {
                context.Run.Failed("artifact", artifact.Path, "push", error);
            }
            else if (entry is not null)
            {
                await ConfinedAsync(artifact.Origin, "push", () => HealAsync(entry, cancellationToken));
            }
        }
        if (unsettled.Count > 0)
        {
            await transport.FlushAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Writes the cursors, when anything happened. One that can't be trusted (something was put, refused or unreadable there)
    /// keeps no token, so that the next exchange lists.
    /// </summary>
    private void Remember(IReadOnlyList<string> origins, long highAid, CancellationToken cancellationToken)
    {
        var cursors = new List<TargetCursor>();
        foreach (var origin in origins.Where(origin => !_leftOut.Contains(origin)))
        {
            foreach (var kind in s_order)
            {
                var cursor = CursorOf(origin, kind, highAid);
                if (_cursors.GetValueOrDefault((origin, kind)) != cursor)
                {
                    cursors.Add(cursor);
                }
            }
        }
        var listed = _listsAll && transport.Traits.IsIncremental;
        if (cursors.Count == 0 && !listed)
        {
            return;
        }
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        var tid = TargetTable.Ensure(transaction.Db, transport.Name);
        // What was collected here meanwhile was not missing when this target was listed, and may be needed again.
        var collected = RetentionTable.Collections(transaction.Db) != _collections;
        foreach (var cursor in cursors)
        {
            TargetTable.SetCursor(transaction.Db, tid, collected ? cursor with { Token = null } : cursor);
        }
        TargetTable.Exchanged(transaction.Db, tid, context.Archive.Clock.GetUtcNow());
        if (listed)
        {
            TargetTable.Listed(transaction.Db, tid, context.Archive.Clock.GetUtcNow());
        }
        transaction.Commit();
    }

    private TargetCursor CursorOf(string origin, ArtifactKind kind, long highAid)
    {
        var far = _far[(origin, kind)];
        if (!transport.Traits.IsIncremental)
        {
            return new TargetCursor(origin, kind, far.Changed || far.Incomplete ? null : far.Token, highAid);
        }
        // Nobody would see by a listing that something of ours is missing: from the first such one on all are sent again.
        return new TargetCursor(origin, kind, far.Incomplete ? null : far.Token, Math.Min(highAid, (far.FirstUnsent ?? long.MaxValue) - 1));
    }
}
