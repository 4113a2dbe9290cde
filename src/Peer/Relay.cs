using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ArtifactSync.Peer;

/// <summary>Which hosts are allowed is known only when the ports are: the first requests wait for that.</summary>
internal sealed class Relay : IHttpApplication<HttpContext>
{
    private readonly TaskCompletionSource<PeerApplication> _application = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Serve(PeerApplication application) => _application.SetResult(application);

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // The context owns nothing.
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        var application = await _application.Task.WaitAsync(context.RequestAborted);
        await application.ProcessRequestAsync(context);
    }
}
