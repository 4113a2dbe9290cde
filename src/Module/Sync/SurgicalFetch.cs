using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tracker;

namespace ArtifactSync.Sync;

/// <summary>Phase 1 of a surgical run: all items are tried, so that one failure tells of all; what fails for every item stops early.</summary>
internal sealed class SurgicalFetch(ArchiveDatabase archive, SurgicalRequest request, RunRecorder run, IRunObserver observer)
{
    private readonly Lock _gate = new();
    private GitLabFault? _stop;
    private int _done;

    /// <exception cref="ArtifactSyncException">SurgicalPreflightFailed: at least one item could not be fetched; the entities tell which.</exception>
    public async Task<(ResolvedProject Project, FetchedItem[] Items)> RunAsync(BundleStore bundle, CancellationToken cancellationToken)
    {
        using var client = new GitLabClient(request.GitLabUri, request.Token, request.Parallel, archive.Clock, archive.Options.Random)
        {
            AttemptTimeout = request.RequestTimeout ?? TimeSpan.FromMinutes(1),
        };
        var preflight = new Preflight(client, bundle, request.GitLabUri, archive.Clock);
        var project = await ResolveAsync(preflight, cancellationToken);
        var items = await FetchAllAsync(preflight, project, cancellationToken);
        run.Count(counters => counters.Fetched = items.Count(i => i is not null));
        archive.Options.Checkpoint("preflight:fetched");
        if (items.Any(i => i is null))
        {
            throw Failed(items.Count(i => i is null));
        }
        run.Flush();
        return (project, [.. items.OfType<FetchedItem>()]);
    }

    /// <summary>What an ingest would do with each item (surgical spec 6).</summary>
    public void Report(ResolvedProject project, FetchedItem[] items)
    {
        var projectId = ProjectTable.Find(archive.Reader, project.InstanceUrl, project.Id);
        foreach (var item in items)
        {
            var known = projectId is { } id ? EntityTable.Find(archive.Reader, item.Item.EntityType, id, item.Item.Iid) : null;
            run.Add(SurgicalEntity.Of(item.Item, "preflight", EntityStatus.Planned, null, Outcome(item, known), archive.Clock.GetUtcNow()));
        }
    }

    private static string Outcome(FetchedItem item, EntityMark? known)
    {
        var remote = Text(item.Entity.UpdatedAt);
        return known switch
        {
            null => $"new: updated {remote} at the server",
            _ when !known.Yields(item.Entity.UpdatedAt, item.FetchedAt.ToUnixTimeMilliseconds()) =>
                $"skipped_stale: updated {remote} at the server, {Text(known.UpdatedAt)} here",
            _ when known.ContentHash == item.Entity.ContentHash && known.UpdatedAt == item.Entity.UpdatedAt => $"unchanged: updated {remote}",
            _ => $"update: updated {remote} at the server, {Text(known.UpdatedAt)} here",
        };
    }

    internal static string Text(long milliseconds) =>
        RunTable.Time(milliseconds).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private async Task<ResolvedProject> ResolveAsync(Preflight preflight, CancellationToken cancellationToken)
    {
        try
        {
            var project = await preflight.ResolveAsync(request.Project, cancellationToken);
            using var transaction = archive.BeginLedger(cancellationToken);
            RunTable.SetOptions(transaction.Db, run.RunId, new SurgicalOptions(request.LastStage, project.Id, project.UserId).Write());
            transaction.Commit();
            return project;
        }
        catch (GitLabFault fault)
        {
            _stop = fault;
            FailAllOpen(new bool[request.Items.Count]);
            throw Failed(request.Items.Count);
        }
    }

    private async Task<FetchedItem?[]> FetchAllAsync(Preflight preflight, ResolvedProject project, CancellationToken cancellationToken)
    {
        var items = new FetchedItem?[request.Items.Count];
        var tried = new bool[request.Items.Count];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var options = new ParallelOptions { MaxDegreeOfParallelism = request.Parallel, CancellationToken = stop.Token };
        try
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, items.Length), options, async (index, token) =>
            {
                items[index] = await FetchAsync(preflight, project, request.Items[index], stop, token);
                tried[index] = true;
            });
        }
        catch (OperationCanceledException) when (_stop is not null && !cancellationToken.IsCancellationRequested)
        {
            FailAllOpen(tried);
        }
        return items;
    }

    private async Task<FetchedItem?> FetchAsync(
        Preflight preflight, ResolvedProject project, TrackedItem item, CancellationTokenSource stop, CancellationToken cancellationToken)
    {
        try
        {
            var fetched = await preflight.FetchAsync(project, item, cancellationToken);
            run.Add(Entity(item, EntityStatus.Ok, null));
            Tell(item);
            return fetched;
        }
        catch (GitLabFault fault)
        {
            run.Add(Entity(item, EntityStatus.Failed, fault));
            observer.Verbose($"{item} failed: {fault.Code}, {fault.Message}");
            Tell(item);
            if (fault.IsRunLevel)
            {
                lock (_gate)
                {
                    _stop ??= fault;
                }
                await stop.CancelAsync();
            }
            return null;
        }
    }

    private void Tell(TrackedItem item) =>
        observer.Progress(new ProgressSnapshot("fetch", item.ToString(), Interlocked.Increment(ref _done), request.Items.Count, 0));

    /// <summary>A token or project that is refused is refused for all: no further item is tried, each is told why.</summary>
    private void FailAllOpen(bool[] tried)
    {
        foreach (var (index, item) in request.Items.Index())
        {
            if (!tried[index])
            {
                run.Add(Entity(item, EntityStatus.Failed, _stop!));
            }
        }
    }

    private SyncRunEntity Entity(TrackedItem item, EntityStatus status, GitLabFault? fault) =>
        SurgicalEntity.Of(item, "preflight", status, fault?.Code, fault?.Message, archive.Clock.GetUtcNow()) with
        {
            HttpStatus = fault?.HttpStatus, RetryAfterSeconds = fault?.RetryAfter, Attempts = fault?.Attempts ?? 1,
        };

    private ArtifactSyncException Failed(int count) => new(
        ErrorCode.SurgicalPreflightFailed,
        $"{count} of {request.Items.Count} items of '{request.Project}' could not be fetched"
            + $"{(_stop is null ? "" : $" ({_stop.Code}: {_stop.Message})")}; nothing was written.",
        request.Project);
}
