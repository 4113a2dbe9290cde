using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using ArtifactSync.Cmdlets.Peers;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Peer;

namespace ArtifactSync.Cmdlets;

/// <summary>Lets other machines exchange with this archive over HTTP, in the background of the session.</summary>
[Cmdlet(VerbsLifecycle.Start, "SyncPeer", SupportsShouldProcess = true)]
[OutputType(typeof(SyncPeerListener))]
public sealed class StartSyncPeerCommand : ArchiveCmdlet
{
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public Uri[] Uri { get; set; } = [];

    [Parameter]
    [ValidateNotNull]
    public SecureString? Token { get; set; }

    [Parameter]
    [ValidateNotNull]
    public X509Certificate2? Certificate { get; set; }

    [Parameter]
    public SwitchParameter ReadOnly { get; set; }

    [Parameter]
    public SwitchParameter AllowInsecure { get; set; }

    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        OpenEngine(); // refuses an archive path that can't be one
        var engine = CreateOptions();
        var runspace = Runspace.DefaultRunspace;
        Run((sink, cancellationToken) => ServeAsync(engine, runspace, sink, cancellationToken));
    }

    private async Task ServeAsync(Sync.EngineOptions engine, Runspace? runspace, PipelineSink sink, CancellationToken cancellationToken)
    {
        if (await sink.ShouldProcessAsync(string.Join(", ", Uri.Select(uri => uri.ToString())), $"Serve the archive '{engine.ArchivePath}'") != Decision.Act)
            return;
        var (info, stop) = await PeerHosting.StartAsync(new PeerListenOptions
        {
            Engine = engine, Uris = Uri, Token = Token, Certificate = Certificate, ReadOnly = ReadOnly, AllowInsecure = AllowInsecure,
        }, cancellationToken);
        PeerListeners.Add(info, runspace, stop);
        if (AllowInsecure && info.Uris.Any(uri => uri.Scheme == System.Uri.UriSchemeHttp && !uri.IsLoopback))
            sink.Warning("This listener does not encrypt: let only a proxy that does reach it.");
        await sink.WriteObjectAsync(info);
        if (Wait)
            await WaitAsync(info, cancellationToken);
    }

    /// <summary>Until Ctrl+C, or until somebody else stops it.</summary>
    private static async Task WaitAsync(SyncPeerListener info, CancellationToken cancellationToken)
    {
        try
        {
            while (info.Status == SyncPeerListenerStatus.Listening)
                await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
        }
        finally
        {
            await PeerListeners.StopAsync(info.ListenerId);
        }
    }
}
