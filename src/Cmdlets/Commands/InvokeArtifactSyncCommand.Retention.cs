using System.Management.Automation;
using ArtifactSync.Cmdlets.Parameters;

namespace ArtifactSync.Cmdlets;

/// <summary>What an exchange does about garbage at its end.</summary>
public sealed partial class InvokeArtifactSyncCommand
{
    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = WatchSet)]
    [DurationTransformation]
    public TimeSpan? GracePeriod { get; set; }

    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = WatchSet)]
    public SwitchParameter NoCollect { get; set; }
}
