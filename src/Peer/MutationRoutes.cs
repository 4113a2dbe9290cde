using ArtifactSync.Memory.Cloud;
using ArtifactSync.Memory.Server;
using Microsoft.AspNetCore.Http;

namespace ArtifactSync.Peer;

/// <summary>
/// The mutation log of this archive and the chunks that it keeps (memory spec 6), so that a team can run without any other
/// server. The listener's token gives the right to all projects.
/// </summary>
internal sealed class MutationRoutes(PeerStore store, PeerListenOptions options) : IPeerRoutes
{
    public string Prefix => "/sync";

    public PeerRoute? Find(string method, IReadOnlyList<string> segments) => (method, segments) switch
    {
        ("POST", ["mutations", "push"]) => Takes(body => store.Mutations.Push(body.Span, LogRights.All)),
        ("POST", ["push"]) => Takes(body => store.Chunks.Push(body, LogRights.All)),
        ("GET", ["mutations", "pull"]) =>
            Gives(request => store.Mutations.Pull(request.Query("since_seq"), request.Query("limit"), LogRights.All)),
        ("GET", ["pull"]) => Gives(request => store.Chunks.Manifest(request.Query("project"), LogRights.All)),
        ("GET", ["pull", var id]) => Gives(request => store.Chunks.Pull(id, request.Query("project"), LogRights.All)),
        (_, ["mutations", "push" or "pull"] or ["push"] or ["pull"] or ["pull", _]) =>
            new PeerRoute(request => request.TextAsync(StatusCodes.Status405MethodNotAllowed, "method not allowed")),
        _ => null,
    };

    private static PeerRoute Gives(Func<PeerRequest, LogAnswer> answer) =>
        new(async request => await AnswerAsync(request, await Task.Run(() => answer(request), request.Aborted)));

    private PeerRoute Takes(Func<ReadOnlyMemory<byte>, LogAnswer> push) =>
        new(request => TakeAsync(request, push)) { BodyLimit = PushBatch.MaxBody };

    private async Task TakeAsync(PeerRequest request, Func<ReadOnlyMemory<byte>, LogAnswer> push)
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
            answer = await Task.Run(() => push(bytes), request.Aborted);
        }
        catch (BadHttpRequestException large) when (large.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            answer = LogAnswer.TooLarge;
        }

        await AnswerAsync(request, answer);
    }

    private static Task AnswerAsync(PeerRequest request, LogAnswer answer) =>
        request.BytesAsync(answer.Status, answer.ContentType, answer.Body);
}
