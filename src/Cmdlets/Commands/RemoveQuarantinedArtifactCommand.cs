using System.Management.Automation;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Removes refused artifacts and the verdicts on them for good.</summary>
[Cmdlet(VerbsCommon.Remove, "QuarantinedArtifact", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(QuarantinedArtifact))]
public sealed class RemoveQuarantinedArtifactCommand : QuarantineCmdlet
{
    private protected override string Action => "Remove from the quarantine";

    private protected override QuarantinedArtifact Do(SyncEngine engine, long id, bool whatIf, CancellationToken cancellationToken) =>
        engine.RemoveQuarantined(id, whatIf, cancellationToken);
}
