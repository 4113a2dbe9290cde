using System.Collections.Concurrent;
using System.Net;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Sync;
using ArtifactSync.Transport;
using ArtifactSync.Transport.S3;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Transport;

/// <summary>What only a real server shows: signatures, rights, races, broken connections, whole exchanges.</summary>
[Trait("Category", "Transport")]
[Collection(S3Gateway.Collection)]
public sealed class S3GatewayTests(S3Gateway gateway) : IDisposable
{
    private const string Alpha = "alpha-0a1b2c", Bravo = "bravo-3d4e5f";
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [GatewayTheory]
    [InlineData(S3Gateway.AccessKey, "wrong", ErrorCode.TargetUnauthorized)]
    [InlineData("nobody", S3Gateway.SecretKey, ErrorCode.TargetUnauthorized)]
    [InlineData(S3Gateway.AccessKey + "STRANGER", S3Gateway.SecretKey, ErrorCode.TargetForbidden)]
    public async Task AnyCall_CredentialThatMayNot_IsTold(string accessKey, string secret, ErrorCode code)
    {
        await using var transport = new S3Transport(gateway.NewTarget(), gateway.Options(gateway.Access(accessKey, secret)));
        Func<Task>[] calls =
        [
            () => transport.OriginsAsync(), () => transport.NamesAsync(Some.Origin, ArtifactKind.Segments), () => transport.PutAsync(Some.Segment("a"), "x"),
        ];
        foreach (var call in calls)
        {
            Assert.Equal(code, (await Assert.ThrowsAsync<ArtifactSyncException>(call)).Code);
        }
    }

    [GatewayFact]
    public async Task AnyCall_NoSuchBucket_IsNotFound()
    {
        await using var transport = new S3Transport("s3://no-such-bucket/p", gateway.Options());
        Assert.Equal(ErrorCode.TargetNotFound, (await Assert.ThrowsAsync<ArtifactSyncException>(() => transport.OriginsAsync())).Code);
        Assert.Equal(ErrorCode.TargetNotFound, (await Assert.ThrowsAsync<ArtifactSyncException>(() => transport.PutAsync(Some.Segment("a"), "x"))).Code);
    }

    [GatewayTheory]
    [InlineData("s3://artifacts/odd//double/slash"), InlineData("s3://artifacts/sp ace+plus&amp=1;ä"), InlineData("s3://artifacts/100%25")]
    public async Task Put_OddPrefix_IsKeptLiterally(string target)
    {
        await using var transport = new S3Transport(target, gateway.Options());
        await transport.PutAsync(Some.Segment("a"), "content");
        Assert.Equal("content", await transport.ReadAsync(Some.Segment("a")));
        Assert.Equal([Some.Origin], await transport.OriginsAsync());
        using var client = gateway.Client();
        var key = target["s3://artifacts/".Length..] + "/" + Some.Segment("a").Path;
        Assert.Equal(HttpStatusCode.OK, (await client.GetObjectMetadataAsync(S3Gateway.Bucket, key)).HttpStatusCode);
    }

    [GatewayFact]
    public async Task Put_SixteenWritersOfOneName_OneWins()
    {
        var target = gateway.NewTarget();
        var writers = Enumerable.Range(0, 16).Select(_ => new S3Transport(target, gateway.Options())).ToList();
        foreach (var kind in Enum.GetValues<ArtifactKind>())
        {
            var artifact = Some.Artifact(kind, "raced");
            var outcomes = new ConcurrentDictionary<int, PutOutcome>();
            await Task.WhenAll(writers.Select((writer, n) => Task.Run(async () => outcomes[n] = await writer.PutAsync(artifact, $"of {n}"))));
            var winner = Assert.Single(outcomes, outcome => outcome.Value == PutOutcome.Created).Key;
            Assert.Equal($"of {winner}", await writers[0].ReadAsync(artifact));
        }

        foreach (var writer in writers)
        {
            await writer.DisposeAsync();
        }
    }

    [GatewayTheory]
    [InlineData(500), InlineData(5_000), InlineData(60_000)]
    public async Task Read_ConnectionResetMidBody_IsTakenUpAgain(int after)
    {
        var target = gateway.NewTarget();
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(n => $"{n:D8}"));
        await using (var direct = new S3Transport(target, gateway.Options()))
        {
            await direct.PutAsync(Some.Segment("a"), text);
        }

