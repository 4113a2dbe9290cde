using ArtifactSync.Errors;
using SQLitePCL;

namespace ArtifactSync.Archive;

/// <summary>What SQLite itself said: the inner error of those below.</summary>
internal sealed class SqliteFailure(int result, string message) : Exception(message)
{
    public int Result { get; } = result;
}

/// <summary>SQLite result codes as errors of ours.</summary>
internal static class SqliteErrors
{
    // Less free space than this explains an I/O error (SQLite reports a full disk in the shared index as one).
    private const long LittleSpace = 1024 * 1024;

    public static ArtifactSyncException Create(int result, sqlite3? connection, string path, string doing)
    {
        var said = connection is { IsInvalid: false } ? raw.sqlite3_errmsg(connection) : raw.sqlite3_errstr(result);
        var text = said.utf8_to_string();
        var code = Code(result, path);
        var failure = new SqliteFailure(result, $"{text}, while doing: {doing}");
        return new ArtifactSyncException(code, $"{Message(code, path)} ({text}, SQLite code {result})", path, failure);
    }

    /// <summary>A row was refused by a UNIQUE, CHECK, NOT NULL or FOREIGN KEY rule.</summary>
    public static bool IsConstraint(ArtifactSyncException error) =>
        error.InnerException is SqliteFailure failure && (failure.Result & 0xff) == raw.SQLITE_CONSTRAINT;

    private static ErrorCode Code(int result, string path) => (result & 0xff) switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => ErrorCode.ArchiveBusy,
        raw.SQLITE_FULL => ErrorCode.DiskFull,
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => ErrorCode.ArchiveCorrupt,
        raw.SQLITE_READONLY => ErrorCode.ArchiveReadOnly,
        raw.SQLITE_PERM or raw.SQLITE_AUTH => ErrorCode.AccessDenied,
        raw.SQLITE_CANTOPEN => ErrorCode.AccessDenied,
        raw.SQLITE_IOERR when IsFull(path) => ErrorCode.DiskFull,
        _ => ErrorCode.UnexpectedError,
    };

    public static bool IsFull(string path)
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace < LittleSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false; // a network folder: the code of SQLite stands
        }
    }

    private static string Message(ErrorCode code, string path) => code switch
    {
        ErrorCode.ArchiveBusy => $"The archive '{path}' is busy with another writer. Try again later.",
        ErrorCode.DiskFull => $"The disk of the archive '{path}' is full. Free space and repeat; nothing of the unfinished write was kept.",
        ErrorCode.ArchiveCorrupt => $"The archive '{path}' is damaged or is no database. Restore it from a backup.",
        ErrorCode.ArchiveReadOnly => $"The archive '{path}' cannot be written. Check its permissions and the file system.",
        ErrorCode.AccessDenied => $"The archive '{path}' cannot be opened. Check the permissions of its folder and files.",
        _ => $"The archive '{path}' reported an error.",
    };
}
