using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Sync;

/// <summary>What may go wrong between own rows and a checkpoint that peers believe.</summary>
public sealed class PublishFaultTests : IDisposable
{
    private const string Origin = "own-0a1b2c";
    private readonly string _root = Directory.CreateTempSubdirectory("publish-").FullName;

    private string Share => Path.Combine(_root, "share");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Exchange_StoreFolderIsBlocked_SessionsStayQueued()
    {
        var machine = Machine();
        machine.Write("s", "text");
        var blocked = Path.Combine(machine.Folder, "artifacts", Origin, "segments");
        Directory.CreateDirectory(Path.GetDirectoryName(blocked)!);
        File.WriteAllText(blocked, "");
        Assert.Equal(RunStatus.Partial, machine.Exchange(Share).Status);

        File.Delete(blocked);
        var run = machine.Exchange(Share);
        Assert.Equal((RunStatus.Succeeded, 1), (run.Status, run.Counters.Published));
    }

    [Fact]
    public async Task Exchange_DiskFullWhilePublishing_FailsWithThatCode()
    {
        var machine = Machine();
        machine.Write("s", "text");
        var run = await new SyncEngine(machine.Options).ExchangeAsync(
            new ExchangeRequest { Target = Share, OriginId = Origin }, new FullDisk(), CancellationToken.None);
        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.DiskFull)), (run.Status, run.ErrorCode));
    }

    [Fact]
    public void Exchange_OwnNumbersAtTheTargetCannotBeSeen_NoneIsUsed()
    {
        var before = Machine();
        before.Write("s", "one");
        before.Exchange(Share);
        Directory.Delete(before.Folder, recursive: true);
        var checkpoints = Path.Combine(Share, Origin, "segments");
        Directory.Move(checkpoints, checkpoints + ".away");
        File.WriteAllText(checkpoints, "");

        var after = Machine();
        after.Write("s", "two");
        Assert.Equal(RunStatus.Partial, after.Exchange(Share).Status);
        Assert.Equal(0, after.Read(db => PublicationTable.Floor(db, Origin)));

        File.Delete(checkpoints);
        Directory.Move(checkpoints + ".away", checkpoints);
        Assert.Equal(RunStatus.Succeeded, after.Exchange(Share).Status);
        Assert.Equal(2, after.Read(PublicationTable.Head)!.Sequence);
    }

    [Fact]
    public void Exchange_AnotherRunPublishesMeanwhile_TheNewerMapHasTheHigherNumber()
    {
        var plain = Machine();
        plain.Write("s", "one");
        var once = true;
        var slow = Machine(step =>
        {
            if (step == "checkpoint:mapped" && once)
            {
                once = false;
                plain.Write("s", "one", "two");
                Assert.Equal(RunStatus.Succeeded, plain.Exchange(Share).Status);
            }
        });
        Assert.Equal(RunStatus.Succeeded, slow.Exchange(Share).Status);
        Assert.Equal(RunStatus.Succeeded, plain.Exchange(Share).Status);

        var reader = new TestMachine(Path.Combine(_root, "reader"), "reader-3d4e5f");
        reader.Exchange(Share);
        Assert.Equal("0:one|1:two", reader.Content()[$"{Origin}~s"]);
    }

    [Fact]
    public void Exchange_PhaseLastsLongerThanTheSilence_RunIsNotTakenForDead()
    {
        var clock = new SteppingClock();
        TestMachine Timed(Action<string> step) => new(Path.Combine(_root, "own"), Origin)
        {
            Options = new EngineOptions { ArchivePath = Path.Combine(_root, "own"), Clock = clock, Checkpoint = step },
        };
        var run = Timed(step =>
        {
            if (step == "phase:push")
            {
                clock.Advance(TimeSpan.FromSeconds(100));
                clock.Advance(TimeSpan.FromSeconds(100));
                Timed(static _ => { }).Exchange(Share);
            }
        }).Exchange(Share);
        Assert.Equal(RunStatus.Succeeded, run.Status);
    }

    private TestMachine Machine(Action<string>? step = null)
    {
        var folder = Path.Combine(_root, "own");
        return new TestMachine(folder, Origin) { Options = new EngineOptions { ArchivePath = folder, Checkpoint = step ?? (static _ => { }) } };
    }

    private sealed class FullDisk : IRunObserver
    {
        public void Progress(in ProgressSnapshot snapshot) => throw new ArtifactSyncException(ErrorCode.DiskFull, "The disk is full.");

        public void Verbose(string message)
        {
        }

        public void Warning(string message)
        {
        }
    }
}
