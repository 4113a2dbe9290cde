using ArtifactSync.Errors;
using ArtifactSync.Model;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace ArtifactSync.Peer;

/// <summary>Every request: guard, route, answer. Nothing that fails here reaches the caller but a status and a short text.</summary>
internal sealed class PeerApplication(
    PeerStore store, PeerGuard guard, IReadOnlyList<IPeerRoutes> groups, PeerLimits limits, SyncPeerListener listener)
{
    public async Task ProcessRequestAsync(HttpContext context)
    {
        listener.CountRequest();
        context.Response.Headers.Vary = "Origin";
        var route = Find(context.Request);
        var request = new PeerRequest(context, route, limits, store.SpoolFolder);
        try
        {
            await AnswerAsync(context, request, route);
        }
        catch (Exception fault)
        {
            await FailAsync(context, request, fault);
        }
    }

    private async Task AnswerAsync(HttpContext context, PeerRequest request, PeerRoute? route)
    {
        if (HttpMethods.IsOptions(request.Method))
        {
            await request.EmptyAsync(StatusCodes.Status204NoContent);
        }
        else if (guard.Refuse(context, route) is var (status, text))
        {
            listener.CountRefused();
            await request.TextAsync(status, text);
        }
        else if (route is null)
        {
            await request.TextAsync(StatusCodes.Status404NotFound, "404 page not found");
        }
        else
        {
            await route.Handle(request);
        }
    }

    private static async Task FailAsync(HttpContext context, PeerRequest request, Exception fault)
    {
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested || fault is ConnectionResetException)
        {
            context.Abort(); // half an answer must not look like a whole one
            return;
        }
        context.Response.Headers.Remove("Content-Length");
        await (fault switch
        {
            ArtifactSyncException known => request.FaultAsync(known),
            BadHttpRequestException bad => request.ErrorAsync(bad.StatusCode, bad.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? "the body is too large" : "invalid request"),
            OperationCanceledException => request.ErrorAsync(StatusCodes.Status503ServiceUnavailable, "the listener is being stopped"),
            _ => request.ErrorAsync(StatusCodes.Status500InternalServerError, "internal error"),
        });
    }

    private PeerRoute? Find(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        foreach (var group in groups)
        {
            if (path.StartsWith(group.Prefix + "/", StringComparison.Ordinal))
            {
                return group.Find(request.Method, path[(group.Prefix.Length + 1)..].Split('/'));
            }
        }
        return null;
    }
}
