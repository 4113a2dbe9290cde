using System.Management.Automation;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Metadata;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>Pins messages of sessions.</summary>
[Cmdlet(VerbsCommon.Add, "SessionPin", SupportsShouldProcess = true)]
[OutputType(typeof(ArchiveSession))]
public sealed class AddSessionPinCommand : SessionEditCmdlet
{
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(0, long.MaxValue)]
    public long[] Ordinal { get; set; } = [];

    [Parameter]
    [AllowNull]
    [AllowEmptyString]
    public string? Note { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Gather(id => Ordinal.Select(ordinal => MyInvocation.BoundParameters.ContainsKey(nameof(Note))
        ? CurationEdit.AddPin(id, ordinal, string.IsNullOrEmpty(Note) ? null : Note)
        : CurationEdit.AddPin(id, ordinal)));
}
