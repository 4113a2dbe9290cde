using System.Management.Automation;
using System.Security;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Cmdlets;

/// <summary>Proves that a memory server holds what the archive holds; silent when it does.</summary>
[Cmdlet(VerbsDiagnostic.Test, "MemorySync", SupportsShouldProcess = true)]
[OutputType(typeof(MemoryFinding))]
public sealed class TestMemorySyncCommand : ArchiveCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(MemoryTargetCompleter))]
    [ValidateNotNullOrEmpty]
    public string Target { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(MemoryProjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Project { get; set; } = [];

    [Parameter]
    public SwitchParameter Repair { get; set; }

    [Parameter]
    [ValidateNotNull]
    public SecureString? Token { get; set; }

    [Parameter]
    public SwitchParameter AllowInsecure { get; set; }

    [Parameter]
    [DurationTransformation]
    public TimeSpan? LockTimeout { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine();
        Run((sink, cancellationToken) => TestAsync(engine, sink, cancellationToken));
    }

    private async Task TestAsync(SyncEngine engine, PipelineSink sink, CancellationToken cancellationToken)
    {
        var decision = Repair ? await sink.ShouldProcessAsync(Target, "Repair the memory of archive and server") : Decision.Act;
        if (decision == Decision.Skip)
            return;
        var request = new MemoryProofRequest
        {
            Target = Target, Projects = Project, Repair = Repair, WhatIf = decision == Decision.Plan || IsWhatIf,
            Access = new TargetAccess { Token = Token, AllowInsecure = AllowInsecure },
        };
        foreach (var finding in await engine.TestMemoryAsync(request, sink, cancellationToken))
            await sink.WriteObjectAsync(finding);
    }

    // Looking asks for no confirmation, but under -WhatIf it must leave no run behind either.
    private bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out var given) && ((SwitchParameter)given).ToBool();

    private protected override EngineOptions CreateOptions() =>
        LockTimeout is { } timeout ? base.CreateOptions() with { LeaseTimeout = timeout } : base.CreateOptions();
}
