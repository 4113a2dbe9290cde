using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tracker;

namespace ArtifactSync.Sync;

/// <summary>Phases 2 to 5 of a surgical run, under the lease. Rows that tell of a success are part of the transaction that made it.</summary>
internal sealed class SurgicalWrite(
    ArchiveDatabase archive, Lease lease, BundleStore bundle, SurgicalRequest request, RunRecorder run, IRunObserver observer)
{
    private long Now => archive.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>All items in one transaction; a fresher row in the archive is left alone and skipped (spec 4).</summary>
    /// <exception cref="ArtifactSyncException">IngestFailed or the code of the database: nothing was written.</exception>
    public List<IngestedItem> Ingest(ResolvedProject project, FetchedItem[] items, CancellationToken cancellationToken)
    {
        archive.Options.Checkpoint("ingest:begin");
        List<IngestedItem> ingested = [];
        try
        {
            using var transaction = lease.Begin();
            var db = transaction.Db;
            DependentQueue.Prune(db, Now);
            var projectId = ProjectTable.Put(db, project);
            foreach (var item in items)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Ingest(db, projectId, item, ingested);
                archive.Options.Checkpoint("ingest:item");
            }
            RunTable.SetPhase(db, run.RunId, "dependents", run.Counters, archive.Clock.GetUtcNow());
            archive.Options.Checkpoint("ingest:commit");
            transaction.Commit();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Rolledback(items, e);
        }
        var skipped = items.Length - ingested.Count;
        run.Count(counters => (counters.Ingested, counters.SkippedStale) = (ingested.Count, skipped));
        return ingested;
    }

    /// <summary>Threads and events of each; what failed is left out of the result, and its document waits for the drain.</summary>
    public List<IngestedItem> ApplyDependents(List<IngestedItem> items, long? user, CancellationToken cancellationToken)
    {
        var dependents = new Dependents(bundle, run.RunId, user, archive.Clock, archive.Options.Checkpoint);
        List<IngestedItem> applied = [];
        foreach (var (index, item) in items.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            observer.Progress(new ProgressSnapshot("store", item.Fetched.Item.ToString(), index, items.Count, 0));
            try
            {
                var outcome = dependents.Apply(lease, item, db => Done(db, item.Fetched.Item, "dependents"), cancellationToken);
                run.Count(counters =>
                {
                    counters.DependentsDone += outcome.Done;
                    counters.Unchanged += !item.EntityChanged && outcome.Lists.Changed == 0 ? 1 : 0;
                });
                applied.Add(item);
            }
            catch (GitLabFault fault)
            {
                Failed(item.Fetched.Item, "dependents", fault.Code, fault.Message);
            }
        }
        return applied;
    }

    /// <summary>The documents of exactly these items; returns their ids.</summary>
    public List<(TrackedItem Item, long DocumentId)> RebuildDocuments(List<IngestedItem> items, CancellationToken cancellationToken)
    {
        List<(TrackedItem, long)> documents = [];
        foreach (var (index, item) in items.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            observer.Progress(new ProgressSnapshot("documents", item.Fetched.Item.ToString(), index, items.Count, 0));
            try
            {
                using var transaction = lease.Begin();
                var document = DocumentBuilder.Rebuild(transaction.Db, item.EntityType, item.EntityId, run.RunId, Now);
                var wasOurs = DirtyTable.Remove(transaction.Db, item.DirtyId);
                Done(transaction.Db, item.Fetched.Item, "docs");
                transaction.Commit();
                run.Count(counters =>
                {
                    counters.DocumentsRegenerated++;
                    counters.DocumentsTakenOver += wasOurs ? 0 : 1;
                });
                documents.Add((item.Fetched.Item, document!.Value));
            }
            catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
            {
                Failed(item.Fetched.Item, "docs", ErrorCode.DocsFailed, fault.Message);
            }
            archive.Options.Checkpoint("docs:document");
        }
        return documents;
    }

    /// <summary>Embeddings of these documents and of no other (spec 39).</summary>
    public async Task EmbedAsync(List<(TrackedItem Item, long DocumentId)> documents, CancellationToken cancellationToken)
    {
        if (request.Embed is not { } target)
        {
            observer.Verbose("There is no embedding server (-EmbedUri): the documents can be found by words only.");
            return;
        }
        using var client = new EmbedClient(target);
        var embedder = new Embedder(client, archive.Reader, Write, archive.Clock, archive.Options.Checkpoint);
        foreach (var (index, (item, document)) in documents.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            observer.Progress(new ProgressSnapshot("embed", item.ToString(), index, documents.Count, 0));
            try
            {
                await embedder.EmbedAsync(document, db => Done(db, item, "embed"), cancellationToken);
                run.Count(counters => counters.DocumentsEmbedded++);
            }
            catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.EmbedUnavailable && !target.IsRequired)
            {
                observer.Warning($"{fault.Message} The documents have no embeddings yet; Update-ArchiveIndex makes up for it.");
                SkipEmbedding(documents.Skip(index).Select(d => d.Item));
                return;
            }
            catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
            {
                Failed(item, "embed", fault.Code, fault.Message);
            }
            archive.Options.Checkpoint("embed:document");
        }
    }

    private void Ingest(Database db, long projectId, FetchedItem item, List<IngestedItem> ingested)
    {
        var fetchedAt = item.FetchedAt.ToUnixTimeMilliseconds();
        var known = EntityTable.Find(db, item.Item.EntityType, projectId, item.Item.Iid);
        if (EntityTable.Put(db, projectId, item.Entity, fetchedAt, run.RunId, bundle.Read(item.Raw)) is not { } id)
        {
            RunTable.UpsertEntity(db, run.RunId, Entity(item.Item, "ingest", EntityStatus.Skipped, null, "The archive has a fresher one."));
            observer.Verbose($"{item.Item} is left as it is: the archive has a fresher one.");
            return;
        }
        var dirty = DirtyTable.Add(db, item.Item.EntityType, id, Now);
        DependentQueue.Enqueue(db, run.RunId, projectId, item.Item.EntityType, id, Now);
        Done(db, item.Item, "ingest");
        var changed = known?.ContentHash != item.Entity.ContentHash || known.UpdatedAt != item.Entity.UpdatedAt;
        ingested.Add(new IngestedItem(item, projectId, id, dirty, changed));
    }

    /// <summary>The failure goes to the ledger after the rollback, on its own.</summary>
    private ArtifactSyncException Rolledback(FetchedItem[] items, Exception e)
    {
        var code = e is ArtifactSyncException known && known.Code != ErrorCode.UnexpectedError ? known.Code : ErrorCode.IngestFailed;
        var message = $"Nothing of this run was written: {e.Message}";
        foreach (var item in items)
        {
            Failed(item.Item, "ingest", code, message);
        }
        return new ArtifactSyncException(code, message, request.Project, e);
    }

    private void Write(Action<Database> work)
    {
        using var transaction = lease.Begin();
        work(transaction.Db);
        transaction.Commit();
    }

    private void SkipEmbedding(IEnumerable<TrackedItem> items)
    {
        foreach (var item in items)
        {
            run.Add(Entity(item, "embed", EntityStatus.Skipped, null, "There was no embedding server."));
        }
    }

    private void Done(Database db, TrackedItem item, string stage) =>
        RunTable.UpsertEntity(db, run.RunId, Entity(item, stage, EntityStatus.Ok, null, null));

    private void Failed(TrackedItem item, string stage, ErrorCode code, string message) =>
        run.Add(Entity(item, stage, EntityStatus.Failed, code, message));

    private SyncRunEntity Entity(TrackedItem item, string stage, EntityStatus status, ErrorCode? code, string? message) =>
        SurgicalEntity.Of(item, stage, status, code, message, archive.Clock.GetUtcNow());
}
