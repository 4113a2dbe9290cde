using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ArtifactSync.Peer;

/// <summary>Which hosts are allowed is known only when the ports are: the first requests wait for that.</summary>
internal sealed class Relay : IHttpApplication<HttpContext>
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);
    private int _active;
    private readonly TaskCompletionSource<PeerApplication> _application = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Serve(PeerApplication application) => _application.SetResult(application);

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // The context owns nothing.
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        Interlocked.Increment(ref _active);
        try
        {
            var application = await _application.Task.WaitAsync(context.RequestAborted);
            await application.ProcessRequestAsync(context);
        }
        finally
        {
            Interlocked.Decrement(ref _active);
        }
    }

    /// <summary>Requests that were cut off end soon, but not at once. False: one is still at work.</summary>
    public async Task<bool> DrainAsync(TimeSpan patience)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (Volatile.Read(ref _active) > 0 && TimeProvider.System.GetElapsedTime(began) < patience)
        {
            await Task.Delay(s_pause);
        }
        return Volatile.Read(ref _active) == 0;
    }
}
