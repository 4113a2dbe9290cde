using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Sync;
using ArtifactSync.Transport;
using ArtifactSync.Transport.Http;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Peer;

/// <summary>Whole machines, a real listener among them.</summary>
[Trait("Category", "Transport")]
public sealed class PeerExchangeTests
{
    private const string Token = "tOkEn-8f2a7c-never-to-be-seen";

    [Fact]
    public async Task TwoMachines_OverHttp_ConvergeAndThenHaveNothingToDo()
    {
        using var folder = new TempFolder();
        var (a, c) = (new TestMachine(folder["a"], "alpha-0a1b2c"), new TestMachine(folder["c"], "charlie-778899"));
        a.Write("a1", "hello");
        c.Write("c1", "served");
        c.Exchange(folder["adopt"]);
        await using var peer = await Listener.StartAsync(c.Options);

        var first = a.Exchange(peer.Uri);
        Star(a, "charlie-778899~c1");
        var second = a.Exchange(peer.Uri);
        var requests = peer.Info.Requests;
        var third = a.Exchange(peer.Uri);

        Assert.Equal(RunStatus.Succeeded, first.Status);
        Assert.Equal(1, first.Counters.ImportedSessions);
        Assert.Equal(a.Content(), c.Content());
        Assert.True(c.Read(db => db.Scalar<long>("SELECT count(*) FROM starred_sessions WHERE session_id = 'c1'")) == 1);
        Assert.Equal((1L, RunStatus.Succeeded), (second.Counters.Sent, second.Status));
        Assert.Equal((0L, 0L), (third.Counters.Sent, third.Counters.Received));
        Assert.Equal(6, peer.Info.Requests - requests); // origins, an index and the newest checkpoint of each, finalize
        a.AssertSound();
        await peer.StopAsync();
        c.AssertSound();
    }

    /// <summary>A uses a folder, B relays between it, another store and C's listener; nobody sees all the others.</summary>
    [Fact]
    public async Task ThreeMachines_FolderRelayAndPeer_Converge()
    {
        using var folder = new TempFolder();
        TestMachine[] machines =
            [new(folder["a"], "alpha-0a1b2c"), new(folder["b"], "bravo-3d4e5f"), new(folder["c"], "charlie-778899")];
        machines[2].Exchange(folder["adopt"]);
        await using var peer = await Listener.StartAsync(machines[2].Options, options => options with { Token = Listener.Secure(Token) });
        var random = new Random(7);
        for (var round = 0; round < 4; round++)
        {
            foreach (var machine in machines)
            {
                machine.Write($"s{random.Next(3)}", $"round {round}", $"{random.Next()}");
            }
            Exchange(machines[0], folder["share"]);
            Exchange(machines[1], folder["share"], folder["relay"], peer.Uri);
        }
        Star(machines[0], "charlie-778899~s0", "charlie-778899~s1", "charlie-778899~s2");
        for (var round = 0; round < 2; round++)
        {
            Exchange(machines[0], folder["share"]);
            Exchange(machines[1], folder["share"], folder["relay"], peer.Uri, folder["share"]);
        }
        Exchange(machines[0], folder["share"]);

        await peer.StopAsync();
        Assert.All(machines, machine => Assert.Equal(machines[0].Content(), machine.Content()));
        Assert.All(machines, machine => Assert.Equal(
            machines[0].Read(db => db.Scalar<long>("SELECT count(*) FROM starred_sessions")), machine.Read(db => db.Scalar<long>("SELECT count(*) FROM starred_sessions"))));
        Assert.All(machines, machine => machine.AssertSound());
    }

