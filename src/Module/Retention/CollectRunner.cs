using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Retention;

/// <summary>
/// One run of <c>Remove-StaleArtifact</c>: origin by origin, at the targets and in the local store together, so that set
/// union cannot bring back what was removed at one side. What its limits leave is what the next run begins with.
/// </summary>
internal sealed class CollectRunner(
    ArchiveDatabase archive, CollectRequest request, Func<string, ITransport> open, Func<StaleArtifact, ValueTask> emit, IRunObserver observer)
{
    public async Task<SyncRun> RunAsync(CancellationToken cancellationToken)
    {
        if (request.WhatIf)
        {
            var context = Context(run: null);
            await CollectAsync(context, cancellationToken);
            return PlannedRun.Of(archive.Options, RunKind.Collect, request.Targets.Count > 0 ? request.Targets[0] : null, context.Counters);
        }
        return await RunRecorder.DoAsync(
            archive, Describe, observer, (run, token) => CollectAsync(Context(run), token), cancellationToken);
    }

    private RunStart Describe(string runId) => new(runId, RunKind.Collect)
    {
        Target = request.Targets.Count > 0 ? request.Targets[0] : null,
        Phase = "collect",
        RequestedJson = JsonSerializer.Serialize(CollectRecord.Of(request), RetentionJson.Default.CollectRecord),
    };

    private CollectContext Context(RunRecorder? run) => new(archive, run, observer)
    {
        Grace = request.GracePeriod, Full = request.Full, Budget = new CollectBudget(request.MaxObjects, request.MaxBytes), Emit = emit,
    };

    private async Task CollectAsync(CollectContext context, CancellationToken cancellationToken)
    {
        var local = new LocalCollector(context);
        if (!context.WhatIf)
        {
            local.Recover(cancellationToken);
        }
        var targets = new List<ITransport>();
        try
        {
            foreach (var target in request.Targets)
            {
                if (OpenTarget(target) is { } transport)
                {
                    targets.Add(transport);
                }
            }
            foreach (var origin in await OriginsAsync(context, targets, cancellationToken))
            {
                await CollectOriginAsync(context, local, targets, origin, cancellationToken);
                if (context.Budget.IsExhausted)
                {
                    break;
                }
            }
            await new QuarantineExpiry(context, request.QuarantineGracePeriod).RunAsync(Wanted, cancellationToken);
            local.Complete(cancellationToken); // not after a fault: the journal of a page that was begun is settled by the next run
        }
        finally
        {
            foreach (var target in targets)
            {
                await target.DisposeAsync();
            }
        }
        if (context.Budget.IsExhausted)
        {
            observer.Warning("The limit was reached; more is stale. Run the command again to go on.");
        }
    }

    private async Task CollectOriginAsync(
        CollectContext context, LocalCollector local, List<ITransport> targets, string origin, CancellationToken cancellationToken)
    {
        context.Observer.Progress(new ProgressSnapshot("Collecting", origin, context.Counters.Collected, 0, context.Counters.BytesCollected));
        var skipped = context.Counters.SkippedOrigins;
        foreach (var target in targets)
        {
            var needed = CatalogTable.Last(archive.Reader, origin, Wire.ArtifactKind.Checkpoints) is null
                ? null : new LocalMarker(context, cancellationToken).Mark(origin);
            if (needed?.Fault is { } fault)
            {
                context.Skip(origin, $" at {target.Name}", fault); // what is needed here is not known, so nothing goes there
                continue;
            }
            await new TargetCollector(context, target).CollectAsync(origin, needed, cancellationToken);
        }
        if (context.Counters.SkippedOrigins > skipped)
        {
            return; // what stays at a target would come back from there
        }
        var before = (context.Counters.Collected, context.Counters.BytesCollected);
        await local.CollectAsync(origin, cancellationToken);
        if (!context.WhatIf && context.Counters.Collected > before.Collected)
        {
            context.Run.Add("origin", origin, "collect", EntityStatus.Ok, null,
                $"removed {context.Counters.Collected - before.Collected} artifacts, {context.Counters.BytesCollected - before.BytesCollected} bytes");
        }
    }

    private async Task<IReadOnlyList<string>> OriginsAsync(CollectContext context, List<ITransport> targets, CancellationToken cancellationToken)
    {
        var origins = new SortedSet<string>(CatalogTable.Origins(archive.Reader), StringComparer.Ordinal);
        foreach (var target in targets)
        {
            origins.UnionWith(await target.ListOriginsAsync((origin, fault) => context.Skip(origin, $" at {target.Name}", fault), cancellationToken));
        }
        foreach (var named in request.Origins.Where(name => !name.AsSpan().ContainsAny('*', '?') && !origins.Contains(name)))
        {
            throw new ArtifactSyncException(ErrorCode.OriginNotFound, $"Neither the local store nor a target holds anything of the origin '{named}'.", named);
        }
        return [.. origins.Where(Wanted)];
    }

    private bool Wanted(string origin) => request.Origins.Count == 0 || request.Origins.Any(pattern =>
        System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, origin, ignoreCase: true));

    /// <summary>Null = nothing may be removed there, which was said.</summary>
    private ITransport? OpenTarget(string target)
    {
        var transport = open(target);
        if (!transport.Traits.CanRemove)
        {
            transport.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw new ArtifactSyncException(ErrorCode.InvalidTarget,
                $"Nothing can be removed at '{target}'. Name a folder or a bucket; a peer collects its own store.", target);
        }
        if (TargetPath.IsFolder(target) && File.Exists(Path.Combine(target, FolderTransport.ReleasedMarker)))
        {
            observer.Warning($"'{target}' holds another format beside ours; nothing is removed there.");
            transport.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return null;
        }
        return transport;
    }
}
