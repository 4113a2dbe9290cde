using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Ingest;
using ArtifactSync.Tests.Live;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Sync;

/// <summary>What the ledger and the quarantine remember must not stand in the way later.</summary>
public sealed class RememberedTests : IDisposable
{
    private const string Origin = "other-0a1b2c";
    private readonly string _root = Directory.CreateTempSubdirectory("remembered-").FullName;

    private string Share => Path.Combine(_root, "share");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Exchange_ManifestPutAwayForAWrongCheckpoint_ComesBackForARightOne()
    {
        var folder = Path.Combine(_root, "reader");
        // Long after the files were written: listings are trusted.
        var options = new EngineOptions { ArchivePath = folder, Clock = new ManualClock(TimeProvider.System.GetUtcNow().AddHours(1)) };
        var reader = new TestMachine(folder, "reader-3d4e5f") { Options = options };
        OneSession.Write(Share, Origin, [[]], static _ => { });
        var wire = Directory.GetFiles(Path.Combine(Share, Origin, "manifests")).Single();
        var artifact = ArtifactName.Parse(Origin, ArtifactKind.Manifests, Path.GetFileName(wire));
        var manifest = WireFiles.Decode(artifact, wire);
        File.Delete(Path.Combine(Share, ArtifactName.Checkpoint(Origin, 1).Path));
        OneSession.WriteCheckpoint(Share, Origin, "another", manifest);
        Assert.Equal(1, reader.Exchange(Share).Counters.Quarantined);

        WireFiles.Write(Share, ArtifactName.Checkpoint(Origin, 2), CheckpointDocument.Encode(new Checkpoint
        {
            Version = 1, Origin = Origin, Sequence = 2, Sessions = [new($"{Origin}~{OneSession.Id}", ArtifactName.Sha256(artifact)!)],
        }));
        Assert.Equal(0, reader.Exchange(Share).Counters.ImportedSessions);
        Assert.Equal(1, reader.Exchange(Share).Counters.ImportedSessions);
    }

    [Fact]
    public async Task Import_LeftAfterTheFirstFile_IsClosedAsStopped()
    {
        var machine = new TestMachine(Path.Combine(_root, "own"), Origin);
        foreach (var name in (string[])["a", "b"])
        {
            File.WriteAllText(Path.Combine(_root, name + ".jsonl"), $$$"""
                {"type":"user","sessionId":"{{{name}}}","uuid":"u-{{{name}}}","timestamp":"2026-06-01T00:00:00Z","message":{"role":"user","content":"hi"}}

                """);
        }
        var request = new ImportRequest { Paths = [Path.Combine(_root, "a.jsonl"), Path.Combine(_root, "b.jsonl")] };
        await foreach (var file in new SyncEngine(machine.Options).ImportAsync(request, NullObserver.Instance, CancellationToken.None))
        {
            Assert.Equal("Imported", file.Status);
            break;
        }
        var run = Assert.Single(new SyncEngine(machine.Options).GetRuns(new RunQuery()));
        Assert.Equal(RunStatus.Aborted, run.Status);
    }
}
