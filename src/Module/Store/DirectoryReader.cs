using System.IO.Enumeration;
using System.Runtime.InteropServices;

namespace ArtifactSync.Store;

/// <summary>
/// The entries of a directory with their types, in the order of the file system. On Linux it costs no call per entry,
/// which .NET's own enumeration can't offer for "is it a regular file".
/// </summary>
internal static partial class DirectoryReader
{
    /// <exception cref="IOException">The directory can't be read, at the first or any later entry.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static IEnumerable<(string Name, EntryType Type)> Read(string path) =>
        OperatingSystem.IsLinux() && Environment.Is64BitProcess ? ReadLinux(path) : ReadPortable(path);

    private static IEnumerable<(string Name, EntryType Type)> ReadLinux(string path)
    {
        using var directory = OpenDirectory(path);
        while (Next(directory, path) is { } entry)
        {
            yield return entry;
        }
    }

    private static DirectoryHandle OpenDirectory(string path)
    {
        var directory = OpenDir(path);
        if (!directory.IsInvalid)
        {
            return directory;
        }

        var error = Marshal.GetLastPInvokeError();
        directory.Dispose();
        throw FileStat.Failure(error, path);
    }

    private static unsafe (string Name, EntryType Type)? Next(DirectoryHandle directory, string path)
    {
        while (true)
        {
            // struct dirent of 64-bit Linux: d_type at 18, d_name at 19.
            var entry = (byte*)ReadDir(directory);
            if (entry is null)
            {
                var error = Marshal.GetLastPInvokeError();
                return error == 0 ? null : throw FileStat.Failure(error, path);
            }

            var name = Marshal.PtrToStringUTF8((IntPtr)(entry + 19))!;
            if (name is "." or "..")
            {
                continue;
            }

            return (name, entry[18] switch
            {
                8 => EntryType.File,
                4 => EntryType.Directory,
                10 => EntryType.Link,
                0 => FileStat.Of(Path.Combine(path, name))?.Type ?? EntryType.Other, // the file system doesn't tell
                _ => EntryType.Other,
            });
        }
    }

    private static FileSystemEnumerable<(string Name, EntryType Type)> ReadPortable(string path) => new(
        path,
        static (ref FileSystemEntry entry) => (entry.FileName.ToString(), PortableType(ref entry)),
        new EnumerationOptions { AttributesToSkip = default, IgnoreInaccessible = false, ReturnSpecialDirectories = false });

    private static EntryType PortableType(ref FileSystemEntry entry)
    {
        if (OperatingSystem.IsWindows() && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint))
        {
            return entry.IsDirectory ? EntryType.Directory : EntryType.File;
        }

        return FileStat.Of(entry.ToFullPath())?.Type ?? EntryType.Other;
    }

    [LibraryImport("libc", EntryPoint = "opendir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial DirectoryHandle OpenDir(string path);

    [LibraryImport("libc", EntryPoint = "readdir", SetLastError = true)]
    private static partial IntPtr ReadDir(DirectoryHandle directory);

    [LibraryImport("libc", EntryPoint = "closedir")]
    private static partial int CloseDir(IntPtr directory);

    internal sealed class DirectoryHandle() : SafeHandle(IntPtr.Zero, ownsHandle: true)
    {
        public override bool IsInvalid => handle == IntPtr.Zero;

        protected override bool ReleaseHandle() => CloseDir(handle) == 0;
    }
}
