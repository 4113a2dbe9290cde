using System.Text;
using ArtifactSync.Errors;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;
using ArtifactSync.Transport;
using ArtifactSync.Transport.Http;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Peer;

/// <summary>What our client makes of servers that lie, stall and break (spec 10.5, 14.10).</summary>
[Trait("Category", "Transport")]
public sealed class PeerClientTests
{
    private static readonly ArtifactRef s_event = Some.Artifact(ArtifactKind.Meta, "a");

    [Theory]
    [InlineData("http://user:secret@127.0.0.1/", ErrorCode.InvalidTarget)]
    [InlineData("http://127.0.0.1/?token=secret", ErrorCode.InvalidTarget)]
    [InlineData("http://127.0.0.1/#secret", ErrorCode.InvalidTarget)]
    [InlineData("http://", ErrorCode.InvalidTarget)]
    [InlineData("https://[::1", ErrorCode.InvalidTarget)]
    [InlineData("http://10.0.0.5:8080", ErrorCode.TargetInsecure)]
    [InlineData("http://localhost.example.org", ErrorCode.TargetInsecure)]
    public void Target_InvalidOrInsecure_IsRefusedWithoutSayingSecrets(string target, ErrorCode code)
    {
        var error = Assert.Throws<ArtifactSyncException>(() => TransportFactory.Open(target, Options()));
        Assert.Equal(code, error.Code);
        Assert.DoesNotContain("secret", error.Message + error.Target, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:1/x/", "http://localhost:1/x/api/v1/artifacts")]
    [InlineData("http://127.9.8.7/api/v1/artifacts/", "http://127.9.8.7/api/v1/artifacts")]
    [InlineData("https://peer.example/", "https://peer.example/api/v1/artifacts")]
    [InlineData("http://[::1]:8080", "http://[::1]:8080/api/v1/artifacts")]
    public void Target_Address_GivesTheBaseOfItsRoutes(string target, string routes) =>
        Assert.Equal(routes, PeerTarget.Parse(target, allowInsecure: false).Base.AbsoluteUri);

    [Fact]
    public async Task Get_TenGigabytesAnnounced_IsRefusedUnread()
    {
        await using var server = new RawServer(_ => RawServer.Answer(200, new byte[1000], 10L << 30));
        Assert.Equal(ErrorCode.ArtifactTooLarge, (await FaultAsync(server, sut => sut.OpenReadAsync(s_event, default))).Code);
    }

    [Fact]
    public async Task Get_EndlessBody_EndsOneByteAfterTheLimit()
    {
        await using var server = new RawServer(async (_, stream, token) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), token);
            var piece = new byte[256 * 1024];
            while (true)
            {
                await stream.WriteAsync(piece, token);
            }
        });
        await using var sut = HttpPeerTransport.Open(server.Uri, Options());
        await using var body = await sut.OpenReadAsync(s_event, default);
        using var all = new MemoryStream();
        await body.CopyToAsync(all);
        Assert.Equal(Limits.Encoded(ArtifactKind.Meta) + 1, all.Length);
    }

    [Fact]
    public async Task Listing_EndlessHeaders_ProtocolError()
    {
        await using var server = new RawServer(async (_, stream, token) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray(), token);
            for (var i = 0; ; i++)
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"X-{i}: {new string('x', 1000)}\r\n"), token);
            }
        });
        Assert.Equal(ErrorCode.TargetProtocolError, (await FaultAsync(server, sut => sut.OriginsAsync())).Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Ty")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"origins\":")]
    public async Task Listing_AnswerThatStalls_TimesOut(string begun)
    {
        await using var server = new RawServer(async (_, stream, token) =>
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(begun), token);
            await Task.Delay(Timeout.Infinite, token);
        });
        await using var sut = HttpPeerTransport.Open(server.Uri, Options() with { Clock = new QuickClock(Recordings.Afterwards) });
        Assert.Equal(ErrorCode.TargetTimeout, (await Assert.ThrowsAsync<ArtifactSyncException>(() => sut.OriginsAsync())).Code);
    }

    /// <summary>A listing must never look complete, an artifact never whole, wherever the connection breaks.</summary>
    [Fact]
    public async Task Answer_CutAtEachByte_IsAnErrorOfAKnownKind()
    {
        var listing = RawServer.Json("""{"origins":["bravo-3d4e5f"]}""");
        var artifact = RawServer.Answer(200, "some content"u8.ToArray());
        ErrorCode[] known = [ErrorCode.TransferIncomplete, ErrorCode.TargetUnreachable, ErrorCode.TargetProtocolError];
        var cut = 0;
        await using var server = new RawServer(request => request.Route.EndsWith("/origins", StringComparison.Ordinal) ? listing[..Math.Min(cut, listing.Length)] : artifact[..cut]);
        for (cut = 0; cut < listing.Length; cut++)
        {
            Assert.Contains((await FaultAsync(server, sut => sut.OriginsAsync())).Code, known);
        }
        for (cut = 0; cut < artifact.Length; cut++)
        {
            Assert.Contains((await FaultAsync(server, sut => sut.ReadAsync(s_event))).Code, known);
        }
    }

    [Theory]
    [InlineData(401, ErrorCode.TargetUnauthorized)]
    [InlineData(403, ErrorCode.TargetForbidden)]
    [InlineData(404, ErrorCode.TargetProtocolError)]
    [InlineData(408, ErrorCode.TargetTimeout)]
    [InlineData(409, ErrorCode.TargetUnavailable)]
    [InlineData(429, ErrorCode.TargetUnavailable)]
    [InlineData(500, ErrorCode.TargetProtocolError)]
    [InlineData(502, ErrorCode.TargetUnavailable)]
    [InlineData(503, ErrorCode.TargetUnavailable)]
    [InlineData(301, ErrorCode.TargetProtocolError)]
    [InlineData(204, ErrorCode.TargetProtocolError)]
    public async Task Listing_Status_HasItsCode(int status, ErrorCode code)
    {
        await using var server = new RawServer(_ => RawServer.Answer(status, null, null, ("Location", "http://127.0.0.1:1/"), ("Retry-After", "7")));
        var fault = await FaultAsync(server, sut => sut.OriginsAsync());
        Assert.Equal(code, fault.Code);
        Assert.True(status is not (429 or 503) || RetryAfter.Of(fault) == TimeSpan.FromSeconds(7));
        Assert.Single(server.Requests); // a redirect is not followed
    }

    [Theory]
    [InlineData(404, ErrorCode.TargetReadOnly), InlineData(405, ErrorCode.TargetReadOnly), InlineData(501, ErrorCode.TargetReadOnly)]
    [InlineData(400, ErrorCode.TargetProtocolError), InlineData(413, ErrorCode.ArtifactTooLarge), InlineData(507, ErrorCode.DiskFull)]
    [InlineData(429, ErrorCode.TargetUnavailable), InlineData(401, ErrorCode.TargetUnauthorized)]
    public async Task Put_Status_HasItsCode(int status, ErrorCode code)
    {
        await using var server = new RawServer(_ => RawServer.Answer(status));
        Assert.Equal(code, (await FaultAsync(server, sut => sut.PutAsync(s_event, "x"))).Code);
    }

    [Fact]
    public async Task Listing_WebPage_SaysSo()
    {
        await using var server = new RawServer(_ => RawServer.Answer(200, "<html>Sign in</html>"u8.ToArray(), null, ("Content-Type", "text/html")));
        var fault = await FaultAsync(server, sut => sut.OriginsAsync());
        Assert.Equal(ErrorCode.TargetProtocolError, fault.Code);
        Assert.Contains("web page", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain"), InlineData("application/json"), InlineData("text/html")]
    public async Task Error_PeerThatSaysTheTokenBack_IsNotQuoted(string type)
    {
        const string token = "tOkEn-8f2a7c";
        await using var server = new RawServer(request => RawServer.Answer(
            400, Encoding.UTF8.GetBytes($$"""{"error":"bad \u0007 {{request.Headers["Authorization"]}} {{token.ToUpperInvariant()}}"}"""), null, ("Content-Type", type)));
        await using var sut = HttpPeerTransport.Open(server.Uri, Options() with { Access = new TargetAccess { Token = Listener.Secure(token) } });
        var fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => sut.OriginsAsync());
        Assert.Equal("Bearer " + token, server.Requests[0].Headers["Authorization"]);
        Assert.DoesNotContain(token, fault.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(fault.Message, char.IsControl);
    }

    [Fact]
    public async Task Error_LongText_IsCut()
    {
        await using var server = new RawServer(_ => RawServer.Answer(500, Encoding.UTF8.GetBytes(new string('x', 100_000)), null, ("Content-Type", "text/plain")));
        Assert.InRange((await FaultAsync(server, sut => sut.OriginsAsync())).Message.Length, 500, 700);
    }

    [Fact]
    public async Task Listing_BrokenOffMidway_ReleasesItsCursor()
    {
        await using var server = new RawServer(request => request.Method == "DELETE" ? RawServer.Answer(204)
            : request.Path.Contains("cursor", StringComparison.Ordinal) ? RawServer.Json("[]") : RawServer.Json("""{"origins":["a"],"next_cursor":"c/1"}"""));
        Assert.Equal(ErrorCode.TargetListingInvalid, (await FaultAsync(server, sut => sut.OriginsAsync())).Code);
        Assert.Equal("/api/v1/artifacts/cursors/c%2F1", server.Requests.Single(r => r.Method == "DELETE").Path);
    }

    [Theory]
    [InlineData("""{"origins":[]}""")]
    [InlineData("""{"origins":["x"]}""")]
    public async Task Listing_OtherCursorForEver_EndsAsInvalid(string page)
    {
        var count = 0;
        await using var server = new RawServer(request => request.Method == "DELETE" ? RawServer.Answer(204)
            : RawServer.Json(page.Replace("x\"", $"x{count:d6}\"", StringComparison.Ordinal)[..^1] + $$""","next_cursor":"c{{count++ % 40}}"}"""));
        Assert.Equal(ErrorCode.TargetListingInvalid, (await FaultAsync(server, sut => sut.OriginsAsync())).Code);
    }

    [Fact]
    public async Task Put_TakenByOthers_ComparesAndTells()
    {
        await using var server = new RawServer(request => request.Method == "POST" ? RawServer.Answer(409) : RawServer.Answer(200, null, 5));
        await using var sut = HttpPeerTransport.Open(server.Uri, Options());
        Assert.Equal(PutOutcome.Exists, await sut.PutAsync(s_event, "x"));
        Assert.Equal(["POST", "HEAD"], server.Requests.Select(r => r.Method));
    }

    [Fact]
    public async Task Put_ConnectionBreaksBeforeTheAnswer_IsSentAgain()
    {
        var count = 0;
        await using var server = new RawServer(_ => ++count < 3 ? [] : RawServer.Json("{}"));
        await using var sut = HttpPeerTransport.Open(server.Uri, Options());
        Assert.Equal(PutOutcome.Created, await sut.PutAsync(s_event, "content"));
        Assert.All(server.Requests, r => Assert.Equal("content", Encoding.UTF8.GetString(r.Body)));
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task Cancel_WhileAnAnswerIsAwaited_StopsAtOnce()
    {
        using var cancel = new CancellationTokenSource();
        await using var server = new RawServer(async (_, _, token) =>
        {
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
        });
        await using var sut = HttpPeerTransport.Open(server.Uri, Options());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sut.ListOriginsAsync((_, _) => { }, cancel.Token)).WaitAsync(TimeSpan.FromSeconds(20));
    }

    private static TransportOptions Options() => new() { ArchiveFolder = "/nowhere" };

    private static async Task<ArtifactSyncException> FaultAsync(RawServer server, Func<ITransport, Task> call)
    {
        await using var sut = HttpPeerTransport.Open(server.Uri, Options());
        return await Assert.ThrowsAsync<ArtifactSyncException>(() => call(sut));
    }
}
