using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Ingest;
using ArtifactSync.Metadata;
using ArtifactSync.Publish;

namespace ArtifactSync.Sync;

/// <summary>Steps between local store and rows that an exchange and a listener take alike.</summary>
internal static class RunSteps
{
    /// <summary>Content of all origins, then their events (spec 7.1).</summary>
    public static void Import(ExchangeContext context, CancellationToken cancellationToken)
    {
        context.Run.Enter("ingest");
        new Ingester(context).Run(cancellationToken);

        context.Run.Enter("replay");
        using var lease = context.AcquireLease(cancellationToken);
        var result = MetadataReplay.Run(
            context.Archive, new LocalEventStore(context.Store), context.OwnOrigin!, lease, context.Observer, cancellationToken, context.Full);
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

    /// <summary>
    /// Own rows to the store. An archive that was copied to another machine goes on importing, but must not publish there. A
    /// fault here leaves the rest of the run.
    /// </summary>
    public static void Publish(ExchangeContext context, CancellationToken cancellationToken)
    {
        if (OriginAdoption.CloneFault(context.Archive.Reader, context.Options.Machine) is { } cloned)
        {
            context.Run.Failed("origin", context.OwnOrigin!, "publish", cloned);
            context.Observer.Warning(cloned.Message);
            return;
        }
        try
        {
            context.OwnSessionsQueued = false;
            new Publisher(context, context.OwnOrigin!).Run(cancellationToken);
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            context.Run.Failed("origin", context.OwnOrigin!, "publish", fault);
            context.Observer.Warning(fault.Message);
        }
    }

    /// <summary>Curation from before the adoption follows once what others said has been imported. Returns the number of events.</summary>
    public static long PublishBaseline(ExchangeContext context, CancellationToken cancellationToken)
    {
        var archive = context.Archive;
        if (!Baseline.IsOwed(archive.Reader) || OriginAdoption.CloneFault(archive.Reader, archive.Options.Machine) is not null)
        {
            return 0;
        }
        context.Run.Enter("baseline");
        using var lease = context.AcquireLease(cancellationToken);
        return Baseline.Publish(archive, new LocalEventStore(context.Store), lease, cancellationToken);
    }
}
