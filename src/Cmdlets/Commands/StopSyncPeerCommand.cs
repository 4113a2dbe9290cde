using System.Management.Automation;
using ArtifactSync.Cmdlets.Peers;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>Ends listeners: running requests may end, then everything is closed.</summary>
[Cmdlet(VerbsLifecycle.Stop, "SyncPeer", DefaultParameterSetName = InputSet, SupportsShouldProcess = true)]
[OutputType(typeof(SyncPeerListener))]
public sealed class StopSyncPeerCommand : ArchiveCmdlet
{
    private const string InputSet = "InputObject";
    private const string IdSet = "Id";
    private string? _archive;

    [Parameter(ParameterSetName = InputSet, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public SyncPeerListener[] InputObject { get; set; } = [];

    [Parameter(ParameterSetName = IdSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ListenerIdCompleter))]
    public int[] ListenerId { get; set; } = [];

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        OpenEngine(); // refuses an archive path that can't be one
        _archive = ArchivePath is null ? null : CreateOptions().ArchivePath;
        var known = ParameterSetName == InputSet ? [.. InputObject.Select(listener => listener.ListenerId)] : ListenerId;
        Run((sink, cancellationToken) => StopAsync(known, sink));
    }

    private async Task StopAsync(int[] ids, PipelineSink sink)
    {
        foreach (var id in ids)
        {
            var listener = PeerListeners.All.FirstOrDefault(one => one.ListenerId == id) ?? InputObject.FirstOrDefault(one => one.ListenerId == id);
            if (listener is null || (_archive is not null && listener.ArchivePath != _archive))
            {
                await sink.WriteErrorAsync(ErrorMapping.ToRecord(new ArtifactSyncException(
                    ErrorCode.ListenerNotFound, $"There is no listener {id} in this session. Get-SyncPeer -Listener lists them.", id)));
            }
            else if (await sink.ShouldProcessAsync(listener.Uri.ToString(), "Stop listening") == Decision.Act)
            {
                await PeerListeners.StopAsync(id); // one that ended meanwhile is no error
                if (PassThru)
                    await sink.WriteObjectAsync(listener);
            }
        }
    }
}
