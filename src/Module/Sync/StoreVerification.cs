using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Sync;

/// <summary>
/// Reads every artifact of the local store and compares it with the catalog; before pulling, so that the target can repair
/// what is damaged in the same run.
/// </summary>
internal sealed class StoreVerification(ExchangeContext context)
{
    private const int Page = 2_000;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var reader = context.Archive.Reader;
        var (done, total) = (0L, CatalogTable.Count(reader));
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = context.Options.ThrottleLimit, CancellationToken = cancellationToken };
        for (var last = 0L; ;)
        {
            var page = CatalogTable.ListAfter(reader, last).Take(Page).ToList();
            if (page.Count == 0)
            {
                return;
            }
            await Parallel.ForEachAsync(page, parallel, (entry, token) =>
            {
                Verify(entry, token);
                context.Observer.Progress(new ProgressSnapshot("Verifying", entry.Artifact.Path, Interlocked.Increment(ref done), total, 0));
                return ValueTask.CompletedTask;
            });
            last = page[^1].Aid;
        }
    }

    private void Verify(CatalogEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            if (!ArtifactReader.IsIntact(context.Store, entry, cancellationToken))
            {
                StoreDamage.Report(context, entry, cancellationToken);
            }
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            context.Run.Failed("artifact", entry.Artifact.Path, "verify", fault);
        }
    }
}
