using ArtifactSync.Archive;
using ArtifactSync.Errors;

namespace ArtifactSync.Memory.Cloud;

/// <summary>What follows when a walk reached the head of the log (memory spec 7.5, 8.3, 8.5).</summary>
internal sealed class PullEnd(MemorySync sync, PullPass pass)
{
    /// <summary>False when the log lacks what it once confirmed, so that it is another one (7.3).</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        if (await HasLostAsync(cancellationToken))
        {
            return false;
        }

        Replay(cancellationToken);
        var readable = pass.Kind == PassKind.FromZero ? await ReadableAsync(cancellationToken) : [];
        sync.Report.Queued += sync.Change("answers", change => Settle(change, readable), cancellationToken);
        sync.Report.ReadFromZero |= pass.Kind == PassKind.FromZero;
        return true;
    }

    /// <summary>Numbers of ours above the cursor, of projects that may be read, were confirmed and then lost.</summary>
    private async Task<bool> HasLostAsync(CancellationToken cancellationToken)
    {
        var db = sync.Archive.Reader;
        foreach (
            var project in MappingTable.Above(db, MemoryTargetTable.Cursor(db)).Select(mapped => mapped.Project)
                .Distinct(StringComparer.Ordinal).ToList())
        {
            if (await CanReadAsync(project, cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<HashSet<string>> ReadableAsync(CancellationToken cancellationToken)
    {
        var readable = new HashSet<string>(StringComparer.Ordinal);
        foreach (var project in VersionTable.UnnumberedProjects(sync.Archive.Reader))
        {
            if (await CanReadAsync(project, cancellationToken))
            {
                readable.Add(project);
            }
            else if (pass.Owes == OwedPass.PassAfterReset)
            {
                sync.Report.Faults.Add(new CycleFault(
                    "project", project, "pull", ErrorCode.TargetForbidden,
                        $"The token may not read project '{project}' at '{sync.Api.ServerUrl}' any more."));
            }
        }

        return readable;
    }

    private async Task<bool> CanReadAsync(string project, CancellationToken cancellationToken)
    {
        sync.BeforeRequest("manifest", cancellationToken);
        return await sync.Api.CanReadAsync(project, cancellationToken);
    }

    private void Replay(CancellationToken cancellationToken)
    {
        var archive = sync.Archive;
        var (waiting, _) = DeferredTable.Count(archive.Reader);
        var state = sync.State;
        var rule = new VersionRule(state.Order, state.Cursor, pass.Kind == PassKind.FromZero);
        var applied = sync.Report.Applied > 0;
        for (var (tried, settled) = (0L, 1); tried < waiting && settled > 0; tried += Deferral.ReplayBatch)
        {
            using var lease = archive.AcquireLease(sync.RunId, archive.Options.LeaseTimeout, cancellationToken);
            (settled, var died) = Deferral.Replay(lease, archive.Clock, archive.Options.Random, rule, applied, cancellationToken);
            sync.Report.Applied += settled;
            sync.Report.Died += died;
            archive.Options.Checkpoint("memory:replayed");
        }
    }

    /// <summary>
    /// In one transaction: what the log lacks, what enrolled projects owe it, and the answers. Returns the number of rows journalled.
    /// </summary>
    private long Settle(ChangeContext change, HashSet<string> readable)
    {
        var db = change.Db;
        var before = change.Journalled;
        if (pass.Kind == PassKind.FromZero)
        {
            // The pass gave a number to all that the log has: what is still without one is what it lacks. After a reset that
            // may be anything; later it is what belonged to a project that was not enrolled then.
            foreach (
                var (entity, key) in VersionTable.Unnumbered(db).Where(row => readable.Contains(row.Project))
                    .Select(row => (row.Entity, row.Key)).Distinct().ToList())
            {
                change.Queue(entity, key);
            }

            foreach (var project in pass.Owing.Where(project => MemoryProjectTable.IsEnrolled(db, project)))
            {
                Backfill.Run(change, project);
            }

            MemoryTargetTable.SettlePass(db);
        }

        Answers.Write(change);
        MappingTable.Prune(db, MemoryTargetTable.Cursor(db));
        MemoryTargetTable.CountPull(db, change.NowMs);
        return change.Journalled - before;
    }
}
