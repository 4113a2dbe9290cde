using System.Runtime.CompilerServices;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Peer;

namespace ArtifactSync.Cmdlets.Peers;

/// <summary>The one place of the cmdlets that touches the web server: it is loaded when this runs, not before.</summary>
internal static class PeerHosting
{
    /// <summary>A listener and how it is stopped.</summary>
    public static async Task<(SyncPeerListener Info, Func<Task> Stop)> StartAsync(PeerListenOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await StartCoreAsync(options, cancellationToken);
        }
        catch (FileNotFoundException fault) when (fault.FileName?.StartsWith("Microsoft.", StringComparison.Ordinal) == true)
        {
            var tried = AppContext.GetData("ArtifactSync.AspNetProbe") as string;
            throw new ArtifactSyncException(ErrorCode.PeerRuntimeMissing,
                $"The ASP.NET Core 10 runtime, which a listener needs, was not found (looked in: {tried}). Install it (aspnetcore-runtime-10.0).",
                null, fault);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<(SyncPeerListener Info, Func<Task> Stop)> StartCoreAsync(PeerListenOptions options, CancellationToken cancellationToken)
    {
        var listener = await PeerListener.StartAsync(options, cancellationToken);
        return (listener.Info, listener.StopAsync);
    }
}
