using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ArtifactSync.Store;

internal static partial class NativeWindows
{
    private const uint ShareAll = 7, OpenExisting = 3, BackupSemantics = 0x02000000, OpenReparsePoint = 0x00200000, WriteThrough = 8;
    private const int FileNotFound = 2, PathNotFound = 3, AccessDenied = 5, FileExists = 80, AlreadyExists = 183;

    /// <summary>Moves within a volume without replacing; true = moved and on disk, false = the name is taken.</summary>
    public static bool MoveNoReplace(string from, string to)
    {
        if (MoveFileEx(Extended(from), Extended(to), WriteThrough))
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is FileExists or AlreadyExists ? false : throw Failure(error, to);
    }

    public static FileStat? Stat(string path, bool follow)
    {
        using var handle = CreateFile(
            Extended(path), 0, ShareAll, IntPtr.Zero, OpenExisting, BackupSemantics | (follow ? 0 : OpenReparsePoint), IntPtr.Zero);
        if (handle.IsInvalid)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is FileNotFound or PathNotFound ? null : throw Failure(error, path);
        }

        if (!GetFileInformationByHandle(handle, out var found))
        {
            throw Failure(Marshal.GetLastPInvokeError(), path);
        }

        var attributes = (FileAttributes)found.Attributes;
        var isDirectory = attributes.HasFlag(FileAttributes.Directory);
        // Placeholders of cloud synchronisers are reparse points too; only what leads elsewhere counts as a link.
        var isLink = !follow && attributes.HasFlag(FileAttributes.ReparsePoint)
            && (isDirectory ? new DirectoryInfo(path).LinkTarget : new FileInfo(path).LinkTarget) is not null;
        var type = isLink ? EntryType.Link : isDirectory ? EntryType.Directory : EntryType.File;
        var modified = unchecked((((long)found.WriteTimeHigh << 32 | found.WriteTimeLow) - 116444736000000000) * 100);
        return new FileStat(
            type, found.VolumeSerial, ((ulong)found.IndexHigh << 32) | found.IndexLow,
            ((long)found.SizeHigh << 32) | found.SizeLow, modified, 0, found.Links);
    }

    /// <summary>Paths of any length, as .NET itself treats them.</summary>
    private static string Extended(string path) =>
        path.StartsWith(@"\\?\", StringComparison.Ordinal) || path.Length < 240 ? path
        : path.StartsWith(@"\\", StringComparison.Ordinal) ? @"\\?\UNC\" + path[2..]
        : @"\\?\" + path;

    private static Exception Failure(int error, string path)
    {
        var message = $"{Marshal.GetPInvokeErrorMessage(error)}: '{path}'";
        return error == AccessDenied
            ? new UnauthorizedAccessException(message)
            : new IOException(message, unchecked((int)0x80070000 | error));
    }

    [LibraryImport("kernel32", EntryPoint = "MoveFileExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool MoveFileEx(string from, string to, uint flags);

    [LibraryImport("kernel32", EntryPoint = "CreateFileW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial SafeFileHandle CreateFile(
        string path, uint access, uint share, IntPtr security, uint disposition, uint flags, IntPtr template);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetFileInformationByHandle(SafeFileHandle handle, out ByHandleInformation found);

    [StructLayout(LayoutKind.Sequential)]
    private struct ByHandleInformation
    {
        public uint Attributes;
        public uint CreationTimeLow;
        public uint CreationTimeHigh;
        public uint AccessTimeLow;
        public uint AccessTimeHigh;
        public uint WriteTimeLow;
        public uint WriteTimeHigh;
        public uint VolumeSerial;
        public uint SizeHigh;
        public uint SizeLow;
        public uint Links;
        public uint IndexHigh;
        public uint IndexLow;
    }
}
