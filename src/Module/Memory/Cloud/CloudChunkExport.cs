using ArtifactSync.Archive;

namespace ArtifactSync.Memory.Cloud;

/// <summary>
/// Sends the pending changes of a project as chunks (memory spec 4.5). A chunk is recorded under the id that the server names, and what it
/// holds wholly is acked with that in one transaction; without it nothing is.
/// </summary>
internal sealed class CloudChunkExport(MemorySync sync, MutationClient client, string project)
{
    /// <param name="patience">Wait for a cycle of another process at most.</param>
    /// <param name="sent">Told of each chunk that the server keeps, with its id there and the size of the request.</param>
    /// <exception cref="Errors.ArtifactSyncException">SyncInProgress; what the server answers.</exception>
    public async Task RunAsync(
        TimeSpan patience, Func<CloudChunkPlan, string, long, ValueTask> sent, CancellationToken cancellationToken)
    {
        var cycle = new MemoryCycle(sync);
        if (OwesPass())
        {
            // An old edit would become the latest of the log (5.2).
            await cycle.PullAsync(patience, cancellationToken);
        }

        await cycle.HoldAsync(patience, token => SendAsync(sent, token), cancellationToken);
    }

    private bool OwesPass() => sync.State.Owes != OwedPass.None || sync.State.ServerUrl != client.ServerUrl
        || !MemoryProjectTable.IsSendable(sync.Archive.Reader, project);

    private async Task SendAsync(Func<CloudChunkPlan, string, long, ValueTask> sent, CancellationToken cancellationToken)
    {
        new MutationPush(sync).SettleUnassigned(cancellationToken);
        CloudChunkPlan? plan = null;
        var isKept = false;
        while (plan is not { HasMore: false } && MemoryProjectTable.IsSendable(sync.Archive.Reader, project))
        {
            plan = Next(plan?.LastSeq ?? 0, cancellationToken);
            if (plan.Chunk is { } chunk)
            {
                sync.BeforeRequest("chunk", cancellationToken);
                var createdAt = ChunkManifest.Time(sync.Archive.Clock.GetUtcNow());
                var (id, size) = await client.PushChunkAsync(chunk, ChunkManifest.Author(), createdAt, cancellationToken);
                sync.Archive.Options.Checkpoint("memory:chunk-pushed");
                sync.Write("chunk-recorded", db => Record(db, id, plan, sync.Now), cancellationToken);
                isKept = true;
                await sent(plan, id, size);
            }
        }

        sync.Write("chunks-sent", db => SetState(db, isKept, sync.Now), cancellationToken);
    }

    private CloudChunkPlan Next(long after, CancellationToken cancellationToken)
    {
        using var snapshot = sync.Archive.Reader.Snapshot();
        return CloudChunkPlan.Read(sync.Archive.Reader, project, after, cancellationToken);
    }

    private void Record(Database db, string id, CloudChunkPlan plan, long now)
    {
        var target = MemoryTargetTable.OfProject(project);
        ChunkTable.Add(db, target, id, now);
        foreach (var (entity, key, hash) in plan.Deletes)
        {
            ChunkTable.AddRow(db, target, id, entity, key, hash);
        }

        PushCommit.AckAll(db, plan.Acked, now);
    }

    /// <summary>What waits for the mutation push is pending. A block ends only when the server has shown that it takes something.</summary>
    private void SetState(Database db, bool isKept, long now)
    {
        var target = MemoryTargetTable.OfProject(project);
        if (isKept)
        {
            MemoryTargetTable.SetHealthy(db, target, now);
        }

        MemoryTargetTable.SetAcked(db, target, 0, JournalTable.HasPendingOf(db, project), now);
    }
}
