using System.Management.Automation;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Pipeline;

/// <summary>Base of the cmdlets that write to an archive.</summary>
public abstract class ArchiveWriterCmdlet : ArchiveCmdlet
{
    /// <summary>How long to wait for another command that writes to the archive.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? LockTimeout { get; set; }

    private protected override EngineOptions CreateOptions() =>
        LockTimeout is { } timeout ? base.CreateOptions() with { LeaseTimeout = timeout } : base.CreateOptions();
}
