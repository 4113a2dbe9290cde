using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tracker;

namespace ArtifactSync.Sync;

/// <summary>
/// One surgical run (surgical spec 3): fetch everything without a lock, then under the lease write all items in one
/// transaction, apply their threads and events, rebuild their documents and embed those. All items are fetched or none is written.
/// </summary>
internal sealed class SurgicalRunner(ArchiveDatabase archive, SurgicalRequest request, IRunObserver observer)
{
    /// <summary>The run as the ledger has it, whatever became of it.</summary>
    public async Task<SyncRun> RunAsync(CancellationToken cancellationToken)
    {
        using var run = RunRecorder.Begin(archive, Describe, observer, cancellationToken);
        run.Count(counters => counters.Requested = request.Items.Count);
        try
        {
            TellLeftOut(run);
            if (request.Items.Count > 0)
            {
                await WorkAsync(run, cancellationToken);
            }
            return run.Finish(null, db => Abort(run, db, "finished"));
        }
        catch (OperationCanceledException)
        {
            run.Abandon(db => Abort(run, db, nameof(ErrorCode.Cancelled)));
            throw;
        }
        catch (ArtifactSyncException fault)
        {
            return run.Finish(fault, db => Abort(run, db, fault.Code.ToString()));
        }
        catch (Exception fault)
        {
            var unexpected = new ArtifactSyncException(ErrorCode.UnexpectedError, fault.Message, request.Project, fault);
            run.Finish(unexpected, db => Abort(run, db, nameof(ErrorCode.UnexpectedError)));
            throw;
        }
    }

    private RunStart Describe(string runId) => new(runId, request.PreflightOnly ? RunKind.Preflight : RunKind.Surgical)
    {
        ParentRunId = request.ParentRunId,
        Target = $"{request.GitLabUri}/{request.Project}",
        InstanceUrl = request.GitLabUri,
        Project = request.Project,
        Phase = "preflight",
        RequestedJson = SurgicalRecord.Write(request),
        OptionsJson = new SurgicalOptions(request.LastStage, null, null).Write(),
    };

    private async Task WorkAsync(RunRecorder run, CancellationToken cancellationToken)
    {
        using var bundle = new BundleStore();
        var fetch = new SurgicalFetch(archive, request, run, observer);
        var (project, items) = await fetch.RunAsync(bundle, cancellationToken);
        if (request.PreflightOnly)
        {
            fetch.Report(project, items);
            return;
        }

        run.Enter("ingest");
        using var lease = archive.AcquireLease(run.RunId, archive.Options.LeaseTimeout, cancellationToken);
        var write = new SurgicalWrite(archive, lease, bundle, request, run, observer);
        var ingested = write.Ingest(project, items, cancellationToken);

        run.Enter("dependents");
        ingested = write.ApplyDependents(ingested, project.UserId, cancellationToken);
        if (request.NoDocs || ingested.Count == 0)
        {
            return;
        }

        run.Enter("docs");
        var documents = write.RebuildDocuments(ingested, cancellationToken);
        if (request.NoEmbed || documents.Count == 0)
        {
            return;
        }

        run.Enter("embed");
        await write.EmbedAsync(documents, cancellationToken);
    }

    private void TellLeftOut(RunRecorder run)
    {
        foreach (var (item, code) in request.LeftOut)
        {
            run.Add(SurgicalEntity.Of(item, "preflight", EntityStatus.Skipped, code, SurgicalRetry.LeftOut, archive.Clock.GetUtcNow()));
        }
        if (request is { Items.Count: 0, LeftOut.Count: 0 })
        {
            observer.Verbose($"Nothing is left to repeat of run '{request.ParentRunId}'.");
        }
    }

    private void Abort(RunRecorder run, Database db, string reason)
    {
        var jobs = DependentQueue.Abort(db, run.RunId, reason, archive.Clock.GetUtcNow().ToUnixTimeMilliseconds());
        run.Count(counters => counters.AbortedJobs = jobs);
    }
}
