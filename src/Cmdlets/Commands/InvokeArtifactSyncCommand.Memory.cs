using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Memory;

namespace ArtifactSync.Cmdlets;

/// <summary>The parameters of memory servers: targets <c>engram+https://host</c>.</summary>
public sealed partial class InvokeArtifactSyncCommand
{
    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = WatchSet)]
    [ArgumentCompleter(typeof(MemoryProjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] MemoryProject { get; set; } = [];

    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = WatchSet)]
    public MemoryOrder? MemoryOrder { get; set; }
}
