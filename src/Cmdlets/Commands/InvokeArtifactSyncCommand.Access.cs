using System.Management.Automation;
using System.Security;
using ArtifactSync.Transport;

namespace ArtifactSync.Cmdlets;

/// <summary>The parameters that say how a target is reached; all sets that open targets share them.</summary>
public sealed partial class InvokeArtifactSyncCommand
{
    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = WatchSet)]
    [Parameter(ParameterSetName = RetrySet)]
    [Credential]
    [ValidateNotNull]
    public PSCredential? Credential { get; set; }

    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = WatchSet)]
    [Parameter(ParameterSetName = RetrySet)]
    [ValidateNotNullOrEmpty]
    public string? S3Endpoint { get; set; }

    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = WatchSet)]
    [Parameter(ParameterSetName = RetrySet)]
    [Parameter(ParameterSetName = SurgicalSet)]
    [Parameter(ParameterSetName = SurgicalItemSet)]
    [ValidateNotNull]
    public SecureString? Token { get; set; }

    [Parameter(ParameterSetName = ExchangeSet)]
    [Parameter(ParameterSetName = WatchSet)]
    [Parameter(ParameterSetName = RetrySet)]
    public SwitchParameter AllowInsecure { get; set; }

    /// <summary>What the parameters say, for the engine. Never recorded.</summary>
    private TargetAccess Access => new()
    {
        AccessKeyId = Credential?.UserName,
        SecretKey = Credential?.Password,
        S3Endpoint = S3Endpoint,
        Token = Token,
        AllowInsecure = AllowInsecure,
    };
}
