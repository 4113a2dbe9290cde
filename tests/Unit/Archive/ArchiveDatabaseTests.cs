using System.Security.Cryptography;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using Microsoft.Data.Sqlite;

namespace ArtifactSync.Tests.Archive;

public sealed class ArchiveDatabaseTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Home => _folder["ar%ch#ive?[1] ü"];

    private string DatabaseFile => Path.Combine(Home, "archive.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_Create_MakesACurrentArchive()
    {
        using var archive = Open(ArchiveMode.Create);

        Assert.Equal(ArchiveMigrations.Newest, ArchiveMigrations.Version(archive.Reader));
        Assert.Equal("wal", archive.Reader.Scalar<string>("PRAGMA journal_mode"));
        Assert.Equal(1, archive.Reader.Scalar<long>("PRAGMA foreign_keys"));
        Assert.Equal(ArchiveMigrations.ApplicationId, archive.Reader.Scalar<long>("PRAGMA application_id"));
        Assert.True(File.Exists(DatabaseFile));
        Assert.Equal("ok", archive.Reader.Scalar<string>("PRAGMA integrity_check"));
    }

    [Fact]
    public void Open_Writer_HasItsPragmas()
    {
        using var archive = Open(ArchiveMode.Create);
        using var transaction = archive.BeginLedger();
        Assert.Equal(1, transaction.Db.Scalar<long>("PRAGMA foreign_keys"));
        Assert.Equal(5000, transaction.Db.Scalar<long>("PRAGMA busy_timeout"));
        Assert.Equal(1, transaction.Db.Scalar<long>("PRAGMA synchronous"));
    }

    [Fact]
    public void Begin_Durable_IsFullForThisTransactionOnly()
    {
        using var archive = Open(ArchiveMode.Create);
        using var lease = archive.AcquireLease("run", TimeSpan.Zero, default);
        foreach (var durable in new[] { true, false })
        {
            using var transaction = lease.Begin(durable);
            Assert.Equal(durable ? 2 : 1, transaction.Db.Scalar<long>("PRAGMA synchronous"));
        }
    }

    [Fact]
    public void Open_Reader_CannotWrite()
    {
        using var archive = Open(ArchiveMode.Create);
        Assert.Equal(ErrorCode.ArchiveReadOnly, Code(() => archive.Reader.Execute("DELETE FROM sessions")));
    }

    [UnixFact]
    public void Open_Create_EverythingIsPrivate()
    {
        using var archive = Open(ArchiveMode.Create);
        using (var transaction = archive.BeginLedger())
        {
            StateTable.Set(transaction.Db, "a", "b");
            transaction.Commit();
        }

        Assert.Equal("rwx------", Mode(Home));
        foreach (var file in new[] { "", "-wal", "-shm" })
        {
            Assert.Equal("rw-------", Mode(DatabaseFile + file));
        }
    }

    [UnixFact]
    public void Open_EmptyFolderOpenToOthers_IsMadePrivate()
    {
        Directory.CreateDirectory(Home);
        Open(ArchiveMode.Create).Dispose();
        Assert.Equal("rwx------", Mode(Home));
    }

    [UnixFact]
    public void Open_FolderWithOtherThings_KeepsItsMode()
    {
        Directory.CreateDirectory(Home);
        _folder.SetMode(0b111_101_101, Home);
        File.WriteAllText(Path.Combine(Home, "other.txt"), "");
        Open(ArchiveMode.Create).Dispose();
        Assert.Equal("rwxr-xr-x", Mode(Home));
        Assert.Equal("rw-------", Mode(DatabaseFile));
    }

    [UnixFact]
    public void Open_FileOpenToOthers_IsMadePrivate()
    {
        Open(ArchiveMode.Create).Dispose();
        _folder.SetMode(0b110_100_100, DatabaseFile);
        Open(ArchiveMode.ReadWrite).Dispose();
        Assert.Equal("rw-------", Mode(DatabaseFile));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Open_Missing_IsNotFoundAndCreatesNothing(bool folderExists)
    {
        if (folderExists)
        {
            Directory.CreateDirectory(Home);
        }

        Assert.Equal(ErrorCode.ArchiveNotFound, Code(() => Open(ArchiveMode.ReadOnly)));
        Assert.Equal(ErrorCode.ArchiveNotFound, Code(() => Open(ArchiveMode.ReadWrite)));
        Assert.Equal(folderExists, Directory.Exists(Home));
        Assert.Empty(_folder.Files());
    }

    [Theory]
    [InlineData(ArchiveMode.Create)]
    [InlineData(ArchiveMode.ReadWrite)]
    [InlineData(ArchiveMode.ReadOnly)]
    public void Open_NewerVersion_IsRefusedAndNotTouched(object mode)
    {
        Open(ArchiveMode.Create).Dispose();
        Execute("PRAGMA user_version = 9999");
        AssertUntouched(() => Assert.Equal(ErrorCode.ArchiveVersionUnsupported, Code(() => Open((ArchiveMode)mode))));
    }

    [Fact]
    public void Open_FileInPlaceOfTheFolder_IsInvalidArgument()
    {
        File.WriteAllText(Home, "");
        Assert.Equal(ErrorCode.InvalidArgument, Code(() => Open(ArchiveMode.Create)));
        Assert.Equal(ErrorCode.ArchiveNotFound, Code(() => Open(ArchiveMode.ReadOnly)));
    }

    [Theory]
    [InlineData("this is a text file that somebody named archive.db, long enough to hold a header of SQLite; and more, and more, and more")]
    [InlineData("short")]
    public void Open_NoDatabase_IsCorruptAndNotTouched(string content)
    {
        Directory.CreateDirectory(Home);
        File.WriteAllText(DatabaseFile, content);
        foreach (var mode in Enum.GetValues<ArchiveMode>())
        {
            AssertUntouched(() => Assert.Equal(ErrorCode.ArchiveCorrupt, Code(() => Open(mode))));
        }
    }

    [Fact]
    public void Open_DatabaseOfAnotherProgram_IsCorruptAndKeepsItsContent()
    {
        Directory.CreateDirectory(Home);
        Execute("CREATE TABLE theirs(a)", SqliteOpenMode.ReadWriteCreate);
        foreach (var mode in Enum.GetValues<ArchiveMode>())
        {
            AssertUntouched(() => Assert.Equal(ErrorCode.ArchiveCorrupt, Code(() => Open(mode))));
        }
    }

    [Fact]
    public void Open_InterruptedCreation_IsFinished()
    {
        Directory.CreateDirectory(Home);
        File.WriteAllBytes(DatabaseFile, []);
        Assert.Equal(ErrorCode.ArchiveCorrupt, Code(() => Open(ArchiveMode.ReadOnly)));
        using var archive = Open(ArchiveMode.Create);
        Assert.Equal(ArchiveMigrations.Newest, ArchiveMigrations.Version(archive.Reader));
    }

    [Fact]
    public void Open_OlderVersion_IsMigratedButNotByReaders()
    {
        Open(ArchiveMode.Create).Dispose();
        Execute("DROP TABLE landings; PRAGMA user_version = 0; PRAGMA user_version = 1");
        using var db = Database.Open(DatabaseFile, DatabaseUri(), SqliteOpenMode.ReadWrite);
        ArchiveMigration[] steps = [ArchiveMigrations.Embedded[0], new(9001, "next", "CREATE TABLE next(a)"), new(9002, "last", "INSERT INTO next VALUES (1)")];

        ArchiveMigrations.Apply(db, steps);
        ArchiveMigrations.Apply(db, steps);

        Assert.Equal(9002, ArchiveMigrations.Version(db));
        Assert.Equal(1, db.Scalar<long>("SELECT count(*) FROM next"));
    }

    [Fact]
    public void Apply_FailingStep_LeavesTheStepsBefore()
    {
        Open(ArchiveMode.Create).Dispose();
        using var db = Database.Open(DatabaseFile, DatabaseUri(), SqliteOpenMode.ReadWrite);
        ArchiveMigration[] steps = [new(9001, "good", "CREATE TABLE good(a)"), new(9002, "bad", "CREATE TABLE half(a); INSERT INTO nowhere VALUES (1)")];

        Assert.Throws<ArtifactSyncException>(() => ArchiveMigrations.Apply(db, steps));

        Assert.Equal(9001, ArchiveMigrations.Version(db));
        Assert.Equal(1, db.Scalar<long>("SELECT count(*) FROM sqlite_master WHERE name IN ('good', 'half')"));
        Assert.False(db.InTransaction);
    }

    [Fact]
    public void Open_ReadOnlyOlderVersion_SaysSoAndTouchesNothing()
    {
        Open(ArchiveMode.Create).Dispose();
        Assert.True(ArchiveMigrations.Newest >= 1);
        Execute("PRAGMA user_version = 0");
        AssertUntouched(() => Assert.Equal(ErrorCode.ArchiveCorrupt, Code(() => Open(ArchiveMode.ReadOnly))));
    }

    [Theory]
    [InlineData("closed")]
    [InlineData("in use")]
    [InlineData("after a crash")]
    public void Open_ReadOnly_LeavesEveryFileIdentical(string state)
    {
        using (var archive = Open(ArchiveMode.Create))
        {
            Write(archive, "one");
            if (state == "closed")
            {
                archive.Dispose();
            }

            if (state == "after a crash")
            {
                CopyTo(_folder["copy"]);
            }

            if (state != "after a crash")
            {
                // Connections of one process share the index of the log, and with it their marks of what they read.
                AssertUntouched(() => AssertReads("one"), except: state == "in use" ? "-shm" : null);
            }
        }

        if (state == "after a crash")
        {
            Directory.Delete(Home, recursive: true);
            Directory.Move(_folder["copy"], Home);
            Assert.True(new FileInfo(DatabaseFile + "-wal").Length > 0);
            AssertUntouched(() => AssertReads("one"));
        }
    }

    [Fact]
    public void Open_ReadOnly_OffersNoWriting()
    {
        Open(ArchiveMode.Create).Dispose();
        using var archive = Open(ArchiveMode.ReadOnly);
        Assert.Equal(ErrorCode.ArchiveReadOnly, Code(() => archive.BeginLedger()));
        Assert.Equal(ErrorCode.ArchiveReadOnly, Code(() => archive.AcquireLease("r", TimeSpan.Zero, default)));
        Assert.Equal(ErrorCode.ArchiveReadOnly, Code(() => archive.Reader.Execute("DELETE FROM sessions")));
    }

    [PermissionFact]
    public void Open_FolderOfAnotherAccount_IsAccessDenied()
    {
        Open(ArchiveMode.Create).Dispose();
        Privileges.RunUnprivileged(() =>
        {
            if (Privileges.IsRoot)
            {
                Assert.Equal(ErrorCode.AccessDenied, Code(() => Open(ArchiveMode.ReadWrite)));
            }
        });
    }

    [MountFact]
    public void Write_FullDisk_IsDiskFullAndKeepsWhatWasThere()
    {
        Directory.CreateDirectory(Home);
        using var mount = Mount.Tmpfs(Home, "size=3m");
        using (var archive = Open(ArchiveMode.Create))
        {
            Write(archive, "one");
            var error = Assert.Throws<ArtifactSyncException>(() =>
            {
                for (var i = 0; i < 100; i++)
                {
                    Write(archive, new string('x', 200_000), "key" + i);
                }
            });
            Assert.Equal(ErrorCode.DiskFull, error.Code);
            Assert.Equal("one", StateTable.Get(archive.Reader, "key"));
        }

        AssertReads("one");
    }

    [Fact]
    public async Task Open_TwoCreateAtOnce_BothGetOneArchive()
    {
        var opened = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Open(ArchiveMode.Create))));
        foreach (var archive in opened)
        {
            Assert.Equal(ArchiveMigrations.Newest, ArchiveMigrations.Version(archive.Reader));
            archive.Dispose();
        }
    }

    [Fact]
    public void Snapshot_LaterWrites_AreNotSeen()
    {
        using var archive = Open(ArchiveMode.Create);
        Write(archive, "one");
        using (archive.Reader.Snapshot())
        {
            Assert.Equal("one", StateTable.Get(archive.Reader, "key"));
            Write(archive, "two");
            Assert.Equal("one", StateTable.Get(archive.Reader, "key"));
        }

        Assert.Equal("two", StateTable.Get(archive.Reader, "key"));
    }

    [Fact]
    public void Query_SameStatementNested_HasItsOwnCursor()
    {
        using var archive = Open(ArchiveMode.Create);
        const string sql = "SELECT value FROM json_each(?)";
        var pairs = archive.Reader.Query(sql, r => r.Text(0), "[1,2]")
            .SelectMany(a => archive.Reader.Query(sql, r => a + r.Text(0), "[3,4]"));
        Assert.Equal(["13", "14", "23", "24"], pairs);
        Assert.Equal("1", archive.Reader.Query(sql, r => r.Text(0), "[1,2]").First());
        Assert.Equal("5", archive.Reader.Query(sql, r => r.Text(0), "[5]").Single());
    }

    [Fact]
    public void Location_Variables_DecideTheFolder()
    {
        Assert.Equal(_folder.Path, ArchiveLocation.Default(name => name == ArchiveLocation.Variable ? _folder.Path : null));
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal("/data/artifactsync", ArchiveLocation.Default(name => name == "XDG_DATA_HOME" ? "/data" : "/home/me"[..(name == "HOME" ? 8 : 0)]));
            Assert.Equal("/home/me/.local/share/artifactsync", ArchiveLocation.Default(name => name == "HOME" ? "/home/me" : null));
            Assert.Equal("/home/me/.local/share/artifactsync", ArchiveLocation.Default(name => name == "HOME" ? "/home/me" : name == "XDG_DATA_HOME" ? "relative" : null));
        }
    }

    private static ErrorCode Code(Action action) => Assert.Throws<ArtifactSyncException>(action).Code;

    private string Mode(string path) => _folder.GetMode(path);

    private static void Write(ArchiveDatabase archive, string value, string key = "key")
    {
        using var transaction = archive.BeginLedger();
        StateTable.Set(transaction.Db, key, value);
        transaction.Commit();
    }

    private ArchiveDatabase Open(ArchiveMode mode) => ArchiveDatabase.Open(new EngineOptions { ArchivePath = Home }, mode);

    private void AssertReads(string value)
    {
        using var archive = Open(ArchiveMode.ReadOnly);
        Assert.Equal(value, StateTable.Get(archive.Reader, "key"));
        using var second = archive.OpenReader();
        Assert.Equal(value, StateTable.Get(second, "key"));
    }

    private string DatabaseUri() => "file:" + DatabaseFile.Replace("%", "%25").Replace("?", "%3f").Replace("#", "%23");

    private void Execute(string sql, SqliteOpenMode mode = SqliteOpenMode.ReadWrite)
    {
        using var db = Database.Open(DatabaseFile, DatabaseUri(), mode);
        db.ExecuteScript(sql);
    }

    private void CopyTo(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(Home))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    private void AssertUntouched(Action action, string? except = null)
    {
        var before = Picture(except);
        action();
        Assert.Equal(before, Picture(except));
    }

    private string[] Picture(string? except) => [.. _folder.Files().Where(f => except is null || !f.EndsWith(except, StringComparison.Ordinal)).Select(f =>
    {
        var path = _folder[f];
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return $"{f} {File.GetLastWriteTimeUtc(path):O} {Convert.ToHexString(SHA256.HashData(stream))}";
    })];
}
