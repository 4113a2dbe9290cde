using System.Management.Automation;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Errors;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Pipeline;

/// <summary>Base of the cmdlets that work on an archive.</summary>
public abstract class ArchiveCmdlet : AsyncCmdlet
{
    /// <summary>The folder of the archive.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Archive")]
    [ValidateNotNullOrEmpty]
    public string? ArchivePath { get; set; }

    /// <summary>The engine over the archive that the parameters, else the environment, else the platform name.</summary>
    private protected SyncEngine OpenEngine() => new(Guarded(CreateOptions));

    /// <summary>What fails before there is work ends the command.</summary>
    private protected T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (ArtifactSyncException e)
        {
            ThrowTerminatingError(ErrorMapping.ToRecord(e));
            throw; // not reached
        }
    }

    private protected virtual EngineOptions CreateOptions() => new()
    {
        ArchivePath = ArchiveFolder.Resolve(ArchivePath, path => FileSystemPaths.Literal(SessionState, path)),
    };
}
