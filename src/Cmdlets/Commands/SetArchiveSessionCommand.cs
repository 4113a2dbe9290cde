using System.Management.Automation;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>Gives sessions a title, a star, or a place in the trash; what is not named stays.</summary>
[Cmdlet(VerbsCommon.Set, "ArchiveSession", SupportsShouldProcess = true)]
[OutputType(typeof(ArchiveSession))]
public sealed class SetArchiveSessionCommand : SessionEditCmdlet
{
    [Parameter]
    [AllowNull]
    [AllowEmptyString]
    public string? DisplayName { get; set; }

    [Parameter]
    public bool Starred { get; set; }

    [Parameter]
    public bool Trashed { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (!IsBound(nameof(DisplayName)) && !IsBound(nameof(Starred)) && !IsBound(nameof(Trashed)))
        {
            ThrowTerminatingError(ErrorMapping.ToRecord(new ArtifactSyncException(
                ErrorCode.InvalidArgument, "Nothing to change was named. Give -DisplayName, -Starred or -Trashed.")));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Gather(Edits);

    /// <summary>Out of the trash first and into it last: titles can be given only outside of it.</summary>
    private IEnumerable<CurationEdit> Edits(string id)
    {
        if (IsBound(nameof(Trashed)) && !Trashed)
            yield return CurationEdit.SetTrashed(id, trashed: false);
        if (IsBound(nameof(DisplayName)))
            yield return CurationEdit.SetDisplayName(id, DisplayName);
        if (IsBound(nameof(Starred)))
            yield return CurationEdit.SetStarred(id, Starred);
        if (IsBound(nameof(Trashed)) && Trashed)
            yield return CurationEdit.SetTrashed(id, trashed: true);
    }

    private bool IsBound(string name) => MyInvocation.BoundParameters.ContainsKey(name);
}
