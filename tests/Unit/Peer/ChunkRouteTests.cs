using System.Net;
using System.Net.Http.Headers;
using System.Text;
using ArtifactSync.Memory.Cloud;

namespace ArtifactSync.Tests.Peer;

/// <summary>The chunk routes of a listener, on real sockets (memory spec 6.5).</summary>
[Trait("Category", "Memory")]
public sealed class ChunkRouteTests
{
    private static readonly byte[] s_push = Encoding.UTF8.GetBytes(
        """{"created_by":"ann","project":"p","data":{"sessions":[{"id":"s","directory":"/d","started_at":"2026-05-01 09:00:00"}]}}""");

    [Fact]
    public async Task Chunk_IsPushedListedAndPulled()
    {
        await using var listener = await Listener.StartAsync();
        using var pushed = await listener.SendAsync(HttpMethod.Post, "/sync/push", s_push);
        Assert.Equal(HttpStatusCode.OK, pushed.StatusCode);
        var id = ServerAnswer.ReadChunkId(await pushed.Content.ReadAsByteArrayAsync());
        Assert.Contains($"\"id\":\"{id}\"", await listener.Http.GetStringAsync("/sync/pull?project=p"), StringComparison.Ordinal);
        using var pulled = await listener.Http.GetAsync($"/sync/pull/{id}?project=P");
        Assert.Equal(new MediaTypeHeaderValue("application/json"), pulled.Content.Headers.ContentType);
        Assert.Equal(
            """{"sessions":[{"directory":"/d","id":"s","project":"p","started_at":"2026-05-01 09:00:00"}]}""", await pulled.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("GET", "/sync/push", 405)]
    [InlineData("POST", "/sync/pull", 405)]
    [InlineData("POST", "/sync/pull/00000000", 405)]
    [InlineData("GET", "/sync/pull/00000000?project=p", 404)]
    [InlineData("GET", "/sync/pull/..%2F..%2Fetc?project=p", 404)]
    [InlineData("GET", "/sync/pull", 400)]
    public async Task Request_ThatFitsNoRouteOrChunk_IsRefused(string method, string path, int status)
    {
        await using var listener = await Listener.StartAsync();
        using var answer = await listener.SendAsync(new HttpMethod(method), path, method == "POST" ? s_push : null);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Push_OverTheLimit_OrToAListenerThatTakesNothing_OrWithoutItsToken_IsRefused()
    {
        await using var listener = await Listener.StartAsync(options => options with { Token = Listener.Secure("t") });
        // Asking first, the client is still there to read the answer.
        using var large = await listener.SendAsync(
            HttpMethod.Post, "/sync/push", new byte[PushBatch.MaxBody + 1], "t", headers => headers.TryAddWithoutValidation("Expect", "100-continue"));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        Assert.Equal("upgrade_repairable_payload_too_large", ServerAnswer.ErrorCodeOf(await large.Content.ReadAsByteArrayAsync()));
        using var unknown = await listener.SendAsync(HttpMethod.Post, "/sync/push", s_push);
        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
        await listener.StopAsync();

        await using var readOnly = await Listener.StartAsync(listener.Engine, options => options with { ReadOnly = true });
        using var refused = await readOnly.SendAsync(HttpMethod.Post, "/sync/push", s_push);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal("{\"version\":1,\"chunks\":[]}", await readOnly.Http.GetStringAsync("/sync/pull?project=p"));
    }
}
