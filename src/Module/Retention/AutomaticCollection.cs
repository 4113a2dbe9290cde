using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Retention;

/// <summary>
/// Collection at the end of an exchange (decisions: automatic collection): with a folder the folder and the local store,
/// with other targets the local store alone. An origin is looked at when it has a new checkpoint, or when something that
/// grace kept became too old; so an exchange with nothing to do costs a row an origin. Trouble here is told in the run
/// and takes nothing from the exchange.
/// </summary>
internal sealed class AutomaticCollection(ExchangeContext context, ExchangeRequest request, ITransport transport)
{
    /// <summary>The rest goes with the next exchanges: nobody waits for garbage.</summary>
    private const long MaxObjects = 10_000;

    private static readonly string s_local = "";

    private readonly TimeSpan _grace = request.GracePeriod ?? CollectRequest.DefaultGrace;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (request.NoCollect)
        {
            return;
        }
        var folder = TargetPath.IsFolder(request.Target) && !File.Exists(Path.Combine(request.Target, FolderTransport.ReleasedMarker));
        var due = Due(folder);
        if (due.Count == 0 && !RetentionTable.HasJournal(context.Archive.Reader))
        {
            return;
        }
        context.Run.Enter("collect");
        try
        {
            await CollectAsync(due, folder, cancellationToken);
        }
        catch (ArtifactSyncException fault)
        {
            context.Observer.Verbose(fault.Message);
            context.Run.Add("origin", "collection", "collect", EntityStatus.Skipped, fault.Code, fault.Message);
        }
    }

    private async Task CollectAsync(List<string> due, bool folder, CancellationToken cancellationToken)
    {
        var collect = new CollectContext(context.Archive, context.Run, context.Observer)
        {
            Grace = _grace, Budget = new CollectBudget(MaxObjects, null), IsAutomatic = true,
        };
        var local = new LocalCollector(collect);
        local.Recover(cancellationToken);
        var marks = new List<CollectionMark>();
        foreach (var origin in due)
        {
            if (folder)
            {
                var skipped = collect.Counters.SkippedOrigins;
                var needed = new LocalMarker(collect, cancellationToken).Mark(origin);
                if (needed.Fault is null && await new TargetCollector(collect, transport).CollectAsync(origin, needed, cancellationToken) is { } there)
                {
                    marks.Add(there);
                }
                if (collect.Counters.SkippedOrigins > skipped)
                {
                    continue; // what stays there would come back
                }
            }
            marks.Add(await local.CollectAsync(origin, cancellationToken));
            if (collect.Budget.IsExhausted)
            {
                break;
            }
        }
        local.Complete(cancellationToken);
        Remember(marks, cancellationToken);
    }

    private List<string> Due(bool folder)
    {
        var reader = context.Archive.Reader;
        var here = RetentionTable.Marks(reader, s_local);
        var there = folder ? RetentionTable.Marks(reader, transport.Name) : [];
        var now = context.Archive.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        return [.. CatalogTable.Origins(reader).ToList().Where(origin => request.GracePeriod is not null
            || IsDue(origin, here.GetValueOrDefault(origin), now) || (folder && IsDue(origin, there.GetValueOrDefault(origin), now)))];
    }

    private bool IsDue(string origin, CollectionMark? mark, long now) => mark is null
        || mark.GraceMs != (long)_grace.TotalMilliseconds
        || mark.CheckpointAid != (CatalogTable.Last(context.Archive.Reader, origin, Wire.ArtifactKind.Checkpoints)?.Aid ?? 0)
        || mark.DueAtMs <= now
        // Its time was set back, or it is gone: what is remembered of the others need not hold either.
        || (mark.Probe is { } probe && LocalFiles.Stat(Path.Combine(context.Archive.ArtifactsFolder, probe))?.Modified != mark.ProbeMtimeNs);

    private void Remember(List<CollectionMark> marks, CancellationToken cancellationToken)
    {
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        foreach (var mark in marks)
        {
            RetentionTable.SetMark(transaction.Db, mark);
        }
        transaction.Commit();
    }
}
