using System.Runtime.InteropServices;

namespace ArtifactSync.Store;

internal enum EntryType
{
    File,
    Directory,
    Link,
    /// <summary>FIFO, socket, device: never opened, since opening alone may block.</summary>
    Other,
}

/// <summary>
/// What the file system tells of an entry. Device and inode identify it whatever path leads there; times are nanoseconds
/// since 1970. <see cref="Changed"/> is 0 where the system has no change time.
/// </summary>
internal readonly record struct FileStat(EntryType Type, ulong Device, ulong Inode, long Size, long Modified, long Changed, uint Links)
{
    public bool IsSameEntry(in FileStat other) => Inode != 0 && Device == other.Device && Inode == other.Inode;

    /// <summary>Null when nothing is there. Links are not followed.</summary>
    /// <exception cref="IOException">The entry can't be looked at.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory on the way may not be searched.</exception>
    public static FileStat? Of(string path) => Get(path, follow: false);

    /// <summary>As <see cref="Of"/>, of what a link finally leads to; null for a dangling link.</summary>
    public static FileStat? OfTarget(string path) => Get(path, follow: true);

    private static FileStat? Get(string path, bool follow)
    {
        if (OperatingSystem.IsLinux())
        {
            return NativeLinux.Stat(path, follow);
        }

        return OperatingSystem.IsMacOS() ? NativeMac.Stat(path, follow) : NativeWindows.Stat(path, follow);
    }

    internal static EntryType TypeOfMode(uint mode) => (mode & 0xF000) switch
    {
        0x8000 => EntryType.File,
        0x4000 => EntryType.Directory,
        0xA000 => EntryType.Link,
        _ => EntryType.Other,
    };

    internal static Exception Failure(int error, string path)
    {
        var message = $"{Marshal.GetPInvokeErrorMessage(error)}: '{path}'";
        return error is NativeUnix.AccessDenied or NativeUnix.NotPermitted
            ? new UnauthorizedAccessException(message, new IOException(message, error))
            : new IOException(message, error);
    }
}
