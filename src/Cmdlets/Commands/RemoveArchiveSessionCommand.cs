using System.Management.Automation;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Metadata;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>Removes sessions for good: from this archive, or with -Everywhere from every machine.</summary>
[Cmdlet(VerbsCommon.Remove, "ArchiveSession", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(ArchiveSession))]
public sealed class RemoveArchiveSessionCommand : SessionEditCmdlet
{
    [Parameter]
    public SwitchParameter Everywhere { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Gather(id => [Everywhere ? CurationEdit.Purge(id) : CurationEdit.Remove(id)]);

    /// <summary>Only what reaches other machines has high impact; the local removal asks as an ordinary change does.</summary>
    private protected override Task<Decision> DecideAsync(string id, string action, PipelineSink sink) => sink.AskAsync(cmdlet =>
        Everywhere || IsAsked(cmdlet) ? PipelineSink.ShouldProcess(cmdlet, id, action) : Decision.Act);

    private bool IsAsked(Cmdlet cmdlet) =>
        Switch("WhatIf", "WhatIfPreference") || Switch("Confirm", null)
        || (LanguagePrimitives.TryConvertTo<ConfirmImpact>(GetVariableValue("ConfirmPreference"), out var preference)
            && preference is ConfirmImpact.Low or ConfirmImpact.Medium);

    private bool Switch(string parameter, string? preference) => MyInvocation.BoundParameters.TryGetValue(parameter, out var bound)
        ? LanguagePrimitives.IsTrue(bound)
        : preference is not null && LanguagePrimitives.IsTrue(GetVariableValue(preference));
}
