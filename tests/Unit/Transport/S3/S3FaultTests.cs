using System.Net;
using System.Text;
using ArtifactSync.Errors;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;
using ArtifactSync.Transport.S3;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Transport;

/// <summary>Stores that lie, refuse or break.</summary>
[Trait("Category", "Transport")]
public sealed class S3FaultTests : IAsyncDisposable
{
    private const string Secret = "very-secret-key-bytes", Session = "very-secret-session-token";
    private const string Folder = "p/" + Some.Origin + "/segments/";

    private const string Last = "<IsTruncated>false</IsTruncated>";

    private readonly FakeS3 _store = new();
    private readonly ListeningObserver _observer = new();
    private readonly S3Transport _transport;

    public S3FaultTests() => _transport = Open();

    public ValueTask DisposeAsync() => _transport.DisposeAsync();

    [Theory]
    [InlineData(403, "SignatureDoesNotMatch", ErrorCode.TargetUnauthorized)]
    [InlineData(403, "InvalidAccessKeyId", ErrorCode.TargetUnauthorized)]
    [InlineData(403, "RequestTimeTooSkewed", ErrorCode.TargetUnauthorized)]
    [InlineData(400, "ExpiredToken", ErrorCode.TargetUnauthorized)]
    [InlineData(400, "AuthorizationHeaderMalformed", ErrorCode.TargetUnauthorized)]
    [InlineData(403, "AccessDenied", ErrorCode.TargetForbidden)]
    [InlineData(404, "NoSuchBucket", ErrorCode.TargetNotFound)]
    [InlineData(503, "SlowDown", ErrorCode.TargetUnavailable)]
    [InlineData(500, "InternalError", ErrorCode.TargetUnavailable)]
    [InlineData(429, "TooManyRequests", ErrorCode.TargetUnavailable)]
    [InlineData(418, "Teapot", ErrorCode.TargetProtocolError)]
    public async Task AnyCall_ErrorAnswer_HasItsCodeAndNoSecret(int status, string name, ErrorCode code)
    {
        _store.Hook = _ => FakeS3.Answer((HttpStatusCode)status, name, $"the header was {Session}");
        Func<Task>[] calls =
        [
            () => _transport.ListOriginsAsync((_, _) => { }, default), () => _transport.NamesAsync(Some.Origin, ArtifactKind.Segments),
            () => _transport.OpenReadAsync(Some.Segment("a"), default), () => _transport.PutAsync(Some.Segment("a"), "x"),
        ];
        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<ArtifactSyncException>(call);
            Assert.Equal(code, error.Code);
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
            AssertNoSecret($"{error}{error.Target}");
        }

