using System.Management.Automation;
using ArtifactSync.Cmdlets.Peers;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets;

/// <summary>Tells of each origin that an archive knows, or lists the listeners of this session.</summary>
[Cmdlet(VerbsCommon.Get, "SyncPeer", DefaultParameterSetName = ArchiveSet)]
[OutputType(typeof(SyncPeer), ParameterSetName = [ArchiveSet])]
[OutputType(typeof(SyncPeerListener), ParameterSetName = [ListenerSet])]
public sealed class GetSyncPeerCommand : ArchiveCmdlet
{
    private const string ArchiveSet = "Archive";
    private const string ListenerSet = "Listener";

    [Parameter(ParameterSetName = ListenerSet, Mandatory = true)]
    public SwitchParameter Listener { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var engine = OpenEngine(); // refuses an archive path that can't be one
        if (ParameterSetName == ListenerSet)
        {
            var only = ArchivePath is null ? null : CreateOptions().ArchivePath;
            Run((sink, cancellationToken) => EmitAsync(PeerListeners.All.Where(one => only is null || one.ArchivePath == only), sink, cancellationToken));
            return;
        }
        Run((sink, cancellationToken) => EmitAsync(engine.GetPeers(), sink, cancellationToken));
    }

    private static async Task EmitAsync(IEnumerable<object> items, PipelineSink sink, CancellationToken cancellationToken)
    {
        foreach (var item in items)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await sink.WriteObjectAsync(item);
        }
    }
}
