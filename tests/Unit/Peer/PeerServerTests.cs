using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Peer;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Sync;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Peer;

/// <summary>What a listener bears and refuses (spec 10.6, 14.10), on real sockets.</summary>
[Trait("Category", "Transport")]
public sealed class PeerServerTests
{
    private const string Base = "/api/v1/artifacts";
    private static readonly byte[] s_raw = "raw content\n"u8.ToArray();
    private static readonly string s_rawPath = $"{Base}/delta-445566/raw/{Convert.ToHexStringLower(SHA256.HashData(s_raw))}";

    [Theory]
    [InlineData("http://0.0.0.0:0/", null, false, ErrorCode.PeerTokenRequired)]
    [InlineData("http://0.0.0.0:0/", null, true, ErrorCode.PeerTokenRequired)]
    [InlineData("http://0.0.0.0:0/", "t", false, ErrorCode.TargetInsecure)]
    [InlineData("https://127.0.0.1:0/", "t", false, ErrorCode.InvalidArgument)]
    [InlineData("http://127.0.0.1:0/path", null, false, ErrorCode.InvalidArgument)]
    [InlineData("http://127.0.0.1:0/?a=b", null, false, ErrorCode.InvalidArgument)]
    [InlineData("http://user:secret@127.0.0.1:0/", null, false, ErrorCode.InvalidArgument)]
    [InlineData("ftp://127.0.0.1:0/", null, false, ErrorCode.InvalidArgument)]
    [InlineData("http://no-such-host.invalid:0/", "t", true, ErrorCode.InvalidArgument)]
    public void Addresses_NotSafeOrNotWhole_AreRefused(string uri, string? token, bool allowInsecure, ErrorCode code)
    {
        var error = Assert.Throws<ArtifactSyncException>(() => PeerAddresses.Resolve(new PeerListenOptions
        {
            Engine = new EngineOptions { ArchivePath = "/nowhere" }, Uris = [new Uri(uri)], AllowInsecure = allowInsecure,
            Token = token is null ? null : Listener.Secure(token),
        }));
        Assert.Equal(code, error.Code);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PortTaken_AddressInUse()
    {
        await using var first = await Listener.StartAsync();
        var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => Listener.StartAsync(options => options with { Uris = [first.Info.Uri] }));
        Assert.Equal(ErrorCode.AddressInUse, error.Code);
    }

