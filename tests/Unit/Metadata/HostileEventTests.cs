using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;
using ArtifactSync.Tests.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>
/// Events that a broken or hostile peer put into the shared folder, through whole exchanges: each is told with its code, what is
/// good beside it is applied, and the archive's clock never stands further ahead than the drift bound (spec 8.3, 9.7, 10.2, 12).
/// </summary>
[Trait("Category", "Metadata")]
public sealed class HostileEventTests : IDisposable
{
    private const string Peer = "alpha-0a1b2c";
    private const string Session = "alpha-0a1b2c~s1";

    private readonly TempFolder _folder = new();
    private readonly LedgerClock _clock = new();
    private readonly TestMachine _machine;

    public HostileEventTests()
    {
        _folder.CreateDirectory("share");
        var peer = new TestMachine(_folder["alpha"], Peer) { Options = Options("alpha") };
        peer.Write("s1", ["one", "two"]);
        Assert.Equal(RunStatus.Succeeded, peer.Exchange(Share).Status);
        _machine = new TestMachine(_folder["bravo"], "bravo-3d4e5f") { Options = Options("bravo") };
        Assert.Equal(RunStatus.Succeeded, _machine.Exchange(Share).Status);
    }

    private string Share => _folder["share"];

    public static TheoryData<string, string, EntityStatus> Cases => new()
    {
        { "clock far ahead", nameof(ErrorCode.ClockDrift), EntityStatus.Deferred },
        { "clock at the end of time", nameof(ErrorCode.ClockDrift), EntityStatus.Deferred },
        { "counter used up", nameof(ErrorCode.ClockOverflow), EntityStatus.Deferred },
        { "clock that is no time", nameof(ErrorCode.DocumentInvalid), EntityStatus.Rejected },
        { "clock that is no text of a clock", nameof(ErrorCode.DocumentInvalid), EntityStatus.Rejected },
        { "name without clock", nameof(ErrorCode.DocumentInvalid), EntityStatus.Rejected },
        { "clock of another name", nameof(ErrorCode.DocumentInvalid), EntityStatus.Rejected },
        { "other origin", nameof(ErrorCode.DocumentInvalid), EntityStatus.Rejected },
        { "other hash", nameof(ErrorCode.HashMismatch), EntityStatus.Rejected },
        { "unknown op", nameof(ErrorCode.EventUnknownOp), EntityStatus.Quarantined },
        { "unknown op far ahead", nameof(ErrorCode.EventUnknownOp), EntityStatus.Quarantined },
        { "rename without value", nameof(ErrorCode.DocumentInvalid), EntityStatus.Rejected },
        { "rename to a number", nameof(ErrorCode.DocumentInvalid), EntityStatus.Rejected },
        { "pin without pin", nameof(ErrorCode.DocumentInvalid), EntityStatus.Rejected },
        { "unpin without pin", nameof(ErrorCode.DocumentInvalid), EntityStatus.Rejected },
        { "no session", nameof(ErrorCode.DocumentInvalid), EntityStatus.Rejected },
        { "own session without id", nameof(ErrorCode.EventInvalid), EntityStatus.Quarantined },
        { "unknown session", nameof(ErrorCode.EventTargetMissing), EntityStatus.Deferred },
        { "pin on no message", nameof(ErrorCode.EventTargetMissing), EntityStatus.Deferred },
        { "not canonical", nameof(ErrorCode.DocumentNotCanonical), EntityStatus.Quarantined },
        { "no JSON", nameof(ErrorCode.DocumentInvalid), EntityStatus.Rejected },
        { "later version", nameof(ErrorCode.FutureVersion), EntityStatus.Deferred },
        { "version 0", nameof(ErrorCode.DocumentInvalid), EntityStatus.Rejected },
        { "larger than an event", nameof(ErrorCode.ArtifactTooLarge), EntityStatus.Rejected },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Exchange_BadEvent_IsToldWithItsCodeAndStopsNothingElse(string name, string code, EntityStatus status)
    {
        (ArtifactRef bad, byte[] bytes) = Bad(name);
        Put((bad, bytes), LedgerEvents.Rename(Peer, Session, "good", seconds: 1));

        SyncRun run = _machine.Exchange(Share);

        SyncRunEntity entity = Assert.Single(run.Entities, e => e.Key == bad.Path);
        Assert.Equal((code, status), (entity.ErrorCode, entity.Status));
        Assert.False(string.IsNullOrEmpty(entity.ErrorMessage));
        Assert.Equal(status == EntityStatus.Deferred ? RunStatus.Succeeded : RunStatus.Partial, run.Status);
        Assert.Equal(1, run.Counters.ImportedEvents);
        AssertOnlyTheGoodOne();

        // Once is enough: what is refused or waits is neither applied nor double counted by the next runs.
        Assert.Equal(0, _machine.Exchange(Share).Counters.ImportedEvents);
        Assert.Equal(0, _machine.Exchange(Share, full: true).Counters.ImportedEvents);
        AssertOnlyTheGoodOne();
        _machine.AssertSound();
    }

    [Fact]
    public void Exchange_NameWithoutHash_IsNoArtifact()
    {
        string stray = Path.Combine(Share, Peer, "meta", "2026-11-21T080000.000000001Z-00000000000000000000.json");
        Directory.CreateDirectory(Path.GetDirectoryName(stray)!);
        File.WriteAllText(stray, "{}\n");

        SyncRun run = _machine.Exchange(Share);

        Assert.Equal((RunStatus.Succeeded, 0L), (run.Status, run.Counters.ImportedEvents));
        Assert.True(File.Exists(stray));
    }

    [Fact]
    public void Exchange_ClocksAheadWithinTheBound_DragTheClockNoFurtherThanIt()
    {
        for (int i = 0; i < 5; i++)
        {
            int now = (int)(_clock.WallTime.Seconds - LedgerClock.Start.Seconds);
            Put(
                LedgerEvents.Rename(Peer, Session, $"at the bound {i}", now + 300),
                LedgerEvents.Rename(Peer, Session, $"beyond {i}", now + 310));
            Assert.Equal(RunStatus.Succeeded, _machine.Exchange(Share).Status);
            AssertClockWithinBound();
            Assert.Equal($"at the bound {i}", Name());

            Edit(CurationEdit.SetDisplayName(Session, $"mine {i}"));
            AssertClockWithinBound();
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal("mine 4", Name());
    }

    [Fact]
    public void Exchange_ForgedClocks_AreAppliedWhenTheirTimeHasComeAndNotBefore()
    {
        Put(LedgerEvents.Rename(Peer, Session, "tomorrow", seconds: 86_400));
        Assert.Equal(1, _machine.Exchange(Share).Counters.Deferred);
        Edit(CurationEdit.SetDisplayName(Session, "today"));
        Assert.Equal("today", Name());

        _clock.Advance(TimeSpan.FromSeconds(86_400 - 301));
        _machine.Exchange(Share);
        Assert.Equal("today", Name());

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _machine.Exchange(Share).Counters.ImportedEvents);
        Assert.Equal("tomorrow", Name());
        AssertClockWithinBound();
    }

    private static (ArtifactRef Artifact, byte[] Bytes) Bad(string name) => name switch
    {
        "clock far ahead" => LedgerEvents.Rename(Peer, Session, "bad", seconds: 301),
        "clock at the end of time" => Event(e => e.Hlc = "9999-12-31T235959.999999999Z-18446744073709551615"),
        "counter used up" => LedgerEvents.Rename(Peer, Session, "bad", seconds: 10, logical: ulong.MaxValue),
        "clock that is no time" => Event(e => e.Hlc = "2026-13-41T250000.000000001Z-00000000000000000000"),
        "clock that is no text of a clock" => Event(e => e.Hlc = "yesterday"),
        "name without clock" => Event(e => e.Hlc = ""),
        "clock of another name" => Named("2026-11-21T080000.000000001Z-00000000000000000007", Encode(Rename())),
        "other origin" => Event(e => e.Origin = "zulu-000000"),
        "other hash" => (LedgerEvents.Rename(Peer, Session, "bad").Artifact, LedgerEvents.Rename(Peer, Session, "worse").Bytes),
        "unknown op" => LedgerEvents.Make(Peer, Session, "archive"),
        "unknown op far ahead" => LedgerEvents.Make(Peer, Session, "archive", seconds: 100_000),
        "rename without value" => LedgerEvents.Make(Peer, Session, EventOp.Rename),
        "rename to a number" => LedgerEvents.Make(Peer, Session, EventOp.Rename, value: "{\"display_name\":7}"),
        "pin without pin" => LedgerEvents.Make(Peer, Session, EventOp.Pin),
        "unpin without pin" => LedgerEvents.Make(Peer, Session, EventOp.Unpin),
        "no session" => LedgerEvents.Rename(Peer, "", "bad"),
        "own session without id" => LedgerEvents.Rename(Peer, "bravo-3d4e5f~", "bad"),
        "unknown session" => LedgerEvents.Rename(Peer, $"{Peer}~nowhere", "bad"),
        "pin on no message" => LedgerEvents.Pin(Peer, Session, "", 99),
        "not canonical" => Named(Rename().Hlc, [.. " "u8, .. Encode(Rename())]),
        "no JSON" => Named(Rename().Hlc, "not json\n"u8.ToArray()),
        "later version" => Event(e => e.Version = 2),
        "version 0" => Event(e => e.Version = 0),
        "larger than an event" => Named(Rename().Hlc, new byte[(int)Limits.EventBytes + (2 * 1024 * 1024)]),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such case."),
    };

    private static MetadataEvent Rename() => new()
    {
        Version = 1, Hlc = LedgerClock.Start.ToString(), Origin = Peer, SessionGid = Session, Op = EventOp.Rename,
        Value = EditPlanner.RenameValue("bad"),
    };

    private static (ArtifactRef Artifact, byte[] Bytes) Event(Action<MetadataEvent> change)
    {
        MetadataEvent document = Rename();
        change(document);
        return Named(document.Hlc, Encode(document));
    }

    private static byte[] Encode(MetadataEvent document) => EventDocument.Encode(document);

    private static (ArtifactRef Artifact, byte[] Bytes) Named(string hlc, byte[] bytes) =>
        (ArtifactName.Meta(Peer, $"{hlc}-{WireFiles.Hash(bytes)}"), bytes);

    private EngineOptions Options(string name) => new() { ArchivePath = _folder[name], Clock = _clock };

    private void Put(params IEnumerable<(ArtifactRef Artifact, byte[] Bytes)> events)
    {
        foreach ((ArtifactRef artifact, byte[] bytes) in events)
        {
            string file = Path.Combine(Share, artifact.Origin, "meta", artifact.Name);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, bytes);
        }
    }

    private void Edit(CurationEdit edit) =>
        Assert.True(Assert.Single(new SyncEngine(_machine.Options).Edit([edit], CancellationToken.None)).Changed);

    private string? Name() => _machine.Read(db => LedgerRows.Session(db, Session)?.DisplayName);

    private void AssertOnlyTheGoodOne()
    {
        Assert.Equal("good", Name());
        Assert.Equal([$"{Session} display_name"], _machine.Read(LedgerRows.Registers).Select(static r => string.Join(' ', r.Split(' ')[..2])));
        Assert.Empty(_machine.Read(LedgerRows.Conflicts));
        Assert.Empty(_machine.Read(db => LedgerRows.Pins(db, Session)));
        AssertClockWithinBound();
    }

    private void AssertClockWithinBound()
    {
        string? text = _machine.Read(MetadataTable.LoadClock);
        Assert.True(Hlc.TryParse(text, out Hlc state), text);
        Assert.False(HybridClock.IsAhead(state, _clock.WallTime), text);
    }
}
