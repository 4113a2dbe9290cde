using ArtifactSync.Memory.Cloud;
using ArtifactSync.Memory.Server;
using Microsoft.AspNetCore.Http;

namespace ArtifactSync.Peer;

/// <summary>
/// The mutation log of this archive (memory spec 6), so that a team can run without any other server. The listener's token
/// gives the right to all projects.
/// </summary>
internal sealed class MutationRoutes(PeerStore store, PeerListenOptions options) : IPeerRoutes
{
    public string Prefix => "/sync";

    public PeerRoute? Find(string method, IReadOnlyList<string> segments) => (method, segments) switch
    {
        ("POST", ["mutations", "push"]) => new PeerRoute(PushAsync) { BodyLimit = PushBatch.MaxBody },
        ("GET", ["mutations", "pull"]) => new PeerRoute(PullAsync),
        ("GET", ["pull"]) => new PeerRoute(request => AnswerAsync(request, MutationLog.Manifest(request.Query("project"), LogRights.All))),
        (_, ["mutations", "push" or "pull"]) =>
            new PeerRoute(request => request.TextAsync(StatusCodes.Status405MethodNotAllowed, "method not allowed")),
        _ => null,
    };

    private async Task PushAsync(PeerRequest request)
    {
        if (options.ReadOnly)
        {
            await AnswerAsync(
                request, LogAnswer.Error(403, "policy", "policy_forbidden", "This listener serves what it has and takes nothing."));
            return;
        }

        LogAnswer answer;
        try
        {
            await using var body = await request.ReadBodyAsync();
            var bytes = new byte[body.Length];
            await body.Stream.ReadExactlyAsync(bytes, request.Aborted);
            answer = await Task.Run(() => store.Mutations.Push(bytes, LogRights.All), request.Aborted);
        }
        catch (BadHttpRequestException large) when (large.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            answer = MutationLog.TooLarge;
        }

        await AnswerAsync(request, answer);
    }

    private async Task PullAsync(PeerRequest request) =>
        await AnswerAsync(
            request,
                await Task.Run(
                    () => store.Mutations.Pull(request.Query("since_seq"), request.Query("limit"), LogRights.All), request.Aborted));

    private static Task AnswerAsync(PeerRequest request, LogAnswer answer) =>
        request.BytesAsync(answer.Status, answer.ContentType, answer.Body);
}