        await using var proxy = new CuttingProxy(gateway.Port, after, cuts: 3);
        var options = gateway.Options(gateway.Access(port: proxy.Port)) with { Clock = new InstantClock() };
        await using var bare = new S3Transport(target, options);
        await Assert.ThrowsAsync<ArtifactSyncException>(() => bare.ReadAsync(Some.Segment("a")));
        await using var transport = TransportFactory.Decorate(new S3Transport(target, options), options);
        Assert.Equal(text, await transport.ReadAsync(Some.Segment("a")));
        Assert.Equal(3, proxy.Cuts);
    }

    [GatewayFact]
    public async Task Exchange_TwoArchives_ConvergeAndThenAskLittle()
    {
        var target = gateway.NewTarget();
        var (alpha, bravo) = (NewMachine(Alpha), NewMachine(Bravo));
        for (var n = 0; n < 30; n++)
        {
            alpha.Write($"a{n}", "hello", $"number {n}");
            bravo.Write($"b{n}", $"number {n}", "and back");
        }

        foreach (var machine in (TestMachine[])[alpha, bravo, alpha])
        {
            var run = Exchange(machine, target);
            Assert.True(run.Status == RunStatus.Succeeded, Live.Outcome.Describe(run));
        }

        Assert.Equal(60, alpha.Content().Count);
        Assert.Equal(alpha.Content(), bravo.Content());
        alpha.Write("a0", "hello again");
        Exchange(alpha, target);
        var changed = Exchange(bravo, target);
        Assert.Equal((1, 3), (changed.Counters.ImportedSessions, changed.Counters.Received));
        Assert.Equal(alpha.Content(), bravo.Content());

        Exchange(bravo, target);
        var observer = new ListeningObserver();
        Exchange(bravo, target, observer);
        var requests = observer.Lines.Count(line => line.Contains(" 127.0.0.1 ", StringComparison.Ordinal));
        Assert.InRange(requests, 3, 1 + (2 * 3)); // origins; of two origins checkpoints and events, and a newest checkpoint at times
    }

    [GatewayFact]
    public async Task DamagedObject_OverTls_IsRemovedAndHealedByALaterPush()
    {
        var target = gateway.NewTarget();
        var alpha = NewMachine(Alpha);
        alpha.Write("one", "hello");
        Exchange(alpha, target);
        using var client = gateway.Client();
        var listed = await client.ListObjectsV2Async(new() { BucketName = S3Gateway.Bucket, Prefix = target[$"s3://{S3Gateway.Bucket}/".Length..] });
        var key = listed.S3Objects.Single(item => item.Key.Contains("/segments/", StringComparison.Ordinal)).Key;
        await client.PutObjectAsync(new() { BucketName = S3Gateway.Bucket, Key = key, ContentBody = "garbage" });

        var plain = Exchange(NewMachine("charlie-778899"), target);
        Assert.Equal((RunStatus.Partial, nameof(ErrorCode.ArtifactCorrupt)), (plain.Status, plain.ErrorCode));
        Assert.Equal(HttpStatusCode.OK, (await client.GetObjectMetadataAsync(S3Gateway.Bucket, key)).HttpStatusCode);

        var bravo = NewMachine(Bravo);
        Run(bravo, target);
        await Assert.ThrowsAnyAsync<Amazon.S3.AmazonS3Exception>(() => client.GetObjectMetadataAsync(S3Gateway.Bucket, key));
        Exchange(alpha, target, full: true);
        Exchange(bravo, target);
        Assert.Equal(alpha.Content(), bravo.Content());

        void Run(TestMachine machine, string address)
        {
            using var archive = ArtifactSync.Archive.ArchiveDatabase.Open(machine.Options, ArtifactSync.Archive.ArchiveMode.Create);
            var options = gateway.Options(gateway.Access(secure: true)) with { ArchiveFolder = machine.Folder };
            var request = new ExchangeRequest { Target = address, OriginId = machine.Origin };
            new ExchangeRunner(archive, () => new S3Transport(address, options, gateway.Trusting()), request, NullObserver.Instance)
                .RunAsync(default).GetAwaiter().GetResult();
        }
    }

    [GatewayFact]
    public void Tls_OwnCertificates_AreTakenFromTheBundleAndOthersRefused()
    {
        var bundle = gateway.CertificateFile;
        foreach (var (file, trusted) in ((string, bool)[])[(bundle, true), ("/etc/ssl/certs/ca-certificates.crt", false)])
        {
            if (!File.Exists(file))
            {
                continue;
            }

            var options = gateway.Options(gateway.Access(secure: true)) with { ReadEnvironment = name => name == "AWS_CA_BUNDLE" ? file : null };
            using var transport = new Disposer(new S3Transport(gateway.NewTarget(), options));
            var error = Record.Exception(() => transport.Transport.OriginsAsync().GetAwaiter().GetResult());
            Assert.Equal(trusted ? null : ErrorCode.TargetUnreachable, (error as ArtifactSyncException)?.Code);
        }
    }

    [GatewayFact]
    public void Secrets_AfterGoodAndBadRuns_AreNowhere()
    {
        var target = gateway.NewTarget();
        var alpha = NewMachine(Alpha);
        alpha.Write("one", "hello");
        var observer = new ListeningObserver();
        Exchange(alpha, target, observer);
        var wrong = gateway.Access(secret: "wrong-secret-to-look-for");
        var failed = new SyncEngine(alpha.Options).ExchangeAsync(
            new ExchangeRequest { Target = target, OriginId = Alpha, Access = wrong }, observer, default).GetAwaiter().GetResult();
        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.TargetUnauthorized)), (failed.Status, failed.ErrorCode));

        var spoken = string.Concat(observer.Lines) + Live.Outcome.Describe(failed);
        foreach (var secret in (string[])[S3Gateway.SecretKey, "wrong-secret-to-look-for"])
        {
            Assert.DoesNotContain(secret, spoken, StringComparison.Ordinal);
            foreach (var file in Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories))
            {
                Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(Some.Bytes(secret)) < 0, file);
            }
        }

        Assert.DoesNotContain("Authorization", spoken, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("list-type", spoken, StringComparison.Ordinal);
    }

    [GatewayFact]
    public async Task Exchange_Cancelled_StopsSoonAndSendsNothingMore()
    {
        var alpha = NewMachine(Alpha);
        for (var n = 0; n < 200; n++)
        {
            alpha.Write($"a{n}", "hello", $"number {n}");
        }

        using var stop = new CancellationTokenSource();
        var observer = new CancellingObserver(stop, after: 20);
        var request = new ExchangeRequest { Target = gateway.NewTarget(), OriginId = Alpha, Access = gateway.Access() };
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new SyncEngine(alpha.Options).ExchangeAsync(request, observer, stop.Token));
        Assert.InRange((watch.Elapsed - observer.At).TotalSeconds, 0, 2);
    }

    private TestMachine NewMachine(string origin)
    {
        var folder = _folder[origin];
        return new TestMachine(folder, origin) { Options = new EngineOptions { ArchivePath = folder, ThrottleLimit = 4 } };
    }

    private SyncRun Exchange(TestMachine machine, string target, IRunObserver? observer = null, bool full = false) => new SyncEngine(machine.Options).ExchangeAsync(
        new ExchangeRequest { Target = target, OriginId = machine.Origin, Access = gateway.Access(), Full = full },
        observer ?? NullObserver.Instance, default).GetAwaiter().GetResult();

    private sealed class Disposer(S3Transport transport) : IDisposable
    {
        public S3Transport Transport => transport;

        public void Dispose() => transport.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private sealed class CancellingObserver(CancellationTokenSource stop, int after) : IRunObserver
    {
        private readonly System.Diagnostics.Stopwatch _watch = System.Diagnostics.Stopwatch.StartNew();
        private int _puts;

        public TimeSpan At { get; private set; }

        public void Progress(in ProgressSnapshot snapshot)
        {
            if (snapshot.Phase == "Pushing" && Interlocked.Increment(ref _puts) == after)
            {
                At = _watch.Elapsed;
                stop.Cancel();
            }
        }

        public void Verbose(string message)
        {
        }

        public void Warning(string message)
        {
        }
    }
}
