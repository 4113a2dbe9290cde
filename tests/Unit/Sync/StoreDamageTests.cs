using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Sync;

/// <summary>Bytes of the store that are not what they were.</summary>
public sealed class StoreDamageTests : IDisposable
{
    private const string Origin = "other-0a1b2c";
    private readonly string _root = Directory.CreateTempSubdirectory("damage-").FullName;

    private string Share => Path.Combine(_root, "share");

    private TestMachine Author => new(Path.Combine(_root, "author"), Origin);

    private TestMachine Reader => new(Path.Combine(_root, "reader"), "reader-3d4e5f");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("segments")]
    [InlineData("manifests")]
    [InlineData("checkpoints")]
    public void Exchange_FullWithDamageInTheStore_IsRepairedAtOnce(string kind)
    {
        Author.Write("s", "text");
        Author.Exchange(Share);
        Reader.Exchange(Share);
        var file = OneOf(Reader, kind);
        var good = File.ReadAllBytes(file);
        Flip(file);

        Assert.Equal(1, Reader.Exchange(Share, full: true).Counters.Healed);
        Assert.Equal(good, File.ReadAllBytes(file));
        Assert.Equal(RunStatus.Succeeded, Reader.Exchange(Share, full: true).Status);
    }

    [Fact]
    public void Exchange_BothCopiesOfOneArtifactAreDamaged_TheOthersStillTravel()
    {
        Author.Write("s", "text");
        Author.Exchange(Share);
        Reader.Exchange(Share);
        var segment = OneOf(Reader, "segments");
        Flip(segment);
        Flip(Path.Combine(Share, Origin, "segments", Path.GetFileName(segment)));
        Directory.Delete(Path.Combine(Share, Origin, "checkpoints"), recursive: true);

        Assert.Equal(RunStatus.Partial, Reader.Exchange(Share, full: true).Status);
        Assert.Single(Directory.GetFiles(Path.Combine(Share, Origin, "checkpoints")));
    }

    [Fact]
    public void Exchange_RepairThatTheTargetLacks_IsNotAskedFor()
    {
        Author.Write("s", "text");
        Author.Exchange(Share);
        Reader.Exchange(Share);
        Reader.Transact(db => QuarantineTable.RequestRepair(
            db, ArtifactName.Segment(Origin, new string('a', 64)), new string('a', 64), 1, DateTimeOffset.UnixEpoch));

        Assert.Equal(0, Reader.Exchange(Share).Counters.Deferred);
    }

    [Fact]
    public void Exchange_CheckpointArrives_ItsMapIsNotKeptAsReferences()
    {
        Author.Write("s", "text");
        Author.Exchange(Share);
        Reader.Exchange(Share);
        Assert.Equal(1, Reader.Read(db => db.Scalar<long>("SELECT count(*) FROM artifact_edges"))); // the manifest's segment
    }

    private static string OneOf(TestMachine machine, string kind) =>
        Directory.GetFiles(Path.Combine(machine.Folder, "artifacts", Origin, kind)).Single();

    private static void Flip(string file)
    {
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
    }
}
