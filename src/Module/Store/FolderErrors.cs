using ArtifactSync.Errors;

namespace ArtifactSync.Store;

/// <summary>Names what a file system refused: one code, the path, what to do.</summary>
internal static class FolderErrors
{
    private const int DiskFullWindows = unchecked((int)0x80070070), HandleDiskFullWindows = unchecked((int)0x80070027),
        WriteProtectWindows = unchecked((int)0x80070013), QuotaLinux = 122, QuotaMac = 69;

    public static bool IsFileFault(Exception error) => error is IOException or UnauthorizedAccessException;

    public static ArtifactSyncException Writing(Exception error, string path, FolderUse use)
    {
        var shared = use == FolderUse.Shared;
        if (IsDiskFull(error))
        {
            return new(ErrorCode.DiskFull, $"'{path}' could not be written: the disk is full or the quota is used up. Free space and run again.", path, error);
        }

        if (IsReadOnly(error))
        {
            return new(
                shared ? ErrorCode.TargetReadOnly : ErrorCode.ArchiveReadOnly,
                $"'{path}' could not be written: the file system is read-only. Mount it writable.", path, error);
        }

        if (error is UnauthorizedAccessException)
        {
            return new(
                shared ? ErrorCode.TargetReadOnly : ErrorCode.AccessDenied,
                $"'{path}' could not be written: permission denied. Grant this account the right to create files there.", path, error);
        }

        return Other(error, path, use, "written");
    }

    public static ArtifactSyncException Reading(Exception error, string path, FolderUse use) => error is UnauthorizedAccessException
        ? new(ErrorCode.AccessDenied, $"'{path}' could not be read: permission denied. Grant this account the right to read it.", path, error)
        : Other(error, path, use, "read");

    private static ArtifactSyncException Other(Exception error, string path, FolderUse use, string action) => use == FolderUse.Shared
        ? new(ErrorCode.TargetUnreachable, $"'{path}' could not be {action}: {error.Message} Check that the target is mounted and sound.", path, error)
        : new(ErrorCode.UnexpectedError, $"'{path}' could not be {action}: {error.Message} Check the disk of the archive.", path, error);

    private static bool IsDiskFull(Exception error) => error is IOException
        && (error.HResult is DiskFullWindows or HandleDiskFullWindows or NativeUnix.NoSpace
            || (error.HResult == QuotaLinux && OperatingSystem.IsLinux()) || (error.HResult == QuotaMac && OperatingSystem.IsMacOS()));

    private static bool IsReadOnly(Exception error) =>
        (error as IOException ?? error.InnerException as IOException)?.HResult is NativeUnix.ReadOnly or WriteProtectWindows;
}
