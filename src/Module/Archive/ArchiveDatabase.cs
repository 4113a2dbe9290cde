using ArtifactSync.Errors;
using ArtifactSync.Sync;
using Microsoft.Data.Sqlite;

namespace ArtifactSync.Archive;

internal enum ArchiveMode
{
    /// <summary>Makes folder and database when they are missing.</summary>
    Create,

    /// <summary>The archive must exist; it is brought to the schema of this module.</summary>
    ReadWrite,

    /// <summary>Writes nothing, creates nothing, migrates nothing: every file stays as it is.</summary>
    ReadOnly,
}

/// <summary>The folder of an archive and its database.</summary>
internal sealed class ArchiveDatabase : IDisposable
{
    private readonly ArchiveMode _mode;
    private readonly Lazy<Writer> _writer;
    private readonly List<Database> _readers = [];
    private readonly string _file;
    private Database? _reader;

    private ArchiveDatabase(EngineOptions options, string folder, ArchiveMode mode)
    {
        (Options, Folder, _mode) = (options, folder, mode);
        _file = Path.Combine(folder, ArchiveFiles.DatabaseName);
        _writer = new Lazy<Writer>(() => new Writer(OpenWriteConnection(_file), this));
    }

    public string Folder { get; }

    public string ArtifactsFolder => Path.Combine(Folder, "artifacts");

    public string QuarantineFolder => Path.Combine(Folder, "quarantine");

    public TimeProvider Clock => Options.Clock;

    public EngineOptions Options { get; }

    public bool IsReadOnly => _mode == ArchiveMode.ReadOnly;

    /// <summary>A connection of the thread that uses this object, for queries only.</summary>
    public Database Reader => _reader ??= OpenReader();

