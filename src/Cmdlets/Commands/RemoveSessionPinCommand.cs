using System.Management.Automation;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Metadata;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>Takes pins off messages of sessions.</summary>
[Cmdlet(VerbsCommon.Remove, "SessionPin", SupportsShouldProcess = true)]
[OutputType(typeof(ArchiveSession))]
public sealed class RemoveSessionPinCommand : SessionEditCmdlet
{
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(0, long.MaxValue)]
    public long[] Ordinal { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() => Gather(id => Ordinal.Select(ordinal => CurationEdit.RemovePin(id, ordinal)));
}
