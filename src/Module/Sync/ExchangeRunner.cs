using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Ingest;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Publish;
using ArtifactSync.Store;
using ArtifactSync.Transcripts;
using ArtifactSync.Transport;

namespace ArtifactSync.Sync;

/// <summary>
/// One exchange with one target, phase by phase: import transcripts, pull, publish, push, ingest, replay (spec 7.7; pulling
/// comes before publishing, so that no checkpoint number is used that the target shows already: spec 6.5).
/// </summary>
internal sealed class ExchangeRunner(ArchiveDatabase archive, Func<ITransport> open, ExchangeRequest request, IRunObserver observer)
{
    /// <summary>The run as the ledger has it, whatever became of it.</summary>
    public Task<SyncRun> RunAsync(CancellationToken cancellationToken) => RunRecorder.DoAsync(archive, Describe, observer, WorkAsync, cancellationToken);

    private async Task WorkAsync(RunRecorder run, CancellationToken cancellationToken)
    {
        var context = new ExchangeContext(archive, run, observer, request.Full);
        await using var transport = open();
        if (request.PreflightOnly)
        {
            await new ExchangePreview(context, transport).ReportAsync(cancellationToken);
        }
        else
        {
            await ExchangeAsync(context, transport, cancellationToken);
        }
    }

    private RunStart Describe(string runId) => new(runId, request.PreflightOnly ? RunKind.Preflight : RunKind.Exchange)
    {
        ParentRunId = request.ParentRunId,
        Target = request.Target,
        Phase = "prepare",
        RequestedJson = JsonSerializer.Serialize(ExchangeRecord.Of(request), ExchangeRecordJson.Default.ExchangeRecord),
    };

    private async Task ExchangeAsync(ExchangeContext context, ITransport transport, CancellationToken cancellationToken)
    {
        var run = context.Run;
        if (request.TranscriptPaths.Count > 0)
        {
            run.Enter("import");
            ImportTranscripts(context, cancellationToken);
        }

        run.Enter("pull");
        RecoverLostStore(context, cancellationToken);
        var exchange = new StoreExchange(context, transport); // reads the cursors
        await exchange.ListOriginsAsync(cancellationToken);
        context.KnownOrigins.UnionWith(context.Store.ListOrigins());
        context.OwnOrigin = OriginAdoption.Ensure(
            archive, request.OriginId, [.. context.KnownOrigins, .. exchange.RemoteOrigins], request.Initialize, cancellationToken);
        context.KnownOrigins.Add(context.OwnOrigin);
        if (request.Full)
        {
            await new StoreVerification(context).RunAsync(cancellationToken);
        }
        await exchange.PullAsync(cancellationToken);
        Tell(transport.Ignored);

        if (request.Initialize)
        {
            // What others say of this machine's sessions comes first: it wins over curation from before (spec 7.7).
            Import(context, cancellationToken);
            PublishBaseline(context, cancellationToken);
        }

        run.Enter("publish");
        Publish(context, exchange, cancellationToken);

        run.Enter("push");
        await exchange.PushAsync(cancellationToken);

        if (!request.Initialize)
        {
            Import(context, cancellationToken);
            // Owed by an initialization that did not come so far.
            if (PublishBaseline(context, cancellationToken) > 0)
            {
                await exchange.PushAsync(cancellationToken);
            }
        }
        await transport.CompleteAsync(cancellationToken);
    }

    private void Tell(IgnoredNames ignored)
    {
        if (ignored is { ConflictCopies: 0, Stray: 0 })
        {
            return;
        }
        observer.Verbose($"Ignored at '{request.Target}': {ignored.ConflictCopies} conflict copies of a synchroniser, {ignored.Stray} other names that are no artifacts.");
    }

    private void Import(ExchangeContext context, CancellationToken cancellationToken)
    {
        context.Run.Enter("ingest");
        new Ingester(context).Run(cancellationToken);

        context.Run.Enter("replay");
        Replay(context, cancellationToken);
    }

    private void ImportTranscripts(ExchangeContext context, CancellationToken cancellationToken)
    {
        using var lease = context.AcquireLease(cancellationToken);
        var import = new ImportRequest { Paths = request.TranscriptPaths, Full = request.Full };
        foreach (var file in TranscriptImporter.Import(archive, lease, import, observer, cancellationToken))
        {
            ImportRunner.Record(context.Run, file);
        }
    }

    /// <summary>
    /// Own rows to the store. An archive that was copied to another machine goes on importing, but must not publish there; nor
    /// may a number be given while those at the target can't be seen (spec 6.5). A fault here leaves the rest of the exchange.
    /// </summary>
    private void Publish(ExchangeContext context, StoreExchange exchange, CancellationToken cancellationToken)
    {
        if (OriginAdoption.CloneFault(archive.Reader, archive.Options.Machine) is { } cloned)
        {
            context.Run.Failed("origin", context.OwnOrigin!, "publish", cloned);
            observer.Warning(cloned.Message);
            return;
        }
        if (exchange.LeavesOut(context.OwnOrigin!))
        {
            return; // the ledger has why
        }
        try
        {
            context.OwnSessionsQueued = false;
            new Publisher(context, context.OwnOrigin!).Run(cancellationToken);
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            context.Run.Failed("origin", context.OwnOrigin!, "publish", fault);
            observer.Warning(fault.Message);
        }
    }

    private void Replay(ExchangeContext context, CancellationToken cancellationToken)
    {
        using var lease = context.AcquireLease(cancellationToken);
        var result = MetadataReplay.Run(
            archive, new LocalEventStore(context.Store), context.OwnOrigin!, lease, observer, cancellationToken, request.Full);
        context.Run.Count(counters =>
        {
            counters.ImportedEvents += result.Imported;
            counters.Deferred += result.Deferred;
            counters.Quarantined += result.Quarantined;
        });
        foreach (var entity in result.Entities)
        {
            context.Run.Add(entity);
        }
    }

    /// <summary>Curation from before the adoption follows once what others said has been imported. Returns the number of events.</summary>
    private long PublishBaseline(ExchangeContext context, CancellationToken cancellationToken)
    {
        if (!Baseline.IsOwed(archive.Reader) || OriginAdoption.CloneFault(archive.Reader, archive.Options.Machine) is not null)
        {
            return 0;
        }
        context.Run.Enter("baseline");
        using var lease = context.AcquireLease(cancellationToken);
        return Baseline.Publish(archive, new LocalEventStore(context.Store), lease, cancellationToken);
    }

    /// <summary>The user (or a disk) took the store away: everything is fetched or made again, under the same names (spec 6.4).</summary>
    private void RecoverLostStore(ExchangeContext context, CancellationToken cancellationToken)
    {
        if (StoreMarker.IsIntact(archive))
        {
            return;
        }
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        var lost = StoreMarker.HoldsAnything(archive) ? 0 : CatalogTable.Count(transaction.Db);
        if (lost > 0)
        {
            CatalogTable.Clear(transaction.Db);
            TargetTable.ClearAllCursors(transaction.Db);
            PublicationTable.EnqueueAll(transaction.Db, archive.Clock.GetUtcNow());
        }
        StoreMarker.Create(archive, transaction.Db);
        transaction.Commit();
        if (lost > 0)
        {
            observer.Warning($"The local store '{archive.ArtifactsFolder}' was lost with {lost} artifacts; it is made again from the archive and the target.");
        }
    }
}
