using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ArtifactSync.Store;

internal static partial class NativeLinux
{
    private const int CurrentDirectory = -100, NoFollow = 0x100;
    private const uint BasicStats = 0x7ff, NoReplace = 1;

    /// <summary>0, the errno, or <see cref="NativeUnix.Invalid"/> where the system has no such call.</summary>
    public static int TryRenameNoReplace(string from, string to)
    {
        try
        {
            return RenameAt2(CurrentDirectory, from, CurrentDirectory, to, NoReplace) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        catch (EntryPointNotFoundException)
        {
            return NativeUnix.Invalid; // an old libc: the caller takes the hard link
        }
    }

    /// <summary>Writes back everything of the volume that <paramref name="anywhere"/> lies on.</summary>
    public static void SyncVolume(SafeFileHandle anywhere, string path)
    {
        if (SyncFs(anywhere) != 0)
        {
            throw FileStat.Failure(Marshal.GetLastPInvokeError(), path);
        }
    }

    public static unsafe FileStat? Stat(string path, bool follow)
    {
        Statx found;
        if (StatX(CurrentDirectory, path, follow ? 0 : NoFollow, BasicStats, &found) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is NativeUnix.NoEntry or NativeUnix.NotDirectory ? null : throw FileStat.Failure(error, path);
        }

        return new FileStat(
            FileStat.TypeOfMode(found.Mode), ((ulong)found.DeviceMajor << 32) | found.DeviceMinor, found.Inode, (long)found.Size,
            found.Modified.Nanoseconds, found.Changed.Nanoseconds, found.Links);
    }

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int fromDirectory, string from, int toDirectory, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFs(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int directory, string path, int flags, uint mask, Statx* found);

    /// <summary>struct statx of linux/stat.h: one layout on all architectures.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(16)] public uint Links;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(96)] public StatxTime Changed;
        [FieldOffset(112)] public StatxTime Modified;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct StatxTime
    {
        public long Seconds;
        public uint Fraction;
        public int Reserved;

        public readonly long Nanoseconds => unchecked((Seconds * 1_000_000_000) + Fraction);
    }
}
