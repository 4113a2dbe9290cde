using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Sync;

/// <summary>What happens to one machine's archive between choosing a checkpoint and having imported it.</summary>
public sealed class IngestFaultTests : IDisposable
{
    private const string Origin = "other-0a1b2c";
    private readonly string _root = Directory.CreateTempSubdirectory("ingest-").FullName;
    private Action _selected = static () => { };

    private string Share => Path.Combine(_root, "share");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Exchange_AnotherRunImportsNewerMeanwhile_ContentDoesNotGoBack()
    {
        var (author, reader) = (Author(), Reader());
        var old = Path.Combine(_root, "old");
        author.Write("s", "first");
        author.Exchange(old);
        author.Write("s", "first", "second");
        author.Exchange(Share);

        _selected = () => Assert.Equal(RunStatus.Succeeded, Reader(hooked: false).Exchange(Share).Status);
        reader.Exchange(old);

        Assert.Equal("0:first|1:second", reader.Content()[$"{Origin}~s"]);
        Assert.Equal(2, reader.Read(db => IngestTable.FindLanding(db, Origin))!.Sequence);
    }

    [Fact]
    public void Exchange_ManifestVanishesMeanwhile_OnlyItsSessionWaitsForRepair()
    {
        var (author, reader) = (Author(), Reader());
        author.Write("s", "text");
        author.Write("t", "text too");
        author.Exchange(Share);

        _selected = () => File.Delete(Directory.EnumerateFiles(Artifacts(reader, "manifests")).First());
        Assert.Equal(RunStatus.Partial, reader.Exchange(Share).Status);
        Assert.Single(reader.Content());

        _selected = static () => { };
        Assert.Equal(RunStatus.Succeeded, reader.Exchange(Share).Status);
        Assert.Equal(author.Content(), reader.Content());
    }

    [Fact]
    public void Exchange_DamagedSegmentLooksInvalid_IsRepairedNotBlamed()
    {
        var (author, reader) = (Author(), Reader());
        var random = new Random(1); // several blocks: what is decoded is handed out before the frame's checksum is met
        author.Write("s", [.. Enumerable.Range(0, 40).Select(_ => random.GetHexString(20_000))]);
        author.Exchange(Share);

        _selected = () => MakeInvalid(Directory.EnumerateFiles(Artifacts(reader, "segments")).Single());
        var run = reader.Exchange(Share);
        Assert.Equal((RunStatus.Partial, nameof(ErrorCode.ArtifactCorrupt)), (run.Status, run.ErrorCode));

        _selected = static () => { };
        Assert.Equal(RunStatus.Succeeded, reader.Exchange(Share).Status);
        Assert.Equal(author.Content(), reader.Content());
    }

    [Fact]
    public void Exchange_NewestCheckpointLostBeforeItLanded_OlderOneIsNotImported()
    {
        var (author, reader) = (Author(), Reader());
        author.Write("gone", "unwanted");
        author.Write("s", "first");
        author.Exchange(Share);
        reader.Transact(db => db.Execute("INSERT INTO excluded_sessions VALUES (?, '')", $"{Origin}~gone"));
        reader.Exchange(Share);
        author.Write("s", "first", "second");
        author.Exchange(Share);
        reader.Exchange(Share);
        Assert.Null(reader.Read(db => IngestTable.FindLanding(db, Origin)));

        var name = ArtifactName.Checkpoint(Origin, 2).Name;
        File.Delete(Path.Combine(Share, Origin, "checkpoints", name));
        File.Delete(Path.Combine(Artifacts(reader, "checkpoints"), name));
        reader.Transact(db => CatalogTable.Remove(db, ArtifactName.Checkpoint(Origin, 2)));
        Assert.Equal(RunStatus.Succeeded, reader.Exchange(Share, full: true).Status);

        Assert.Equal("0:first|1:second", reader.Content()[$"{Origin}~s"]);
    }

    private static string Artifacts(TestMachine machine, string kind) => Path.Combine(machine.Folder, "artifacts", Origin, kind);

    /// <summary>Same length, still decodable, but no JSON any more before its end.</summary>
    private static void MakeInvalid(string file)
    {
        var good = File.ReadAllBytes(file);
        for (var i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 0x20;
            if (Fault(file, bad) == ErrorCode.DocumentInvalid)
            {
                File.WriteAllBytes(file, bad);
                return;
            }
        }
        Assert.Fail("no such damage");
    }

    private static ErrorCode? Fault(string file, byte[] bytes)
    {
        var artifact = ArtifactName.Parse(Origin, ArtifactKind.Segments, Path.GetFileName(file));
        try
        {
            using var decoded = ArtifactCodec.OpenDecoded(artifact.Kind, new MemoryStream(bytes));
            return SegmentReader.Read(artifact, decoded).Any() ? null : ErrorCode.ArtifactCorrupt;
        }
        catch (ArtifactSyncException fault)
        {
            return fault.Code;
        }
    }

    private TestMachine Author() => new(Path.Combine(_root, "author"), Origin);

    private TestMachine Reader(bool hooked = true)
    {
        var folder = Path.Combine(_root, "reader");
        void Step(string step)
        {
            if (hooked && step == "ingest:selected")
            {
                _selected();
            }
        }
        return new TestMachine(folder, "reader-3d4e5f") { Options = new EngineOptions { ArchivePath = folder, Checkpoint = Step } };
    }
}
