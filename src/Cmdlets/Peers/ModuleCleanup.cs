using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace ArtifactSync.Cmdlets.Peers;

/// <summary>Closes what the module opened in a session when it is removed from there.</summary>
public sealed class ModuleCleanup : IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => PeerListeners.StopAll(Runspace.DefaultRunspace?.InstanceId ?? Guid.Empty);
}
