using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Sync;

namespace ArtifactSync.Memory.Cloud;

/// <summary>
/// One cycle: push, then pull (memory spec 7.1). Faults of single projects and mutations are told in the report and leave the
/// rest alone; what ends a cycle is recorded with the target and returned as <see cref="CycleReport.Failure"/>.
/// </summary>
internal sealed class MemoryCycle(MemorySync sync)
{
    /// <summary>Runs a cycle, waiting for one of another process at most <paramref name="patience"/>.</summary>
    /// <exception cref="ArtifactSyncException">SyncInProgress.</exception>
    public async Task<CycleReport> RunAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var lease = await CycleLease.AcquireAsync(sync.Archive, sync.RunId, patience, cancellationToken);
        sync.Lease = lease;
        var report = sync.Report;
        try
        {
            await IdentifyAsync(cancellationToken);
            report.Failure = sync.State.Owes == OwedPass.PassAfterReset ? null : await new MutationPush(sync).RunAsync(cancellationToken);
            if (report.Failure is null)
            {
                await new MutationPull(sync).RunAsync(cancellationToken);
            }
        }
        catch (ArtifactSyncException fault)
        {
            report.Failure = fault;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // Whatever it was, the next cycle comes (7.1); watching must not end by it.
            report.Failure = new ArtifactSyncException(
                ErrorCode.UnexpectedError, $"The cycle with '{sync.Api.ServerUrl}' failed: {fault.Message}", sync.Api.ServerUrl, fault);
        }
        finally
        {
            sync.Lease = null;
        }

        Record();
        return report;
    }

    /// <summary>The pull alone.</summary>
    public async Task<CycleReport> PullAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        await HoldAsync(patience, new MutationPull(sync).RunAsync, cancellationToken);
        return sync.Report;
    }

    /// <summary>Does something while no other process synchronises, with cursor and numbers that belong to this server.</summary>
    /// <exception cref="ArtifactSyncException">SyncInProgress.</exception>
    public async Task HoldAsync(TimeSpan patience, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var lease = await CycleLease.AcquireAsync(sync.Archive, sync.RunId, patience, cancellationToken);
        sync.Lease = lease;
        try
        {
            await IdentifyAsync(cancellationToken);
            await work(cancellationToken);
        }
        finally
        {
            sync.Lease = null;
        }
    }

    /// <summary>Cursor and numbers belong to one server; another address is another log (7.3).</summary>
    private async Task IdentifyAsync(CancellationToken cancellationToken)
    {
        var (state, server, now) = (sync.State, sync.Api.ServerUrl, sync.Now);
        var order = sync.Settings.Order ?? state.Order;
        if (state.ServerUrl is { } known && known != server)
        {
            sync.BeforeRequest("probe", cancellationToken);
            await sync.Api.PullAsync(0, 1, cancellationToken); // nothing is forgotten for an address that does not answer
            sync.Observer.Warning(
                $"This archive was synchronised with '{known}' before; '{server}' is read from its beginning, and what it lacks is queued.");
            sync.Report.WasReset = true;
            sync.Write("server", db => MemoryTargetTable.Reset(db, server, now), cancellationToken);
        }

        if (state.ServerUrl is not null && order != state.Order)
        {
            sync.Observer.Warning($"The memory order changes from {state.Order} to {order}. All clients of '{server}' must use the same.");
        }

        if (state.ServerUrl != server || order != state.Order)
        {
            sync.Write("server", db => MemoryTargetTable.SetServer(db, server, order, now), cancellationToken);
        }
    }

    /// <summary>How it ended, with the target and its projects (5.5). A failing archive can't be told about itself.</summary>
    private void Record()
    {
        var report = sync.Report;
        if (report.Failure is { } failure && !SyncReason.IsOfServer(failure.Code) && Faults.EndsRun(failure.Code))
        {
            return;
        }

        using var transaction = sync.Archive.BeginLedger();
        var (db, now) = (transaction.Db, sync.Now);
        foreach (var fault in report.Faults.Where(fault => fault.EntityType == "project"))
        {
            MemoryTargetTable.SetBlocked(db, MemoryTargetTable.OfProject(fault.Key), SyncReason.Of(fault.Code), fault.Message, now);
        }

        if (report.Failure is not null)
        {
            var failures = MemoryTargetTable.Read(db).ConsecutiveFailures + 1;
            var until = now + (long)Backoff.Delay(failures, sync.Archive.Options.Random).TotalMilliseconds;
            MemoryTargetTable.SetFailure(
                db, MemoryTargetTable.Cloud, SyncReason.Of(report.Failure.Code), report.Failure.Message, until, now);
        }
        else if (report.PushFault is { Code: not ErrorCode.MutationRefused } fault)
        {
            MemoryTargetTable.SetBlocked(db, MemoryTargetTable.Cloud, SyncReason.Of(fault.Code), fault.Message, now);
        }
        else if (Unenrolled(db) is { Length: > 0 } rows)
        {
            MemoryTargetTable.SetBlocked(
                db, MemoryTargetTable.Cloud, SyncReason.NotEnrolled,
                    $"Changes of projects that are not enrolled wait: {rows}. Enable-MemoryProject sends them.", now);
        }
        else
        {
            MemoryTargetTable.SetHealthy(db, MemoryTargetTable.Cloud, now);
        }

        transaction.Commit();
    }

    /// <summary>Rows that wait for an enrollment, <c>project=count</c>, when nothing else is pending (7.1).</summary>
    private static string Unenrolled(Database db)
    {
        var pending = JournalTable.CountPending(db);
        return pending.Any(count => count.IsEnrolled) ? "" : string.Join(", ", pending.Select(count => $"{count.Project}={count.Count}"));
    }
}