        AssertNoSecret(string.Concat(_observer.Lines));
    }

    [Theory]
    [InlineData("<html><body>Please log in</body></html>", "text/html")]
    [InlineData("{\"ok\":true}", "application/json")]
    [InlineData("", "application/xml")]
    [InlineData("<?xml version=\"1.0\"?><ListBucketResult><Contents><Key>p/", "application/xml")]
    public async Task List_NoAnswerOfAStore_IsAProtocolError(string body, string type)
    {
        _store.Hook = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.UTF8, type) };
        var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => _transport.NamesAsync(Some.Origin, ArtifactKind.Segments));
        Assert.Contains(error.Code, new[] { ErrorCode.TargetProtocolError, ErrorCode.TargetListingInvalid });
    }

    public static TheoryData<string, string> Lies => new()
    {
        { "truncated without a token", "<IsTruncated>true</IsTruncated>" + FakeS3.Contents(Key("a")) },
        { "out of order", Last + FakeS3.Contents(new[] { Key("a"), Key("b") }.OrderDescending(StringComparer.Ordinal)) },
        { "twice", Last + FakeS3.Contents(Key("a"), Key("a")) },
        { "of another prefix", Last + FakeS3.Contents("q/elsewhere") },
        { "more than asked for", Last + FakeS3.Contents(Enumerable.Range(0, 513).Select(n => Key($"{n}")).Order(StringComparer.Ordinal)) },
        { "in a circle", "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>" },
        { "the same page again", "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>" + FakeS3.Contents(Key("a")) },
    };

    [Theory, MemberData(nameof(Lies))]
    public async Task List_Lying_IsInvalid(string lie, string page)
    {
        _store.Hook = _ => FakeS3.Page(page);
        var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => _transport.NamesAsync(Some.Origin, ArtifactKind.Segments));
        Assert.True(error.Code == ErrorCode.TargetListingInvalid, $"{lie}: {error}");
    }

    [Fact]
    public async Task List_EmptyPagesForEver_EndsAsInvalid()
    {
        var page = 0;
        _store.Hook = _ => FakeS3.Page($"<IsTruncated>true</IsTruncated><NextContinuationToken>t{page++}</NextContinuationToken>");
        var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => _transport.NamesAsync(Some.Origin, ArtifactKind.Segments));
        Assert.Equal(ErrorCode.TargetListingInvalid, error.Code);
    }

    [Fact]
    public async Task List_AnswerWithoutEnd_IsInvalidAndNotHeld()
    {
        var endless = new EndlessStream();
        _store.Hook = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(endless) };
        var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => _transport.NamesAsync(Some.Origin, ArtifactKind.Segments));
        Assert.Equal(ErrorCode.TargetListingInvalid, error.Code);
        Assert.InRange(endless.Given, 1, 2 * 1024 * 1024);
    }

    [Fact]
    public async Task List_SeveralPages_GivesAllInOrder()
    {
        var artifacts = Enumerable.Range(0, 1_300).Select(n => Some.Segment($"{n}")).ToList();
        foreach (var artifact in artifacts)
        {
            _store.Objects["p/" + artifact.Path] = [];
        }

        Assert.Equal(artifacts.Select(artifact => artifact.Name).Order(StringComparer.Ordinal), await _transport.NamesAsync(Some.Origin, ArtifactKind.Segments));
        Assert.Equal(3, _store.Log.Count);
        Assert.All(_store.Log, line => Assert.Contains("max-keys=512", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("readme.txt"), InlineData("x.ndjson.zst.corrupt"), InlineData("sub/deep")]
    public async Task List_StrayKey_IsNamedAndPassedOver(string name)
    {
        _store.Objects[Folder + name] = [1];
        _store.Objects["p/" + Some.Segment("a").Path] = [1];
        Assert.Equal([Some.Segment("a").Name], await _transport.NamesAsync(Some.Origin, ArtifactKind.Segments));
        Assert.Contains(Folder + name, Assert.Single(_observer.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListOrigins_FoldersThatAreNone_ArePassedOver()
    {
        _store.Objects["p/Not An Origin/segments/x"] = [1];
        _store.Objects["p/root-object"] = [1];
        _store.Objects["p/" + Some.Segment("a").Path] = [1];
        Assert.Equal([Some.Origin], await _transport.OriginsAsync());
    }

    [Theory]
    [InlineData(301), InlineData(302), InlineData(307), InlineData(308)]
    public async Task AnyCall_Redirect_IsNotFollowed(int status)
    {
        _store.Hook = _ =>
        {
            var answer = new HttpResponseMessage((HttpStatusCode)status);
            answer.Headers.Location = new Uri("http://127.0.0.1:1/elsewhere");
            return answer;
        };
        foreach (var call in (Func<Task>[])[() => _transport.OriginsAsync(), () => _transport.OpenReadAsync(Some.Segment("a"), default), () => _transport.PutAsync(Some.Segment("a"), "x")])
        {
            _store.Forget();
            Assert.Equal(ErrorCode.TargetProtocolError, (await Assert.ThrowsAsync<ArtifactSyncException>(call)).Code);
            Assert.DoesNotContain(_store.Log, line => line.Contains("elsewhere", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(204, ErrorCode.TargetProtocolError)]
    [InlineData(409, ErrorCode.TargetUnavailable)]
    [InlineData(501, ErrorCode.TargetProtocolError)]
    public async Task Put_OtherAnswerThanOk_IsAnError(int status, ErrorCode code)
    {
        await _transport.PutAsync(Some.Segment("first"), "x");
        _store.Hook = request => request.Method != HttpMethod.Put ? null
            : status == 204 ? new HttpResponseMessage(HttpStatusCode.NoContent)
            : FakeS3.Answer((HttpStatusCode)status, status == 409 ? "ConditionalRequestConflict" : "NotImplemented");
        Assert.Equal(code, (await Assert.ThrowsAsync<ArtifactSyncException>(() => _transport.PutAsync(Some.Segment("a"), "x"))).Code);
    }

    [Theory]
    [InlineData(false), InlineData(null)]
    public async Task Put_WithoutConditionalCreate_WarnsAndNeverReplaces(bool? conditional)
    {
        _store.Conditional = conditional;
        Assert.Equal(PutOutcome.Created, await _transport.PutAsync(Some.Segment("a"), "first"));
        Assert.False(_transport.Traits.ConditionalCreate);
        Assert.Contains(nameof(ErrorCode.ConditionalCreateUnsupported), Assert.Single(_observer.Warnings), StringComparison.Ordinal);
        Assert.Equal(PutOutcome.Exists, await _transport.PutAsync(Some.Segment("a"), "second"));
        Assert.Equal("first", await _transport.ReadAsync(Some.Segment("a")));
        Assert.DoesNotContain(_store.Objects.Keys, key => key.Contains("probe", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ArtifactKind.Checkpoints), InlineData(ArtifactKind.Meta)]
    public async Task Put_WithoutConditionalCreate_ReadsBackWhatOthersMayHaveWritten(ArtifactKind kind)
    {
        _store.Conditional = false;
        var artifact = Some.Artifact(kind, "a");
        Assert.Equal(PutOutcome.Created, await _transport.PutAsync(artifact, "ours"));
        var other = Some.Artifact(kind, "b");
        _store.Hook = request =>
        {
            if (request.Method == HttpMethod.Get && Uri.UnescapeDataString(request.RequestUri!.AbsolutePath).EndsWith(other.Name, StringComparison.Ordinal))
            {
                _store.Objects["p/" + other.Path] = Some.Bytes("theirs"); // written between our look and our reading
            }

            return null;
        };
        Assert.Equal(PutOutcome.Exists, await _transport.PutAsync(other, "ours"));
    }

    [Fact]
    public async Task Probe_Known_IsNotRepeated()
    {
        var memory = new Memory();
        await using (var first = Open(memory))
        {
            await first.OriginsAsync();
        }

        Assert.Equal(3, _store.Log.Count(line => line.Contains("probe", StringComparison.Ordinal)));
        _store.Forget();
        await using var second = Open(memory);
        await second.OriginsAsync();
        Assert.Single(_store.Log);
    }

    [Fact]
    public async Task Probe_NoRightToWrite_LeavesTheReaderAlone()
    {
        _store.Hook = request => request.Method == HttpMethod.Put ? FakeS3.Answer(HttpStatusCode.Forbidden, "AccessDenied") : null;
        var memory = new Memory();
        await using var transport = Open(memory);
        Assert.Empty(await transport.OriginsAsync());
        Assert.Null(memory.Known);
        Assert.Equal(ErrorCode.TargetForbidden, (await Assert.ThrowsAsync<ArtifactSyncException>(() => transport.PutAsync(Some.Segment("a"), "x"))).Code);
    }

    [Fact]
    public async Task DryRun_WritesNothing()
    {
        await using var transport = Open(dryRun: true);
        await transport.OriginsAsync();
        Assert.DoesNotContain(_store.Log, line => !line.StartsWith("GET", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Retry_BurstOf503_IsOutlivedAndARealVerdictIsNot()
    {
        var clock = new InstantClock();
        await using var transport = new RetryTransport(_transport, clock, new Random(5), _observer);
        await transport.PutAsync(Some.Segment("first"), "x"); // the probe is over
        var left = 4;
        _store.Hook = _ => left-- > 0 ? FakeS3.Answer(HttpStatusCode.ServiceUnavailable, "SlowDown") : null;
        Assert.Equal(PutOutcome.Created, await transport.PutAsync(Some.Segment("a"), "content"));
        Assert.Equal("content", Encoding.UTF8.GetString(_store.Objects["p/" + Some.Segment("a").Path]));
        Assert.Equal(4, clock.Pauses.Count);

        left = 100;
        Assert.Equal(ErrorCode.TargetUnavailable, (await Assert.ThrowsAsync<ArtifactSyncException>(() => transport.PutAsync(Some.Segment("b"), "x"))).Code);
        Assert.Equal(95, left);
        _store.Hook = _ => FakeS3.Answer(HttpStatusCode.Forbidden, "AccessDenied");
        _store.Forget();
        await Assert.ThrowsAsync<ArtifactSyncException>(() => transport.OpenReadAsync(Some.Segment("a"), default));
        Assert.Single(_store.Log);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(4_999), InlineData(9_999)]
    public async Task Retry_ConnectionBrokenMidBody_GoesOnWhereItWas(int at)
    {
        var text = new string('x', 5_000) + new string('y', 5_000);
        await _transport.PutAsync(Some.Segment("a"), text);
        var broken = 0;
        _store.Hook = request => request.Method == HttpMethod.Get && broken++ < 2 ? Broken(Some.Bytes(text), at) : null;

        var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => _transport.ReadAsync(Some.Segment("a")));
        Assert.Equal(ErrorCode.TransferIncomplete, error.Code);
        await using var transport = new RetryTransport(_transport, new InstantClock(), new Random(5), _observer);
        broken = 0;
        Assert.Equal(text, await transport.ReadAsync(Some.Segment("a")));
        Assert.Equal(3, broken);
    }

    [Fact]
    public async Task OpenRead_BodyShorterThanTold_IsIncompleteNotDamaged()
    {
        _store.Hook = _ =>
        {
            var answer = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new MemoryStream(new byte[10])) };
            answer.Content.Headers.ContentLength = 20;
            return answer;
        };
        Assert.Equal(ErrorCode.TransferIncomplete, (await Assert.ThrowsAsync<ArtifactSyncException>(() => _transport.ReadAsync(Some.Segment("a")))).Code);
    }

    [Fact]
    public async Task AnyCall_NobodyListens_IsUnreachable()
    {
        var options = Options() with { Access = new TargetAccess { AccessKeyId = "id", SecretKey = S3Gateway.Secure(Secret), S3Endpoint = "http://127.0.0.1:1" } };
        await using var transport = new S3Transport("s3://b/p", options);
        Assert.Equal(ErrorCode.TargetUnreachable, (await Assert.ThrowsAsync<ArtifactSyncException>(() => transport.OriginsAsync())).Code);
    }

    [Fact]
    public async Task Put_MoreThanAStoreTakesAtOnce_IsTooLarge()
    {
        using var wire = new MemoryStream();
        var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => _transport.PutAsync(Some.Segment("a"), wire, (5L << 30) + 1, default));
        Assert.Equal(ErrorCode.ArtifactTooLarge, error.Code);
        Assert.Empty(_store.Log);
    }

    private static string Key(string seed) => "p/" + Some.Segment(seed).Path;

    private static HttpResponseMessage Broken(byte[] bytes, int at)
    {
        var answer = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new BreakingStream(bytes, at)) };
        answer.Content.Headers.ContentLength = bytes.Length;
        return answer;
    }

    private static void AssertNoSecret(string text)
    {
        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Session, text, StringComparison.Ordinal);
    }

    private TransportOptions Options() => new()
    {
        ArchiveFolder = "/nowhere",
        Observer = _observer,
        ReadEnvironment = static _ => null,
        Access = new TargetAccess
        {
            AccessKeyId = "id", SecretKey = S3Gateway.Secure(Secret), SessionToken = S3Gateway.Secure(Session), S3Endpoint = "http://127.0.0.1:9",
        },
    };

    private S3Transport Open(IStoreMemory? memory = null, bool dryRun = false) =>
        new("s3://b/p", Options() with { Stores = memory ?? NoMemory.Instance, DryRun = dryRun }, _store);

    private sealed class Memory : IStoreMemory
    {
        public bool? Known { get; private set; }

        public bool? ConditionalCreate(string store) => Known;

        public void Remember(string store, bool conditionalCreate) => Known = conditionalCreate;
    }

    private sealed class BreakingStream(byte[] bytes, int at) : MemoryStream(bytes[..at])
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await base.ReadAsync(buffer, cancellationToken);
            return read > 0 ? read : throw new HttpIOException(HttpRequestError.ResponseEnded);
        }
    }

    private sealed class EndlessStream : ReadOnlyStream
    {
        public long Given { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            buffer.Fill((byte)' ');
            Given += buffer.Length;
            return buffer.Length;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));
    }
}