    /// <summary>Opens the archive in <see cref="EngineOptions.ArchivePath"/>.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound, ArchiveCorrupt, ArchiveVersionUnsupported, ArchiveReadOnly,
    /// ArchiveBusy, AccessDenied, DiskFull, NativeLibraryMissing.</exception>
    public static ArchiveDatabase Open(EngineOptions options, ArchiveMode mode)
    {
        var archive = new ArchiveDatabase(options, Path.GetFullPath(options.ArchivePath), mode);
        try
        {
            archive.Prepare();
            return archive;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            archive.Dispose();
            throw archive.CannotOpen(e);
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    /// <summary>A further connection for queries, for a parallel worker. Disposed with the archive at the latest.</summary>
    public Database OpenReader()
    {
        var reader = IsReadOnly ? OpenUntouched(_file) : OpenConnection(_file, ReaderPragmas);
        lock (_readers)
        {
            _readers.Add(reader);
        }

        return reader;
    }

    /// <summary>
    /// Takes the right to write content (surgical spec 8), waiting up to <paramref name="timeout"/>.
    /// Cheap: one small transaction here, one at release.
    /// </summary>
    /// <exception cref="ArtifactSyncException">LeaseHeld names run, host and process of the holder.</exception>
    public Lease AcquireLease(string runId, TimeSpan timeout, CancellationToken cancellationToken) =>
        Lease.Acquire(RequireWriter(), runId, ProcessIdentity.Current, timeout, cancellationToken);

    /// <summary>A write transaction without the lease: for the ledger (runs, entities) alone, which a preflight may write too.</summary>
    public WriteTransaction BeginLedger(CancellationToken cancellationToken = default) =>
        RequireWriter().Begin(null, durable: false, cancellationToken);

    /// <summary>As <see cref="BeginLedger"/>, when nothing else writes just now; null otherwise.</summary>
    public WriteTransaction? TryBeginLedger() => RequireWriter().TryBegin(null);

    public void Dispose()
    {
        lock (_readers)
        {
            _readers.ForEach(r => r.Dispose());
            _readers.Clear();
        }

        if (_writer.IsValueCreated)
        {
            _writer.Value.Dispose();
        }
    }

    // journal_size_limit keeps a log that once was large from staying so. Memory-mapped reads are left off: a failing disk or a
    // truncated file would kill the process instead of giving an error. Caches are small because that of the system is not:
    // larger ones made a bulk import no faster, only larger. Temporary data may go to files for the same reason.
    private const string CommonPragmas =
        "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA temp_store = FILE;";
    private const string ReaderPragmas = CommonPragmas + "PRAGMA query_only = ON; PRAGMA cache_size = -8192";
    private const string WriterPragmas = CommonPragmas + """
        PRAGMA synchronous = NORMAL; PRAGMA fullfsync = ON; PRAGMA cache_size = -16384;
        PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000;
        """;

    private static Database OpenConnection(string file, string pragmas)
    {
        var db = Database.Open(file, file, SqliteOpenMode.ReadWrite);
        try
        {
            db.ExecuteScript(pragmas);
            return db;
        }
        catch
        {
            db.Dispose();
            throw;
        }
    }

    private static Database OpenWriteConnection(string file)
    {
        var db = OpenConnection(file, WriterPragmas);
        ArchiveFiles.MakePrivate(file);
        return db;
    }

    // A reader of a database in WAL mode creates and marks -shm. Without a log there is nothing to coordinate with, so the
    // file is read as immutable; with one, its index is opened read-only. Only a log without its index (a copied folder)
    // leaves no way but the ordinary one.
    private static Database OpenUntouched(string file)
    {
        var log = new FileInfo(file + "-wal");
        var index = File.Exists(file + "-shm");
        var option = !log.Exists || (log.Length == 0 && !index) ? "?immutable=1" : index ? "?readonly_shm=1" : "";
        var db = Database.Open(file, FileUri(file) + option, SqliteOpenMode.ReadOnly);
        try
        {
            db.ExecuteScript(ReaderPragmas);
            return db;
        }
        catch
        {
            db.Dispose();
            throw;
        }
    }

    private static string FileUri(string file) => "file:" + (OperatingSystem.IsWindows() ? "///" : "")
        + file.Replace('\\', '/').Replace("%", "%25", StringComparison.Ordinal)
            .Replace("?", "%3f", StringComparison.Ordinal).Replace("#", "%23", StringComparison.Ordinal);

    private void Prepare()
    {
        if (_mode == ArchiveMode.Create && !File.Exists(_file))
        {
            ArchiveFiles.CreateFolder(Folder);
            ArchiveFiles.CreateDatabaseFile(_file);
        }

        if (ReadHeader() is { } known && (known.ApplicationId != 0 || known.UserVersion != 0))
        {
            ArchiveMigrations.RequireKnown(_file, known.UserVersion, known.ApplicationId);
        }

        if (IsReadOnly)
        {
            RequireCurrent(Reader);
        }
        else
        {
            Migrate(_writer.Value.Connection);
        }
    }

    private (int UserVersion, int ApplicationId)? ReadHeader()
    {
        try
        {
            return ArchiveFiles.ReadHeader(_file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ArtifactSyncException(
                ErrorCode.ArchiveNotFound,
                $"There is no archive in '{Folder}'. Import sessions or synchronise first, or name another folder with -ArchivePath.",
                Folder,
                e);
        }
    }

    private void RequireCurrent(Database db)
    {
        var version = ArchiveMigrations.Version(db);
        if (version == 0)
        {
            throw ArchiveFiles.NotAnArchive(_file);
        }

        ArchiveMigrations.RequireKnown(_file, version, db.Scalar<int>("PRAGMA application_id"));
        if (version < ArchiveMigrations.Newest)
        {
            throw new ArtifactSyncException(
                ErrorCode.ArchiveVersionUnsupported,
                $"The archive '{_file}' has version {version} and must be brought to {ArchiveMigrations.Newest} first: " +
                "run any command that writes (without -WhatIf). It was not touched.",
                _file);
        }
    }

    private void Migrate(Database db)
    {
        // In one statement: between two, another process may create the archive.
        var (version, isEmpty) = db.First(
            "SELECT (SELECT user_version FROM pragma_user_version), NOT EXISTS(SELECT 1 FROM sqlite_master)",
            static row => ((int)row.Int64(0), row.Bool(1)));
        if (version == ArchiveMigrations.Newest)
        {
            return;
        }

        if (version == 0 && !isEmpty)
        {
            throw ArchiveFiles.NotAnArchive(_file);
        }

        if (version > 0)
        {
            ArchiveMigrations.RequireKnown(_file, version, db.Scalar<int>("PRAGMA application_id"));
        }

        SetJournalMode(db);
        ArchiveMigrations.Apply(db);
    }

    // Switching to WAL does not wait for other connections by itself, and two processes may create one archive.
    private void SetJournalMode(Database db)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                db.ExecuteScript("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL");
                return;
            }
            catch (ArtifactSyncException e) when (e.Code == ErrorCode.ArchiveBusy && attempt < 50)
            {
                Task.Delay(TimeSpan.FromMilliseconds(50), Clock).GetAwaiter().GetResult();
            }
        }
    }

    private ArtifactSyncException CannotOpen(Exception e)
    {
        if (File.Exists(Folder))
        {
            return new(ErrorCode.InvalidArgument, $"'{Folder}' is a file. Name the folder of an archive with -ArchivePath.", Folder, e);
        }

        return SqliteErrors.IsFull(_file)
            ? new(ErrorCode.DiskFull, $"The disk of the archive '{Folder}' is full. Free space and repeat.", Folder, e)
            : new(ErrorCode.AccessDenied, $"The archive '{Folder}' cannot be opened: {e.Message} Check its permissions.", Folder, e);
    }

    private Writer RequireWriter() => !IsReadOnly
        ? _writer.Value
        : throw new ArtifactSyncException(ErrorCode.ArchiveReadOnly, $"The archive '{Folder}' was opened read-only.", Folder);
}
