using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
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
    public async Task<SyncRun> RunAsync(CancellationToken cancellationToken)
    {
        using var run = RunRecorder.Begin(archive, Describe, observer, cancellationToken);
        try
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
            return run.Finish();
        }
        catch (OperationCanceledException)
        {
            run.Abandon();
            throw;
        }
        catch (ArtifactSyncException fault)
        {
            return run.Finish(fault);
        }
        catch (Exception fault)
        {
            run.Finish(new ArtifactSyncException(ErrorCode.UnexpectedError, fault.Message, request.Target, fault));
            throw;
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
        StoreMarker.Recover(context, cancellationToken);
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
            RunSteps.Import(context, cancellationToken);
            RunSteps.PublishBaseline(context, cancellationToken);
        }

        run.Enter("publish");
        Publish(context, exchange, cancellationToken);

        run.Enter("push");
        await PushAsync(context, exchange, cancellationToken);

        if (!request.Initialize)
        {
            RunSteps.Import(context, cancellationToken);
            // Owed by an initialization that did not come so far.
            if (RunSteps.PublishBaseline(context, cancellationToken) > 0)
            {
                await PushAsync(context, exchange, cancellationToken);
            }
        }
        await CompleteAsync(context, transport, cancellationToken);
    }

    private void Tell(IgnoredNames ignored)
    {
        if (ignored is { ConflictCopies: 0, Stray: 0 })
        {
            return;
        }
        observer.Verbose($"Ignored at '{request.Target}': {ignored.ConflictCopies} conflict copies of a synchroniser, {ignored.Stray} other names that are no artifacts.");
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

    /// <summary>No number may be given while those at the target can't be seen (spec 6.5).</summary>
    private static void Publish(ExchangeContext context, StoreExchange exchange, CancellationToken cancellationToken)
    {
        if (!exchange.LeavesOut(context.OwnOrigin!)) // else the ledger has why
        {
            RunSteps.Publish(context, cancellationToken);
        }
    }

    /// <summary>A peer that takes nothing still gave what it has: that is imported, and the run tells the rest.</summary>
    private async Task PushAsync(ExchangeContext context, StoreExchange exchange, CancellationToken cancellationToken)
    {
        try
        {
            await exchange.PushAsync(cancellationToken);
        }
        catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.TargetReadOnly && !TargetPath.IsFolder(request.Target))
        {
            context.Run.Failed("target", request.Target, "push", fault);
        }
    }

    /// <summary>Everything is exchanged; what a peer makes of it now is no reason to lose that.</summary>
    private async Task CompleteAsync(ExchangeContext context, ITransport transport, CancellationToken cancellationToken)
    {
        try
        {
            await transport.CompleteAsync(cancellationToken);
        }
        catch (ArtifactSyncException fault)
        {
            context.Run.Failed("target", request.Target, "complete", fault);
        }
    }
}
