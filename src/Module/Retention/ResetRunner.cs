using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>
/// One run of <c>Reset-ArtifactStore</c>: moves the whole store aside, deletes nothing, and makes own artifacts again from the
/// archive under their names and numbers. Those of others come with the next exchange. A kill at any step leaves a state
/// that the next exchange, or the next reset, goes on from.
/// </summary>
internal sealed class ResetRunner(ArchiveDatabase archive, bool whatIf, Func<ArtifactFinding, ValueTask> emit, IRunObserver observer)
{
    public async Task<SyncRun> RunAsync(CancellationToken cancellationToken)
    {
        var own = OriginAdoption.Current(archive.Reader);
        var before = CatalogTable.Origins(archive.Reader).ToList();
        if (OriginAdoption.CloneFault(archive.Reader, archive.Options.Machine) is { } cloned)
        {
            throw cloned;
        }
        if (whatIf)
        {
            using var plan = new FindingSink(archive, null, "reset", emit);
            await plan.TellAsync(Moved(archive.ArtifactsFolder, "…") with { Action = FindingAction.Planned });
            foreach (var origin in before)
            {
                await plan.TellAsync(Of(origin, own) with { Action = FindingAction.Planned });
            }
            return PlannedRun.Of(archive.Options, RunKind.Reset, null, plan.Counters);
        }
        return await RunRecorder.DoAsync(archive, static runId => new RunStart(runId, RunKind.Reset) { Phase = "reset" }, observer, async (run, _) =>
        {
            using var sink = new FindingSink(archive, run, "reset", emit);
            await ResetAsync(new ExchangeContext(archive, run, observer, full: false) { OwnOrigin = own }, sink, before, cancellationToken);
        }, cancellationToken);
    }

    private async Task ResetAsync(ExchangeContext context, FindingSink sink, List<string> before, CancellationToken cancellationToken)
    {
        var (generation, aside) = MoveAside(context, cancellationToken);
        if (aside is not null)
        {
            await sink.TellAsync(Moved(archive.ArtifactsFolder, aside));
        }
        context.Run.Enter("publish");
        if (context.OwnOrigin is { } own)
        {
            new OwnArtifacts(context, own).RestoreAll(generation, cancellationToken);
            LostStore.SettleEvents(context, cancellationToken);
        }
        foreach (var origin in before)
        {
            await sink.TellAsync(Of(origin, context.OwnOrigin));
        }
    }

    private (long Generation, string? Aside) MoveAside(ExchangeContext context, CancellationToken cancellationToken)
    {
        using var lease = context.AcquireLease(cancellationToken);
        var aside = $"artifacts-{context.Run.RunId}";
        using (var noting = lease.Begin(durable: true))
        {
            // What the store knows of used numbers must not go with it (spec 6.5).
            if (context.OwnOrigin is { } own)
            {
                PublicationTable.RaiseFloor(noting.Db, own, context.Store.LargestSequence(own, noting.Db));
            }
            // A reset that was killed after its move has left the name of the folder.
            aside = Directory.Exists(archive.ArtifactsFolder) ? aside : StateTable.Get(noting.Db, StateTable.StoreAside) ?? aside;
            StateTable.Set(noting.Db, StateTable.StoreAside, aside);
            noting.Commit();
        }
        context.Options.Checkpoint("reset:noted");
        var moved = Move(Path.Combine(archive.Folder, aside));
        context.Options.Checkpoint("reset:moved");
        using var transaction = lease.Begin(durable: true);
        var generation = LostStore.Note(archive, transaction.Db);
        StoreMarker.Create(archive, transaction.Db);
        transaction.Commit();
        context.Options.Checkpoint("reset:noticed");
        return (generation, moved);
    }

    private string? Move(string aside)
    {
        try
        {
            if (!Directory.Exists(archive.ArtifactsFolder))
            {
                return Directory.Exists(aside) ? aside : null;
            }
            Directory.Move(archive.ArtifactsFolder, aside);
            return aside;
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Writing(error, archive.ArtifactsFolder, FolderUse.Private);
        }
    }

    private static ArtifactFinding Moved(string from, string to) => new()
    {
        Name = to, Action = FindingAction.MovedAside,
        ErrorMessage = $"'{from}' was moved to '{to}'. Remove it when nothing in it is needed any more.",
    };

    private static ArtifactFinding Of(string origin, string? own) => new()
    {
        Origin = origin,
        Action = origin == own ? FindingAction.Republished : FindingAction.Awaited,
        ErrorCode = origin == own ? null : nameof(ErrorCode.ArtifactMissing),
        ErrorMessage = origin == own ? "Own artifacts were made again from the archive." : "Its artifacts come with the next exchange.",
    };
}
