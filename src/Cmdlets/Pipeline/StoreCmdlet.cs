using System.Management.Automation;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Cmdlets.Pipeline;

/// <summary>Base of the cmdlets that look after stores: how long to wait, how much at once, how targets are reached.</summary>
public abstract class StoreCmdlet : ArchiveCmdlet
{
    [Parameter]
    [DurationTransformation]
    public TimeSpan? LockTimeout { get; set; }

    [Parameter]
    [ValidateRange(1, 64)]
    public int? ThrottleLimit { get; set; }

    private protected override EngineOptions CreateOptions()
    {
        var options = base.CreateOptions();
        if (LockTimeout is { } timeout)
            options = options with { LeaseTimeout = timeout };
        return ThrottleLimit is { } limit ? options with { ThrottleLimit = limit } : options;
    }

    /// <summary>A run that failed as a whole is the error of the command; its items were told one by one.</summary>
    private protected static void ThrowIfFailed(SyncRun run)
    {
        if (run.Status is RunStatus.Failed or RunStatus.Aborted)
            throw ErrorMapping.ToException(run);
    }

    private protected string Resolve(string target)
    {
        try
        {
            return TargetPath.Resolve(SessionState, target);
        }
        catch (ArtifactSyncException e)
        {
            ThrowTerminatingError(ErrorMapping.ToRecord(e));
            throw; // not reached
        }
    }
}

/// <summary>A <see cref="StoreCmdlet"/> that opens targets.</summary>
public abstract class TargetStoreCmdlet : StoreCmdlet
{
    [Parameter]
    [Credential]
    [ValidateNotNull]
    public PSCredential? Credential { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? S3Endpoint { get; set; }

    /// <summary>What the parameters say, for the engine. Never recorded.</summary>
    private protected TargetAccess Access => new()
    {
        AccessKeyId = Credential?.UserName,
        SecretKey = Credential?.Password,
        S3Endpoint = S3Endpoint,
    };
}
