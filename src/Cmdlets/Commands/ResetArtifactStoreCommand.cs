using System.Management.Automation;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>Moves the local store aside and makes own artifacts again from the archive; one run.</summary>
[Cmdlet(VerbsCommon.Reset, "ArtifactStore", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(ArtifactFinding))]
public sealed class ResetArtifactStoreCommand : StoreCmdlet
{
    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var engine = OpenEngine();
        Run(async (sink, cancellationToken) =>
        {
            var decision = await sink.ShouldProcessAsync("the local store", "Move aside and rebuild");
            if (decision != Decision.Skip)
                ThrowIfFailed(await engine.ResetAsync(decision == Decision.Plan, sink.WriteObjectAsync, sink, cancellationToken));
        });
    }
}