    /// <summary>
    /// Many clients at once, each with origins of its own, all through the same listener. One round, or rounds for so many
    /// seconds as ARTIFACTSYNC_SOAK says.
    /// </summary>
    [Fact]
    public async Task Load_ManyClientsAtOnce_NothingIsLost()
    {
        const int clients = 64, sessions = 3;
        await using var peer = await Listener.StartAsync();
        var soak = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("ARTIFACTSYNC_SOAK") ?? "0"));
        var began = TimeProvider.System.GetTimestamp();
        var sent = (await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            var mine = new List<(string Origin, List<(ArtifactRef Artifact, byte[] Wire)> Artifacts)>();
            do
            {
                mine.Add(await SendAsync(peer, client + (clients * mine.Count), sessions));
            }
            while (TimeProvider.System.GetElapsedTime(began) < soak);
            return mine;
        })))).SelectMany(mine => mine).ToList();

        await using var transport = peer.Open();
        var origins = await transport.OriginsAsync();
        foreach (var (origin, artifacts) in sent)
        {
            Assert.Contains(origin, origins);
            foreach (var (artifact, wire) in artifacts)
            {
                Assert.Equal(wire, Encoding.Latin1.GetBytes(await ReadAsync(transport, artifact)));
            }
        }
        await transport.CompleteAsync(default);
        await peer.StopAsync();
        using var archive = ArchiveDatabase.Open(peer.Engine, ArchiveMode.ReadOnly);
        Assert.Equal(sent.Count * sessions, archive.Reader.Scalar<long>("SELECT count(*) FROM sessions"));
        Assert.Equal("ok", archive.Reader.Scalar<string>("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task Token_OfAnExchange_IsNowhereAfterwards()
    {
        using var folder = new TempFolder();
        var (a, c) = (new TestMachine(folder["a"], "alpha-0a1b2c"), new TestMachine(folder["c"], "charlie-778899"));
        a.Write("a1", "hello");
        var told = new Telling();
        await using (var peer = await Listener.StartAsync(c.Options, options => options with { Token = Listener.Secure(Token) }))
        {
            Assert.Equal(RunStatus.Succeeded, (await RunAsync(a, peer.Uri, Token, told)).Status);
            Assert.Equal(RunStatus.Failed, (await RunAsync(a, peer.Uri, Token + "x", told)).Status);
            using var answer = await peer.SendAsync(HttpMethod.Post, "/api/v1/artifacts/exchange", Encoding.UTF8.GetBytes($$"""{"target":"http://127.0.0.1:1","token":"{{Token}}"}"""), Token);
            told.Lines.Add(await answer.Content.ReadAsStringAsync());
            told.Lines.Add(JsonSerializer.Serialize(peer.Info));
        }
        await using (var liar = new RawServer(request => RawServer.Answer(
            500, Encoding.UTF8.GetBytes(request.Headers["Authorization"]), null, ("Content-Type", "text/plain"))))
        {
            Assert.Equal(RunStatus.Failed, (await RunAsync(a, liar.Uri, Token, told)).Status);
        }

        Assert.DoesNotContain(told.Lines, line => line.Contains(Token, StringComparison.OrdinalIgnoreCase));
        byte[][] spellings =
            [Encoding.UTF8.GetBytes(Token), Encoding.Unicode.GetBytes(Token), Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(Token)))];
        foreach (var file in new[] { a.Folder, c.Folder }.SelectMany(path => Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)))
        {
            var bytes = File.ReadAllBytes(file);
            Assert.All(spellings, spelling => Assert.True(bytes.AsSpan().IndexOf(spelling) < 0, file));
        }
    }

    private static async Task<SyncRun> RunAsync(TestMachine machine, string target, string token, Telling told)
    {
        var options = machine.Options with { Clock = new QuickClock(DateTimeOffset.UtcNow) };
        var run = await new SyncEngine(options).ExchangeAsync(
            new ExchangeRequest { Target = target, OriginId = machine.Origin, Access = new TargetAccess { Token = Listener.Secure(token) } }, told, CancellationToken.None);
        told.Lines.Add(JsonSerializer.Serialize(run));
        return run;
    }

    private static void Exchange(TestMachine machine, params ReadOnlySpan<string> targets)
    {
        foreach (var target in targets)
        {
            var run = machine.Run(new ExchangeRequest
            {
                Target = target, OriginId = machine.Origin, Access = new TargetAccess { Token = target.StartsWith("http", StringComparison.Ordinal) ? Listener.Secure(Token) : null },
            });
            Assert.True(run.Status == RunStatus.Succeeded, Live.Outcome.Describe(run));
        }
    }

    private static void Star(TestMachine machine, params IReadOnlyList<string> sessions)
    {
        using var archive = ArchiveDatabase.Open(machine.Options, ArchiveMode.ReadWrite);
        using var lease = archive.AcquireLease("test", machine.Options.LeaseTimeout, CancellationToken.None);
        var recorder = new Recorder(archive, new LocalEventStore(new LocalStore(archive)));
        foreach (var session in sessions.Where(id => archive.Reader.Scalar<long>("SELECT count(*) FROM sessions WHERE id = ?", id) > 0))
        {
            recorder.SetStarred(lease, session, true);
        }
    }

    private static async Task<(string Origin, List<(ArtifactRef Artifact, byte[] Wire)> Artifacts)> SendAsync(Listener peer, int client, int sessions)
    {
        var origin = $"client{client:d5}-0a1b2c";
        var artifacts = new List<(ArtifactRef, byte[])>();
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await using var transport = peer.Open();
        for (var i = 0; i < sessions; i++)
        {
            var segment = Encode(ArtifactKind.Segments, Encoding.UTF8.GetBytes($"{{\"content\":\"text {client} {i}\",\"content_length\":8,\"ordinal\":0,\"role\":\"user\",\"v\":1}}\n"), out var hash);
            await Put(ArtifactName.Segment(origin, hash), segment);
            var manifest = ManifestDocument.Encode(new Manifest
            {
                Version = 1, Origin = origin, NativeSessionId = $"s{i}", Segments = [hash],
                Session = new SessionRecord { Id = $"s{i}", Machine = origin, Project = "p", Agent = "claude", CreatedAt = "2026-06-01T00:00:00Z", MessageCount = 1 },
            });
            await Put(ArtifactName.Manifest(origin, Hash(manifest)), Encode(ArtifactKind.Manifests, manifest, out var manifestHash));
            map[Gid.Join(origin, $"s{i}")] = manifestHash;
            var raw = RandomNumberGenerator.GetBytes(20_000);
            await Put(ArtifactName.Raw(origin, Hash(raw)), raw);
            _ = await transport.OriginsAsync();
        }
        await Put(ArtifactName.Checkpoint(origin, 1), CheckpointDocument.Encode(new Checkpoint { Version = 1, Origin = origin, Sequence = 1, Sessions = [.. map] }));
        await transport.CompleteAsync(default);
        return (origin, artifacts);

        async Task Put(ArtifactRef artifact, byte[] wire)
        {
            using var stream = new MemoryStream(wire);
            Assert.Equal(PutOutcome.Created, await transport.PutAsync(artifact, stream, wire.Length, default));
            artifacts.Add((artifact, wire));
        }
    }

    private static byte[] Encode(ArtifactKind kind, byte[] decoded, out string sha256)
    {
        using var wire = new MemoryStream();
        using var encoder = new ArtifactEncoder(kind, wire);
        encoder.Write(decoded);
        sha256 = encoder.Finish().Sha256;
        return wire.ToArray();
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static async Task<string> ReadAsync(HttpPeerTransport transport, ArtifactRef artifact)
    {
        await using var stream = await transport.OpenReadAsync(artifact, default);
        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        return Encoding.Latin1.GetString(all.ToArray());
    }

    /// <summary>Keeps everything that a run says.</summary>
    private sealed class Telling : IRunObserver
    {
        public List<string> Lines { get; } = [];

        public void Progress(in ProgressSnapshot snapshot) => Add($"{snapshot.Phase} {snapshot.Item}");

        public void Verbose(string message) => Add(message);

        public void Warning(string message) => Add(message);

        public void Debug(string message) => Add(message);

        private void Add(string line)
        {
            lock (Lines)
            {
                Lines.Add(line);
            }
        }
    }
}
