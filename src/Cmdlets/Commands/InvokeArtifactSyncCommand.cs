using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>
/// Exchanges with targets, one after the other, each a run of its own; brings single issues and merge requests; or repeats runs
/// that did not succeed.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "ArtifactSync", DefaultParameterSetName = ExchangeSet, SupportsShouldProcess = true)]
[OutputType(typeof(SyncRun))]
public sealed partial class InvokeArtifactSyncCommand : ArchiveWriterCmdlet
{
    private const string ExchangeSet = "Exchange";

    [Parameter(ParameterSetName = ExchangeSet, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Parameter(ParameterSetName = WatchSet, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [TargetTransformation]
    [ArgumentCompleter(typeof(TargetCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Target { get; set; } = [];

    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = WatchSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = WatchSet)]
    public SwitchParameter Initialize { get; set; }

    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = WatchSet)]
    [ArgumentCompleter(typeof(OriginCompleter))]
    [ValidateNotNullOrEmpty]
    public string? OriginId { get; set; }

    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = WatchSet)]
    public SwitchParameter Full { get; set; }

    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = SurgicalSet)]
    [Parameter(ParameterSetName = SurgicalItemSet)]
    public SwitchParameter PreflightOnly { get; set; }

    [Parameter]
    [ValidateRange(1, 64)]
    public int? ThrottleLimit { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Action work = ParameterSetName switch
        {
            RetrySet => Retry,
            SurgicalSet => Surgical,
            SurgicalItemSet => Gather,
            WatchSet => () => _targets.AddRange(Target),
            _ => Exchange,
        };
        work();
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        Action work = ParameterSetName switch
        {
            SurgicalItemSet => BringGathered,
            WatchSet => WatchGathered,
            ExchangeSet => ExchangeGathered,
            RetrySet => RetryGathered,
            _ => static () => { },
        };
        work();
    }

    private ExchangeRequest Request(string target) => new()
    {
        Target = TargetPath.Resolve(SessionState, target),
        TranscriptPaths = [.. Path.SelectMany(path => FileSystemPaths.LiteralOrWildcard(SessionState, path))],
        Initialize = Initialize, OriginId = OriginId, Full = Full, PreflightOnly = PreflightOnly, Access = Access,
        GracePeriod = GracePeriod, NoCollect = NoCollect,
        MemoryProjects = MemoryProject, MemoryOrder = MemoryOrder,
    };

    private delegate Task<SyncRun> Work(SyncEngine engine, Decision decision, PipelineSink sink, CancellationToken cancellationToken);

    /// <summary>
    /// One run: its object first, then what went wrong. The error ends the command only when this run is all that was
    /// asked for and all of it failed; otherwise the next one is tried.
    /// </summary>
    private void RunOne(bool alone, string target, string action, Work work)
    {
        var engine = OpenEngine();
        Run(async (sink, cancellationToken) =>
        {
            var decision = await sink.ShouldProcessAsync(target, action);
            if (decision == Decision.Skip)
                return;
            try
            {
                var run = await work(engine, decision, sink, cancellationToken);
                await sink.WriteRunAsync(run, isPartFailure: alone && run.Kind == RunKind.Surgical);
            }
            catch (ArtifactSyncException e) when (!alone)
            {
                await sink.WriteErrorAsync(ErrorMapping.ToRecord(e));
            }
        });
    }

    private T? Guard<T>(bool alone, Func<T> resolve) where T : class
    {
        try
        {
            return resolve();
        }
        catch (ArtifactSyncException e)
        {
            if (alone)
                ThrowTerminatingError(ErrorMapping.ToRecord(e));
            WriteError(ErrorMapping.ToRecord(e));
            return null;
        }
    }

    private protected override EngineOptions CreateOptions() =>
        ThrottleLimit is { } limit ? base.CreateOptions() with { ThrottleLimit = limit } : base.CreateOptions();
}
