using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Store;

public sealed class WriteOnceFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private WriteOnceFolder Open(FolderIO? io = null, FolderUse use = FolderUse.Private) => new(_folder.Path, use, io);

    private static void Stage(WriteOnceBatch batch, string directory, string name, int order = 0)
    {
        using var file = batch.Create(directory);
        file.Append(Some.Bytes(name));
        file.Finish(name, order);
    }

    [Fact]
    public void Write_NewName_IsThereWithItsContent()
    {
        Assert.True(Open().Write("a/b", "name", "content"u8));
        Assert.Equal(["a/b/name"], _folder.Files());
        Assert.Equal("content", File.ReadAllText(_folder["a", "b", "name"]));
    }

    [Theory]
    [InlineData(true, true), InlineData(false, true), InlineData(false, false)]
    public void Write_TakenName_ReplacesNothingWhateverTheFileSystemCan(bool rename, bool link)
    {
        var folder = Open(new FaultyIO { CanRename = rename, CanLink = link });
        Assert.True(folder.Write("a", "name", "first"u8));
        Assert.False(folder.Write("a", "name", "second"u8));
        Assert.Equal("first", File.ReadAllText(_folder["a", "name"]));
        Assert.Equal(["a/name"], _folder.Files());
    }

    [UnixFact]
    public void Write_NameTakenByDanglingLink_IsTakenAndNotFollowed()
    {
        _folder.CreateDirectory("a");
        File.CreateSymbolicLink(_folder["a", "name"], _folder["outside"]);
        Assert.False(Open().Write("a", "name", "x"u8));
        Assert.False(Open(new FaultyIO { CanRename = false, CanLink = false }).Write("a", "name", "x"u8));
        Assert.False(File.Exists(_folder["outside"]));
    }

    [UnixFact]
    public void Write_InTheArchive_IsPrivate()
    {
        Open().Write("a", "name", "x"u8);
        Assert.Equal("rw-------", _folder.GetMode("a", "name"));
        Assert.Equal("rwx------", _folder.GetMode("a"));
    }

    [UnixFact]
    public void Write_DirectoryIsLink_IsRefused()
    {
        _folder.CreateDirectory("real");
        Directory.CreateSymbolicLink(_folder["link"], _folder["real"]);
        var error = Assert.Throws<ArtifactSyncException>(() => Open().Write("link/sub", "name", "x"u8));
        Assert.Equal((ErrorCode.TargetEntryInvalid, _folder["link"]), (error.Code, error.Target));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["real"]));
    }

    [Fact]
    public void Write_RootGone_SaysSoInsteadOfMakingIt()
    {
        var folder = new WriteOnceFolder(_folder["unmounted"], FolderUse.Shared);
        Assert.Equal(ErrorCode.TargetNotFound, Assert.Throws<ArtifactSyncException>(() => folder.Write("a", "b", "x"u8)).Code);
        Assert.False(Directory.Exists(_folder["unmounted"]));
    }

    [Fact]
    public void CreateRoot_FileInTheWay_TargetNotDirectory()
    {
        var path = _folder.WriteFile("x", "file");
        var error = Assert.Throws<ArtifactSyncException>(() => new WriteOnceFolder(path, FolderUse.Shared).CreateRoot());
        Assert.Equal((ErrorCode.TargetNotDirectory, path), (error.Code, error.Target));
    }

    [LinuxFact]
    public void Commit_ManyFiles_FlushesTheVolumeTwice()
    {
        var io = new FaultyIO { Volume = true };
        using var batch = Open(io).BeginBatch();
        for (var n = 0; n < 10; n++)
        {
            Stage(batch, "a", $"{n}");
        }

        Assert.Empty(batch.Commit(default));
        Assert.Equal(
            ["syncvolume", .. Enumerable.Repeat("publish", 10), "syncvolume"], io.Log[io.Log.IndexOf("syncvolume")..]);
        Assert.DoesNotContain("syncfile", io.Log);
    }

    [LinuxFact]
    public void Commit_FewFiles_FlushesThemAndTheirDirectories()
    {
        var io = new FaultyIO { Volume = true };
        using var batch = Open(io).BeginBatch();
        Stage(batch, "a", "1");
        Stage(batch, "b", "2");

        Assert.Empty(batch.Commit(default));
        // The directories, and the root in which they were created.
        Assert.Equal(
            ["syncfile", "syncfile", "publish", "publish", "syncdirectory", "syncdirectory", "syncdirectory"],
            io.Log[io.Log.IndexOf("syncfile")..]);
    }

    [Fact]
    public void Commit_NoVolumeFlush_EveryFileIsFlushedBeforeAnyName()
    {
        var io = new FaultyIO { Volume = false };
        using var batch = Open(io).BeginBatch();
        for (var n = 0; n < 10; n++)
        {
            Stage(batch, "a", $"{n}");
        }

        Assert.Empty(batch.Commit(default));
        Assert.Equal(10, io.Log.Take(io.Log.IndexOf("publish")).Count(step => step == "syncfile"));
        Assert.DoesNotContain("syncvolume", io.Log);
        Assert.Equal("syncdirectory", io.Log[^1]);
    }

    [Fact]
    public void Commit_Orders_LowerOnesGetTheirNamesFirst()
    {
        var names = new List<string>();
        var io = new FaultyIO { Before = (step, path, _) => Note(step, path) };
        using var batch = Open(io).BeginBatch();
        Stage(batch, "a", "third", 4);
        Stage(batch, "a", "first", 0);
        Stage(batch, "b", "second", 2);
        batch.Commit(default);
        Assert.Equal(["first", "second", "third"], names);

        void Note(string step, string path)
        {
            if (step == "publish")
            {
                names.Add(Path.GetFileName(path));
            }
        }
    }

    [Fact]
    public void Commit_NameTaken_IsReturnedAndItsTemporaryRemoved()
    {
        _folder.WriteFile("theirs", "a", "taken");
        using (var batch = Open().BeginBatch())
        {
            Stage(batch, "a", "taken");
            Stage(batch, "a", "free");
            var file = Assert.Single(batch.Commit(default));
            Assert.Equal((_folder["a", "taken"], null), (file.FinalPath, file.Error));
        }

        Assert.Equal(["a/free", "a/taken"], _folder.Files());
        Assert.Equal("theirs", File.ReadAllText(_folder["a", "taken"]));
    }

    [Fact]
    public void Create_TemporaryNameTaken_TakesAnother()
    {
        var attempts = 0;
        var io = new FaultyIO { Before = Collide };
        Assert.True(Open(io).Write("a", "name", "x"u8));
        Assert.Equal(3, attempts);

        void Collide(string step, string path, int index)
        {
            if (step == "create" && ++attempts < 3)
            {
                File.WriteAllText(path, "somebody else's");
            }
        }
    }

    [Fact]
    public void Create_EveryTemporaryNameTaken_GivesUpAfterAHundred()
    {
        var attempts = 0;
        var io = new FaultyIO { Before = Collide };
        Assert.Throws<ArtifactSyncException>(() => Open(io).Write("a", "name", "x"u8));
        Assert.Equal(100, attempts);

        void Collide(string step, string path, int index)
        {
            if (step == "create")
            {
                attempts++;
                File.WriteAllText(path, "somebody else's");
            }
        }
    }

    [Fact]
    public void Dispose_StagedUnfinishedAndFinished_NothingStays()
    {
        using (var batch = Open().BeginBatch())
        {
            Stage(batch, "a", "finished");
            using var unfinished = batch.Create("a");
            unfinished.Append("x"u8);
            Assert.Equal(2, _folder.Files().Length);
        }

        Assert.Empty(_folder.Files());
    }

    [Theory]
    [InlineData(28, FolderUse.Private, ErrorCode.DiskFull)]
    [InlineData(28, FolderUse.Shared, ErrorCode.DiskFull)]
    [InlineData(unchecked((int)0x80070070), FolderUse.Shared, ErrorCode.DiskFull)]
    [InlineData(30, FolderUse.Private, ErrorCode.ArchiveReadOnly)]
    [InlineData(30, FolderUse.Shared, ErrorCode.TargetReadOnly)]
    [InlineData(unchecked((int)0x80070013), FolderUse.Shared, ErrorCode.TargetReadOnly)]
    [InlineData(5, FolderUse.Shared, ErrorCode.TargetUnreachable)]
    [InlineData(5, FolderUse.Private, ErrorCode.UnexpectedError)]
    public void Writing_FailureOfTheSystem_HasItsCodeAndNamesThePath(int result, object use, ErrorCode expected)
    {
        var error = FolderErrors.Writing(new IOException("failure", result), "/some/path", (FolderUse)use);
        Assert.Equal((expected, "/some/path"), (error.Code, error.Target));
        Assert.Contains("/some/path", error.Message, StringComparison.Ordinal);
        Assert.IsType<IOException>(error.InnerException);
    }
}