    [Fact]
    public async Task Start_WithCertificate_ServesTlsAlone()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var listener = await Listener.StartAsync(options => options with { Uris = [new Uri("https://127.0.0.1:0/")], Certificate = certificate });
        var hash = certificate.GetCertHashString();
        using var trusting = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, presented, _, _) => presented?.GetCertHashString() == hash },
        });

        Assert.Equal(HttpStatusCode.OK, (await trusting.GetAsync(new Uri(listener.Info.Uri, Base + "/origins"))).StatusCode);
        // Ours does not trust what this machine does not trust.
        await using var transport = listener.Open();
        Assert.Equal(ErrorCode.TargetUnreachable, (await Assert.ThrowsAsync<ArtifactSyncException>(() => transport.OriginsAsync())).Code);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Post_BodyOverTheLimit_413AndNothingStored(bool chunked)
    {
        await using var listener = await Listener.StartAsync();
        using var body = new MemoryStream(new byte[Limits.Encoded(ArtifactKind.Meta) + 1]);
        var name = $"x-{new string('a', 64)}.json";
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Base}/delta-445566/meta/{name}") { Content = new StreamContent(body) };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.ExpectContinue = true;
        request.Headers.TryAddWithoutValidation("Origin", listener.Info.Uri.GetLeftPart(UriPartial.Authority));
        try
        {
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await listener.Http.SendAsync(request)).StatusCode);
        }
        catch (HttpRequestException) when (chunked)
        {
            // Cut off while it was still sending.
        }
        Assert.Empty(Incoming(listener));
        await using var transport = listener.Open();
        Assert.Empty(await transport.OriginsAsync());
    }

    [Fact]
    public async Task Post_LargeBody_GoesThroughAPrivateFileThatIsGoneAfterwards()
    {
        await using var listener = await Listener.StartAsync(options => options with { Limits = new PeerLimits { MemoryBytes = 100 } });
        var body = new byte[300_000];
        new Random(1).NextBytes(body);
        var path = $"{Base}/delta-445566/raw/{Convert.ToHexStringLower(SHA256.HashData(body))}";

        Assert.Equal(HttpStatusCode.OK, (await listener.SendAsync(HttpMethod.Post, path, body)).StatusCode);

        Assert.Equal(body, await listener.Http.GetByteArrayAsync(path));
        Assert.Empty(Incoming(listener));
    }

    [Theory]
    [InlineData("X-Long: ", 40_000, 431)]
    [InlineData(null, 0, 0)]
    public async Task Request_HeadersTooLongOrNeverDone_IsCutOff(string? header, int length, int status)
    {
        await using var listener = await Listener.StartAsync(options => options with { Limits = new PeerLimits { Headers = TimeSpan.FromMilliseconds(500) } });
        var answer = await SayAsync(listener, $"GET {Base}/origins HTTP/1.1\r\nHost: 127.0.0.1:{listener.Info.Uri.Port}\r\n"
            + (header is null ? "X-Never: do" : header + new string('x', length) + "\r\n\r\n"));
        Assert.True(status == 0 ? answer.Length == 0 || answer.Contains(" 408 ", StringComparison.Ordinal) : answer.Contains($" {status} ", StringComparison.Ordinal), answer);
    }

    [Fact]
    public async Task Post_SlowOrBrokenBody_IsCutOffAndStoresNothing()
    {
        await using var listener = await Listener.StartAsync(options => options with
        {
            Limits = new PeerLimits { BytesPerSecond = 1_000_000, Grace = TimeSpan.FromSeconds(1.1) },
        });
        var head = $"POST {s_rawPath} HTTP/1.1\r\nHost: 127.0.0.1:{listener.Info.Uri.Port}\r\nOrigin: {listener.Uri.TrimEnd('/')}\r\nContent-Length: {s_raw.Length}\r\n\r\n";

        var answer = await SayAsync(listener, head + "raw"); // and then nothing

        Assert.DoesNotContain(" 200 ", answer, StringComparison.Ordinal);
        for (var cut = 0; cut < s_raw.Length; cut++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, listener.Info.Uri.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head + Encoding.ASCII.GetString(s_raw, 0, cut)));
            client.LingerState = new LingerOption(true, 0); // closed in the middle
        }
        Assert.Equal(HttpStatusCode.NotFound, (await listener.Http.GetAsync(s_rawPath)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await listener.SendAsync(HttpMethod.Post, s_rawPath, s_raw)).StatusCode); // and still serves
    }

    [Fact]
    public async Task ReadOnly_Peer_GivesAndTakesNothing()
    {
        using var folder = new TempFolder();
        var giver = new TestMachine(folder["giver"], "bravo-3d4e5f");
        giver.Write("s1", "hello");
        giver.Exchange(folder["share"]);
        await using var listener = await Listener.StartAsync(giver.Options, options => options with { ReadOnly = true });
        var taker = new TestMachine(folder["taker"], "alpha-0a1b2c");
        taker.Write("mine", "own");

        var run = taker.Exchange(listener.Uri);

        Assert.Equal((RunStatus.Partial, nameof(ErrorCode.TargetReadOnly)), (run.Status, run.ErrorCode));
        Assert.Contains("bravo-3d4e5f~s1", taker.Content().Keys);
        Assert.Single(giver.Content());
        Assert.Equal(HttpStatusCode.NotFound, (await listener.SendAsync(HttpMethod.Post, Base + "/finalize", [])).StatusCode);
    }

    [Fact]
    public async Task Finalize_ArchiveBusy_503AndTheImportStaysOwed()
    {
        using var folder = new TempFolder();
        var sender = new TestMachine(folder["sender"], "delta-445566");
        sender.Write("s1", "hello");
        sender.Exchange(folder["share"]);
        await using var listener = await Listener.StartAsync(options => options with { Limits = new PeerLimits { Lease = TimeSpan.FromMilliseconds(200) } });
        foreach (var (artifact, wire) in Files(folder["share"]))
        {
            using var answer = await listener.SendAsync(HttpMethod.Post, $"{Base}/{artifact.Path}", wire, headers: headers => headers.Add("X-Agentsview-Artifact-Import", "deferred"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        using (var other = ArchiveDatabase.Open(listener.Engine, ArchiveMode.ReadWrite))
        using (other.AcquireLease("somebody", TimeSpan.FromSeconds(5), CancellationToken.None))
        {
            using var busy = await listener.SendAsync(HttpMethod.Post, Base + "/finalize", []);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, busy.StatusCode);
            Assert.NotNull(busy.Headers.RetryAfter);
        }

        using var done = await listener.SendAsync(HttpMethod.Post, Base + "/finalize", []);

        using var json = JsonDocument.Parse(await done.Content.ReadAsStringAsync());
        Assert.Equal(1, json.RootElement.GetProperty("imported_sessions").GetInt32());
    }

    [Fact]
    public async Task Damage_InTheStoreOfAPeer_IsHealedByTheNextExchange()
    {
        using var folder = new TempFolder();
        await using var listener = await Listener.StartAsync();
        var sender = new TestMachine(folder["sender"], "delta-445566");
        sender.Write("s1", "hello");
        Assert.Equal(RunStatus.Succeeded, sender.Exchange(listener.Uri).Status);
        var file = Directory.EnumerateFiles(Path.Combine(listener.Engine.ArchivePath, "artifacts", "delta-445566", "segments")).Single();
        File.WriteAllBytes(file, [.. File.ReadAllBytes(file).Reverse()]);
        var path = $"{Base}/delta-445566/segments/{Path.GetFileName(file)}";
        Assert.Equal(HttpStatusCode.InternalServerError, (await listener.Http.GetAsync(path)).StatusCode);

        var run = sender.Exchange(listener.Uri);

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(HttpStatusCode.OK, (await listener.Http.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Exchange_WithItself_IsRefused()
    {
        using var folder = new TempFolder();
        var machine = new TestMachine(folder["archive"], "alpha-0a1b2c");
        machine.Write("s1", "hello");
        machine.Exchange(folder["share"]);
        await using var listener = await Listener.StartAsync(machine.Options);
        Assert.Equal(nameof(ErrorCode.TargetIsSelf), machine.Exchange(listener.Uri).ErrorCode);
    }

    [Fact]
    public async Task Stop_WhileARequestHangs_IsSoonAndEndsIt()
    {
        await using var listener = await Listener.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, listener.Info.Uri.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {s_rawPath} HTTP/1.1\r\nHost: 127.0.0.1:{listener.Info.Uri.Port}\r\nOrigin: {listener.Uri.TrimEnd('/')}\r\nContent-Length: 12\r\n\r\nra"));
        await WaitAsync(() => listener.Info.Requests == 1);

        await listener.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(SyncPeerListenerStatus.Stopped, listener.Info.Status);
        await Assert.ThrowsAsync<HttpRequestException>(() => listener.Http.GetAsync(Base + "/origins"));
        Assert.False(Directory.EnumerateFileSystemEntries(Path.Combine(listener.Engine.ArchivePath, "incoming")).Any());
    }

    [Fact]
    public void Cursor_OfAnotherScopeUsedOrOld_IsNotTaken()
    {
        var clock = ManualClock.AtSystemTime();
        var store = new CursorStore(clock, new PeerLimits { Cursors = 2 });
        var first = store.Create("origins", "a")!;
        Assert.Null(store.Take("peers", first));
        Assert.Equal("a", store.Take("origins", first));
        Assert.Null(store.Take("origins", first));
        var second = store.Create("origins", "b")!;
        Assert.NotNull(store.Create("origins", "c"));
        Assert.Null(store.Create("origins", "d"));
        clock.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));
        Assert.Null(store.Take("origins", second));
        Assert.NotNull(store.Create("origins", "e"));
    }

    [Fact]
    public async Task Admin_Routes_NeedTokenAndDirectLoopback()
    {
        await using var open = await Listener.StartAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await open.SendAsync(HttpMethod.Post, Base + "/exchange", "{}"u8.ToArray())).StatusCode);
        await using var listener = await Listener.StartAsync(options => options with { Token = Listener.Secure("secret-1") });
        Assert.Equal(HttpStatusCode.Unauthorized, (await listener.SendAsync(HttpMethod.Post, Base + "/reset", [], "secret-2")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await listener.SendAsync(
            HttpMethod.Post, Base + "/exchange", "{}"u8.ToArray(), "secret-1", headers => headers.Add("X-Real-IP", "10.0.0.1"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await listener.SendAsync(HttpMethod.Post, Base + "/exchange", "{}"u8.ToArray(), "secret-1")).StatusCode);
    }

    private static IEnumerable<(ArtifactRef Artifact, byte[] Wire)> Files(string share) => Directory
        .EnumerateFiles(share, "*", SearchOption.AllDirectories).Select(file => (Parts: Path.GetRelativePath(share, file).Split(Path.DirectorySeparatorChar), file))
        .Where(found => found.Parts.Length == 3 && ArtifactName.TryParseKind(found.Parts[1], out _))
        .Select(found => (ArtifactName.TryParseKind(found.Parts[1], out var kind) ? ArtifactName.Parse(found.Parts[0], kind, found.Parts[2]) : null!, File.ReadAllBytes(found.file)));

    private static IEnumerable<string> Incoming(Listener listener) =>
        Directory.EnumerateFiles(Path.Combine(listener.Engine.ArchivePath, "incoming"), "*", SearchOption.AllDirectories);

    private static async Task<string> SayAsync(Listener listener, string text)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, listener.Info.Uri.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        try
        {
            return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(5, limit.Token);
        }
    }
}
