using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Ingest;
using ArtifactSync.Tests.Live;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Sync;

/// <summary>Situations of spec 13 that the recordings have no folder of: the fault is told, all else is imported.</summary>
public sealed class ExchangeHazardTests : IDisposable
{
    private const string Good = "good-112233";
    private const string Bad = "odd-445566";
    private static readonly byte[] Hello = WireFiles.Utf8("{\"content\":\"hello\",\"ordinal\":0,\"role\":\"user\",\"v\":1}\n");

    private readonly TempFolder _scratch = new();
    private readonly Machine _machine;

    public ExchangeHazardTests()
    {
        _machine = new Machine("bravo-3d4e5f", _scratch["archive"]);
        OneSession.Write(Share, Good, [Hello], static _ => { });
    }

    private string Share => _scratch["share"];

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("readme")]
    [InlineData("odd-445566")]
    public async Task FileNamedLikeOrigin_IsLeftOut(string name)
    {
        File.WriteAllText(Path.Combine(Share, name), "text");
        await AssertPartial(ErrorCode.TargetEntryInvalid, Good);
    }

    [UnixFact]
    public async Task LinkNamedLikeArtifact_IsLeftOut()
    {
        OneSession.Write(Share, Bad, [Hello], static _ => { });
        string segment = Directory.EnumerateFiles(Path.Combine(Share, Bad, "segments")).Single();
        File.Move(segment, _scratch["elsewhere"]);
        File.CreateSymbolicLink(segment, _scratch["elsewhere"]);
        await AssertPartial(ErrorCode.TargetEntryInvalid, Good);
    }

    [Fact]
    public async Task RepeatedDedupKey_PutsManifestAway()
    {
        var usage = new UsageEventRecord { Source = "s", Model = "m", DedupKey = "k" };
        byte[] manifest = Manifest(Bad, "twice", [usage, usage with { Model = "n" }]);
        OneSession.WriteCheckpoint(Share, Bad, "twice", manifest);
        await AssertPartial(ErrorCode.DocumentInvalid, Good);
        Assert.Equal([$"{Bad}/manifests/{WireFiles.Hash(manifest)}.json"], ImportState.Of(_machine).Members["quarantined"]);
    }

    [Fact]
    public async Task EventOnSessionWithoutName_IsMarkedAndPutAway()
    {
        byte[] star = EventDocument.Encode(new MetadataEvent
        {
            Version = 1, Hlc = "2026-06-02T000000.000000001Z-00000000000000000000", Origin = Good, SessionGid = "bravo-3d4e5f~", Op = "star",
        });
        WireFiles.Write(Share, ArtifactName.Meta(Good, $"2026-06-02T000000.000000001Z-00000000000000000000-{WireFiles.Hash(star)}"), star);
        await AssertPartial(ErrorCode.EventInvalid, Good);
        ImportState state = ImportState.Of(_machine);
        Assert.Single(state.Members["quarantined"]);
        Assert.Single(state.Members["applied"]);
        Assert.Empty(state.Members["registers"]);
    }

    [Fact]
    public async Task ManifestNamedForAnotherSession_ComesBackWhenNamedRightly()
    {
        byte[] manifest = Manifest(Bad, "right", []);
        OneSession.WriteCheckpoint(Share, Bad, "wrong", manifest);
        await AssertPartial(ErrorCode.DocumentInvalid, Good);

        ArtifactRef artifact = WireFiles.WriteHashed(Share, Bad, ArtifactKind.Manifests, manifest);
        var checkpoint = new Checkpoint
        {
            Version = 1, Origin = Bad, Sequence = 2, Sessions = [new($"{Bad}~right", ArtifactName.Sha256(artifact)!)],
        };
        WireFiles.Write(Share, ArtifactName.Checkpoint(Bad, 2), CheckpointDocument.Encode(checkpoint));
        SyncRun run = await _machine.SyncAsync(Share, initialize: false);

        Assert.True(run.Status == RunStatus.Succeeded, Outcome.Describe(run));
        Assert.Contains($"{Bad}~right | 0 | null | null", ImportState.Of(_machine).Members["sessions"]);
    }

    [Theory]
    [InlineData("bravo-3d4e5f-x")]
    [InlineData("bravo")]
    public async Task OriginThatPairsWithOurs_IsNotTaken(string origin)
    {
        await AssertImported();
        OneSession.Write(Share, origin, [Hello], static _ => { });
        await AssertPartial(ErrorCode.OriginPair, Good);
        Assert.False(Directory.Exists(Path.Combine(_machine.Artifacts, origin)));
    }

    [Theory]
    [InlineData("bravo-3d4e5f-x")]
    [InlineData("bravo")]
    public async Task OwnOriginThatPairsWithKnownOne_IsNotAdopted(string origin)
    {
        OneSession.Write(Share, origin, [Hello], static _ => { });
        SyncRun run = await _machine.SyncAsync(Share, initialize: true);
        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.OriginPair)), (run.Status, run.ErrorCode));
    }

    [Fact]
    public async Task DamagedShareFile_IsHealedByFullRun()
    {
        await AssertImported();
        string segment = Directory.EnumerateFiles(Path.Combine(Share, Good, "segments")).Single();
        byte[] good = File.ReadAllBytes(segment);
        File.WriteAllBytes(segment, good[..^3]);

        SyncRun run = await _machine.SyncAsync(Share, initialize: false, full: true);

        Assert.True(run.Counters.Healed == 1, Outcome.Describe(run));
        Assert.Equal(Hello, WireFiles.Decode(WireFiles.Parse($"{Good}/segments/{Path.GetFileName(segment)}")!, segment));
        Assert.Equal(good[..^3], File.ReadAllBytes(segment + ".corrupt"));
    }

    private static byte[] Manifest(string origin, string id, List<UsageEventRecord> usage) => ManifestDocument.Encode(new Manifest
    {
        Version = 1,
        Origin = origin,
        NativeSessionId = id,
        Segments = [WireFiles.Hash([])],
        UsageEvents = usage,
        Generation = 1,
        Session = new SessionRecord { Id = id, Machine = origin, Agent = "claude", CreatedAt = "2026-06-01T00:02:00Z" },
    });

    private async Task AssertImported()
    {
        SyncRun run = await _machine.SyncAsync(Share, initialize: true);
        Assert.True(run.Status == RunStatus.Succeeded, Outcome.Describe(run));
    }

    private async Task AssertPartial(ErrorCode code, params string[] imported)
    {
        WireFiles.WriteHashed(Share, Directory.Exists(Path.Combine(Share, Bad)) ? Bad : Good, ArtifactKind.Segments, []);
        SyncRun run = await _machine.SyncAsync(Share, initialize: true);
        Assert.True(
            run.Status == RunStatus.Partial && run.Entities.Any(e => e.ErrorCode == code.ToString()), $"expected {code}: {Outcome.Describe(run)}");
        Assert.Equal(imported.Select(o => $"{o}~{OneSession.Id} | 0 | null | null"), ImportState.Of(_machine).Members["sessions"]);
    }
}
