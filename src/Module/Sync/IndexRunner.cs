using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tracker;

namespace ArtifactSync.Sync;

/// <summary>
/// The drain (decisions: there is no full project sync): documents of all items that are behind, embeddings for all documents that
/// lack them, and the list of items whose threads and events are owed. The lease is held for one write at a time.
/// </summary>
internal sealed class IndexRunner(ArchiveDatabase archive, EmbedTarget? embed, IRunObserver observer)
{
    public Task<SyncRun> RunAsync(CancellationToken cancellationToken) => RunRecorder.DoAsync(
        archive, static runId => new RunStart(runId, RunKind.Rebuild) { Phase = "docs" }, observer, WorkAsync, cancellationToken);

    public static SyncRun Plan(EngineOptions options, Database db, EmbedTarget? embed) => PlannedRun.Of(options, RunKind.Rebuild, target: null, new RunCounters
    {
        DocumentsRegenerated = DirtyTable.All(db).Count,
        DocumentsEmbedded = embed is null ? 0 : EmbeddingTable.Lacking(db, embed.Model).Count,
    });

    private async Task WorkAsync(RunRecorder run, CancellationToken cancellationToken)
    {
        RebuildDocuments(run, cancellationToken);
        if (embed is not null)
        {
            run.Enter("embed");
            await EmbedAsync(run, embed, cancellationToken);
        }
        ListOwed(run);
    }

    private void RebuildDocuments(RunRecorder run, CancellationToken cancellationToken)
    {
        var dirty = DirtyTable.All(archive.Reader);
        foreach (var (index, (sourceType, sourceId, upTo)) in dirty.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            observer.Progress(new ProgressSnapshot("documents", null, index, dirty.Count, 0));
            Write(run, db =>
            {
                // Rows that come meanwhile stay: they say that there is more to do.
                var now = archive.Clock.GetUtcNow().ToUnixTimeMilliseconds();
                var document = DocumentBuilder.Rebuild(db, sourceType, sourceId, run.RunId, now);
                DirtyTable.RemoveUpTo(db, sourceType, sourceId, upTo);
                if (document is { } id && DocumentTable.Source(db, id) is { } source)
                {
                    RunTable.UpsertEntity(db, run.RunId, Entity(source, "docs", EntityStatus.Ok, null));
                    run.Count(counters => counters.DocumentsRegenerated++);
                }
            }, cancellationToken);
            archive.Options.Checkpoint("docs:document");
        }
    }

    private async Task EmbedAsync(RunRecorder run, EmbedTarget target, CancellationToken cancellationToken)
    {
        using var client = new EmbedClient(target);
        var embedder = new Embedder(
            client, archive.Reader, work => Write(run, work, cancellationToken), archive.Clock, archive.Options.Checkpoint);
        var lacking = EmbeddingTable.Lacking(archive.Reader, target.Model);
        foreach (var (index, document) in lacking.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            observer.Progress(new ProgressSnapshot("embed", null, index, lacking.Count, 0));
            var source = DocumentTable.Source(archive.Reader, document);
            try
            {
                await embedder.EmbedAsync(document, db =>
                {
                    if (source is { } item)
                    {
                        RunTable.UpsertEntity(db, run.RunId, Entity(item, "embed", EntityStatus.Ok, null));
                    }
                }, cancellationToken);
                run.Count(counters => counters.DocumentsEmbedded++);
            }
            catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.EmbedUnavailable && !target.IsRequired)
            {
                observer.Warning($"{fault.Message} Nothing more is embedded now.");
                return;
            }
            catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.EmbedFailed && source is { } item)
            {
                run.Add(Entity(item, "embed", EntityStatus.Failed, fault));
            }
        }
    }

    private void ListOwed(RunRecorder run)
    {
        foreach (var (entityType, iid, project, owner) in EntityTable.Owed(archive.Reader))
        {
            var advice = owner is null ? "" : $"; repeat run '{owner}' with -RetryFailed";
            run.Count(static counters => counters.Deferred++);
            run.Add(Entity((entityType, iid, project), "dependents", EntityStatus.Deferred, new ArtifactSyncException(
                ErrorCode.DependentFailed, $"Threads and events of {entityType} {iid} of '{project}' are owed{advice}.")));
        }
    }

    private void Write(RunRecorder run, Action<Database> work, CancellationToken cancellationToken)
    {
        using var lease = archive.AcquireLease(run.RunId, archive.Options.LeaseTimeout, cancellationToken);
        using var transaction = lease.Begin();
        work(transaction.Db);
        transaction.Commit();
    }

    /// <summary>Items of any project: the key says which.</summary>
    private SyncRunEntity Entity((string EntityType, long Iid, string Project) item, string stage, EntityStatus status, ArtifactSyncException? fault) =>
        SurgicalEntity.Of(new TrackedItem(item.EntityType, item.Iid), stage, status, fault?.Code, fault?.Message, archive.Clock.GetUtcNow()) with
        {
            Key = $"{item.Project}{(item.EntityType == TrackedItem.Issue ? '#' : '!')}{item.Iid}",
        };
}
