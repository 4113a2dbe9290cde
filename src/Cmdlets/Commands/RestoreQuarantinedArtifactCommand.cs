using System.Management.Automation;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Takes refused artifacts back into the local store, if they pass the check that everything passes on reception.</summary>
[Cmdlet(VerbsData.Restore, "QuarantinedArtifact", SupportsShouldProcess = true)]
[OutputType(typeof(QuarantinedArtifact))]
public sealed class RestoreQuarantinedArtifactCommand : QuarantineCmdlet
{
    private protected override string Action => "Restore from the quarantine";

    private protected override QuarantinedArtifact Do(SyncEngine engine, long id, bool whatIf, CancellationToken cancellationToken) =>
        engine.RestoreQuarantined(id, whatIf, cancellationToken);
}
