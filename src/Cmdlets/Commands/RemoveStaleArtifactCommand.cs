using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Removes superseded artifacts from the local store, and from targets together with it; one run.</summary>
[Cmdlet(VerbsCommon.Remove, "StaleArtifact", SupportsShouldProcess = true)]
[OutputType(typeof(StaleArtifact))]
public sealed class RemoveStaleArtifactCommand : TargetStoreCmdlet
{
    private readonly List<string> _origins = [];

    [Parameter(Position = 0)]
    [TargetTransformation]
    [ArgumentCompleter(typeof(TargetCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Target { get; set; } = [];

    [Parameter]
    [DurationTransformation]
    public TimeSpan GracePeriod { get; set; } = CollectRequest.DefaultGrace;

    [Parameter]
    [DurationTransformation]
    public TimeSpan QuarantineGracePeriod { get; set; } = CollectRequest.DefaultGrace;

    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdTransformation("Origin")]
    [ArgumentCompleter(typeof(OriginCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Origin { get; set; } = [];

    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long? MaxObjects { get; set; }

    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long? MaxBytes { get; set; }

    [Parameter]
    public SwitchParameter Full { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _origins.AddRange(Origin);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Nothing in the pipeline is not the same as no pipeline: only the latter means all origins.
        if (MyInvocation.ExpectingInput && _origins.Count == 0)
            return;
        var request = new CollectRequest
        {
            Targets = [.. Target.Select(Resolve)], GracePeriod = GracePeriod, QuarantineGracePeriod = QuarantineGracePeriod,
            Origins = [.. _origins.Distinct(StringComparer.Ordinal)], MaxObjects = MaxObjects, MaxBytes = MaxBytes, Full = Full, Access = Access,
        };
        var engine = OpenEngine();
        Run((sink, cancellationToken) => CollectAsync(engine, request, sink, cancellationToken));
    }

    private async Task CollectAsync(SyncEngine engine, CollectRequest request, PipelineSink sink, CancellationToken cancellationToken)
    {
        var where = string.Join(", ", request.Targets.Prepend("the local store"));
        var decision = await sink.ShouldProcessAsync(where, "Remove stale artifacts");
        if (decision == Decision.Skip)
            return;
        ThrowIfFailed(await engine.CollectAsync(request with { WhatIf = decision == Decision.Plan }, EmitAsync, sink, cancellationToken));

        async ValueTask EmitAsync(StaleArtifact artifact)
        {
            await sink.WriteObjectAsync(artifact);
            if (artifact.Action == StaleAction.Failed)
                await sink.WriteErrorAsync(ErrorMapping.ToRecord(ErrorMapping.ToException(artifact)));
        }
    }
}
