using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Looks for damage in the local store, or at targets; a run each. Nothing found, nothing said.</summary>
[Cmdlet(VerbsDiagnostic.Test, "ArtifactStore")]
[OutputType(typeof(ArtifactFinding))]
public sealed class TestArtifactStoreCommand : TargetStoreCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [TargetTransformation]
    [ArgumentCompleter(typeof(TargetCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Target { get; set; } = [];

    [Parameter]
    public SwitchParameter Quick { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Target.Length == 0)
            Verify(target: null);
        foreach (var target in Target)
            Verify(Resolve(target));
    }

    private void Verify(string? target)
    {
        var engine = OpenEngine();
        var request = new VerifyRequest { Target = target, Quick = Quick, Access = Access };
        Run(async (sink, cancellationToken) =>
            ThrowIfFailed(await engine.VerifyAsync(request, sink.WriteObjectAsync, sink, cancellationToken)));
    }
}
