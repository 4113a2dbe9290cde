using System.Management.Automation;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>The parameter set that keeps in step with targets until it is stopped.</summary>
public sealed partial class InvokeArtifactSyncCommand
{
    private const string WatchSet = "Watch";
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24); // what a timer can wait

    [Parameter(ParameterSetName = WatchSet, Mandatory = true)]
    public SwitchParameter Watch { get; set; }

    [Parameter(ParameterSetName = WatchSet)]
    [DurationTransformation]
    public TimeSpan? Interval { get; set; }

    [Parameter(ParameterSetName = WatchSet)]
    [DurationTransformation]
    public TimeSpan? Debounce { get; set; }

    /// <summary>All targets side by side: none waits for another, and one that can't be kept ends alone.</summary>
    private void WatchGathered()
    {
        RequireOneServer(_targets);
        if (Interval < Shortest || Interval > Longest || Debounce > Longest)
        {
            ThrowTerminatingError(ErrorMapping.ToRecord(new ArtifactSyncException(
                ErrorCode.InvalidArgument, "-Interval is from 1s to 24d, -Debounce up to 24d.", Interval)));
        }
        var alone = _targets.Count == 1;
        var requests = _targets.Select(target => Guard(alone, () => Request(target))).OfType<ExchangeRequest>().ToList();
        var engine = OpenEngine();
        Run(async (sink, cancellationToken) =>
        {
            List<Task> watches = [];
            foreach (var request in requests)
            {
                var decision = await sink.ShouldProcessAsync(request.Target, "Watch");
                if (decision == Decision.Plan)
                    await sink.WriteObjectAsync(await engine.PlanExchangeAsync(request, sink, cancellationToken));
                else if (decision == Decision.Act)
                    watches.Add(WatchAsync(engine, request, alone, sink, cancellationToken));
            }
            await Task.WhenAll(watches);
        });
    }

    private async Task WatchAsync(SyncEngine engine, ExchangeRequest request, bool alone, PipelineSink sink, CancellationToken cancellationToken)
    {
        var usual = WatchSchedule.For(request.Target);
        var schedule = new WatchSchedule { Interval = Interval ?? usual.Interval, Debounce = Debounce ?? usual.Debounce };
        try
        {
            await foreach (var run in engine.WatchAsync(request, schedule, sink, cancellationToken))
            {
                await sink.WriteObjectAsync(run);
                if (run.Status is RunStatus.Failed or RunStatus.Partial)
                    await sink.WriteErrorAsync(ErrorMapping.ToRecord(ErrorMapping.ToException(run)));
            }
        }
        catch (Exception e) when (!alone && e is not OperationCanceledException)
        {
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(e));
        }
    }
}
