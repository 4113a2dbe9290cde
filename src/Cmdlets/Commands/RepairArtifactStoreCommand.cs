using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Puts right what Test-ArtifactStore found, or what it finds itself; one run.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "ArtifactStore", SupportsShouldProcess = true)]
[OutputType(typeof(ArtifactFinding))]
public sealed class RepairArtifactStoreCommand : TargetStoreCmdlet
{
    private readonly List<ArtifactFinding> _findings = [];

    [Parameter(Position = 0)]
    [TargetTransformation]
    [ArgumentCompleter(typeof(TargetCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Target { get; set; } = [];

    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public ArtifactFinding[] InputObject { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() => _findings.AddRange(InputObject);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var given = MyInvocation.ExpectingInput || InputObject.Length > 0;
        if (given && _findings.Count == 0)
            return; // a store without findings is sound
        var request = new RepairRequest { Targets = [.. Target.Select(Resolve)], Findings = given ? _findings : null, Access = Access };
        var engine = OpenEngine();
        Run((sink, cancellationToken) => RepairAsync(engine, request, sink, cancellationToken));
    }

    private async Task RepairAsync(SyncEngine engine, RepairRequest request, PipelineSink sink, CancellationToken cancellationToken)
    {
        var what = request.Findings is { } findings ? $"{findings.Count} findings" : "the local store";
        var decision = await sink.ShouldProcessAsync(what, "Repair");
        if (decision == Decision.Skip)
            return;
        ThrowIfFailed(await engine.RepairAsync(request with { WhatIf = decision == Decision.Plan }, EmitAsync, sink, cancellationToken));

        async ValueTask EmitAsync(ArtifactFinding finding)
        {
            await sink.WriteObjectAsync(finding);
            if (finding.Action == FindingAction.Left)
                await sink.WriteErrorAsync(ErrorMapping.ToRecord(ErrorMapping.ToException(finding)));
        }
    }
}
