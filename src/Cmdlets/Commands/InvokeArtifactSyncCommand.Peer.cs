using System.Management.Automation;
using System.Security;

namespace ArtifactSync.Cmdlets;

/// <summary>The parameters for targets that are peers.</summary>
public sealed partial class InvokeArtifactSyncCommand
{
    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = RetrySet)]
    [ValidateNotNull]
    public SecureString? Token { get; set; }

    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = RetrySet)]
    public SwitchParameter AllowInsecure { get; set; }
}
