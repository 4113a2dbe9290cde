using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>Runs that send the changes of a project to a server as chunks, or merge those that it keeps (memory spec 4.5).</summary>
/// <param name="open">The client; nothing is asked of the server before the project is known to be enrolled.</param>
internal sealed class CloudChunkRunner(
    ArchiveDatabase archive, Func<MutationClient> open, CloudChunkRequest request, IRunObserver observer)
{
    private readonly string _project = MemoryText.Project(request.Project);

    /// <exception cref="ArtifactSyncException">What ended the run; it is in the ledger too. MemoryNotEnrolled, SyncInProgress, and what
    /// the server answers.</exception>
    public async Task<MemoryImportResult> ImportAsync(CancellationToken cancellationToken)
    {
        using var run = Begin("import", MemoryWork.ImportCloudChunks, cancellationToken);
        var result = await run.GuardAsync(() => AtServerAsync(run, async (sync, client) =>
        {
            var outcome = new ChunkOutcome(new MergeCounts(), 0, 0, null);
            await new MemoryCycle(sync).HoldAsync(
                archive.Options.LeaseTimeout, async token => outcome = await ImportAllAsync(sync, client, token), cancellationToken);
            run.Count(0, 0, sync.Report.BytesReceived);
            if (outcome.Fault is { } fault)
            {
                Block(fault);
            }

            return run.Record(MemoryChunkRunner.ToResult(request.Target, outcome));
        }));
        run.Finish();
        return result;
    }

    /// <param name="done">Takes an object a chunk, as it is sent; one that says so when there was nothing new.</param>
    public async Task ExportAsync(Func<MemoryChunk, ValueTask> done, CancellationToken cancellationToken)
    {
        using var run = Begin("export", MemoryWork.ExportCloudChunks, cancellationToken);
        await run.GuardAsync(() => AtServerAsync(run, async (sync, client) =>
        {
            var sent = 0L;
            await new CloudChunkExport(sync, client, _project).RunAsync(archive.Options.LeaseTimeout, TellAsync, cancellationToken);
            if (sent == 0)
            {
                await done(run.Record(Unchanged()));
            }

            return sent;

            ValueTask TellAsync(CloudChunkPlan plan, string id, long size)
            {
                run.Count(plan.Acked.Count, size, 0);
                observer.Progress(new ProgressSnapshot("chunks", id, ++sent, 0, size));
                if (id != plan.Chunk!.Id)
                {
                    observer.Verbose($"'{client.ServerUrl}' keeps the chunk as '{id}'; its content here has the id '{plan.Chunk.Id}'.");
                }

                return done(run.Record(Describe(plan) with { Status = "Exported", ChunkId = id, Pending = Pending() }));
            }
        }));
        run.Finish();
    }

    /// <summary>What an export would send, as far as this archive knows; nothing is asked of the server.</summary>
    public IEnumerable<MemoryChunk> PlanExport(CancellationToken cancellationToken)
    {
        RequireEnrolled();
        if (!MemoryProjectTable.IsSendable(archive.Reader, _project))
        {
            observer.Warning(
                $"Project '{_project}' was not synchronised since it was enrolled: the whole log of the server is read first, and what it " +
                "lacks of the project is sent, too.");
        }

        using var snapshot = archive.Reader.Snapshot();
        CloudChunkPlan? plan = null;
        var (isEmpty, left) = (true, Pending());
        while (plan is not { HasMore: false })
        {
            plan = CloudChunkPlan.Read(archive.Reader, _project, plan?.LastSeq ?? 0, cancellationToken);
            if (plan.Chunk is not null)
            {
                (isEmpty, left) = (false, left - plan.Acked.Count);
                yield return Describe(plan) with { Status = "Planned", Pending = left };
            }
        }

        if (isEmpty)
        {
            yield return Unchanged();
        }
    }

    /// <summary>What an import would change: the chunks are read, and merged into a plan.</summary>
    public async Task<MemoryImportResult> PlanImportAsync(CancellationToken cancellationToken)
    {
        RequireEnrolled();
        using var client = open();
        var rules = MergeRules.CloudChunk(MemoryTargetTable.Rule(archive.Reader).Order);
        var source = CloudChunkSource.Of(client, _project, static _ => { }, static _ => { });
        return await MemoryChunkRunner.PlanImportAsync(archive, archive.Options, source, rules, observer, cancellationToken)
            with { Path = request.Target };
    }

    private async Task<ChunkOutcome> ImportAllAsync(MemorySync sync, MutationClient client, CancellationToken cancellationToken)
    {
        var source = CloudChunkSource.Of(
            client, _project, step => sync.BeforeRequest(step, cancellationToken), bytes => sync.Report.BytesReceived += bytes);
        var outcome = await new ChunkImport(
            source, MergeRules.CloudChunk(sync.State.Order), archive.Reader, Transact, before: null, observer).RunAsync(cancellationToken);
        using var lease = archive.AcquireLease(sync.RunId, archive.Options.LeaseTimeout, cancellationToken);
        Deferral.Replay(
            lease, archive.Clock, archive.Options.Random, MemoryTargetTable.Rule(archive.Reader), outcome.Counts.HasChanges, cancellationToken);
        return outcome;

        void Transact(Action<ChangeContext> work) => sync.Write("chunk-merged", db =>
        {
            using var change = new ChangeContext(db, archive.Clock, archive.Options.Random) { IsFromServer = true };
            work(change);
            change.Complete();
        }, cancellationToken);
    }

    /// <summary>Does work at the server of an enrolled project; what the server is to blame for is the state of the project (5.5).</summary>
    private async Task<T> AtServerAsync<T>(MemoryRun run, Func<MemorySync, MutationClient, Task<T>> work)
    {
        try
        {
            RequireEnrolled();
            using var client = open();
            return await work(new MemorySync(archive, client, new MemorySyncSettings(), run.RunId, observer), client);
        }
        catch (ArtifactSyncException fault)
        {
            Block(fault);
            throw;
        }
    }

    /// <summary>The state of the project says why nothing goes to the server; a fault of this machine is no state of it.</summary>
    private void Block(ArtifactSyncException fault)
    {
        var reason = fault.Code == ErrorCode.MemoryNotEnrolled ? SyncReason.BlockedUnenrolled : SyncReason.Of(fault.Code);
        if (fault.Code != ErrorCode.MemoryNotEnrolled && !SyncReason.IsOfServer(fault.Code))
        {
            return;
        }

        using var transaction = archive.BeginLedger();
        MemoryTargetTable.SetBlocked(
            transaction.Db, MemoryTargetTable.OfProject(_project), reason, fault.Message, archive.Clock.GetUtcNow().ToUnixTimeMilliseconds());
        transaction.Commit();
    }

    private void RequireEnrolled()
    {
        if (!MemoryProjectTable.IsEnrolled(archive.Reader, _project))
        {
            throw new ArtifactSyncException(
                ErrorCode.MemoryNotEnrolled,
                $"Project '{_project}' is not enrolled in '{archive.Folder}', so nothing of it goes to a server or comes from one.", _project);
        }
    }

    private MemoryRun Begin(string phase, MemoryWork work, CancellationToken cancellationToken) => MemoryRun.Begin(
        archive, phase, new MemoryImportRecord(work, [request.Target], _project), request.ParentRunId, observer, cancellationToken);

    private long Pending() => JournalTable.CountPendingOf(archive.Reader, _project);

    private MemoryChunk Unchanged() => new() { Path = request.Target, Project = _project, Status = "Unchanged", Pending = Pending() };

    private MemoryChunk Describe(CloudChunkPlan plan) => new()
    {
        Path = request.Target,
        Project = _project,
        Sessions = plan.Chunk!.Count(Entity.Session),
        Observations = plan.Chunk.Count(Entity.Observation),
        Prompts = plan.Chunk.Count(Entity.Prompt),
        Deletes = plan.Deletes.Count,
    };
}
