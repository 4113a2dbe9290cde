using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ArtifactSync.Store;

internal static partial class NativeLinux
{
    private const int CurrentDirectory = -100, NoFollow = 0x100;
    private const uint BasicStats = 0x7ff, NoReplace = 1;

    private const int WriteOnly = 1, Create = 0x40, Exclusive = 0x80, NonBlocking = 0x800, CloseOnExec = 0x80000;

    /// <summary>The flag that keeps <c>open</c> from following a link; 0 where its value is not known here.</summary>
    private static readonly int NoFollowOnOpen = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x20000,
        Architecture.Arm64 => 0x8000,
        _ => 0,
    };

    /// <summary>Whether files can be opened here without the locks that .NET takes, each of which is a call, on NFS to the server.</summary>
    public static bool CanOpen => OperatingSystem.IsLinux() && NoFollowOnOpen != 0;

    public static SafeFileHandle CreateExclusive(string path, UnixFileMode mode) =>
        Open(path, WriteOnly | Create | Exclusive | CloseOnExec | NoFollowOnOpen, (uint)mode);

    /// <summary>Follows no link and waits for nobody, should a FIFO lie there.</summary>
    public static SafeFileHandle OpenRead(string path) => Open(path, NonBlocking | CloseOnExec | NoFollowOnOpen, 0);

    /// <summary>
    /// The bytes of a small file in three calls, where a stream would take nine; null when it has another size. Follows no
    /// link, as <see cref="OpenRead"/>.
    /// </summary>
    public static unsafe byte[]? ReadSmall(string path, int size)
    {
        using SafeFileHandle file = OpenRead(path);
        var bytes = new byte[size + 1]; // one more shows that the file ends
        var filled = 0;
        fixed (byte* start = bytes)
        {
            while (filled <= size)
            {
                var read = Read(file, start + filled, (nuint)(bytes.Length - filled));
                if (read < 0)
                {
                    throw FileStat.Failure(Marshal.GetLastPInvokeError(), path);
                }

                filled += (int)read;
                if (read == 0 || filled == size)
                {
                    break; // a regular file gives less than was asked for only at its end
                }
            }
        }

        return filled == size ? bytes[..size] : null;
    }

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
        return StatX(CurrentDirectory, path, follow ? 0 : NoFollow, BasicStats, &found) == 0 ? Stat(&found) : Absent(path);
    }

    /// <summary>An entry of an open directory; links are not followed.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">Of the entry.</param>
    /// <param name="path">Of the directory, for messages.</param>
    public static unsafe FileStat? StatAt(SafeFileHandle directory, string name, string path)
    {
        Statx found;
        // The handle outlives the call: whoever disposes it waits for its users.
        return StatX((int)directory.DangerousGetHandle(), name, NoFollow, BasicStats, &found) == 0 ? Stat(&found) : Absent(Path.Combine(path, name));
    }

    private static FileStat? Absent(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return error is NativeUnix.NoEntry or NativeUnix.NotDirectory ? null : throw FileStat.Failure(error, path);
    }

    private static unsafe FileStat Stat(Statx* found) => new(
        FileStat.TypeOfMode(found->Mode), ((ulong)found->DeviceMajor << 32) | found->DeviceMinor, found->Inode, (long)found->Size,
        found->Modified.Nanoseconds, found->Changed.Nanoseconds, found->Links);

    private static SafeFileHandle Open(string path, int flags, uint mode)
    {
        var descriptor = OpenFile(path, flags, mode);
        if (descriptor >= 0)
        {
            return new SafeFileHandle(descriptor, ownsHandle: true);
        }

        var error = Marshal.GetLastPInvokeError();
        throw error == NativeUnix.NoEntry ? new FileNotFoundException($"'{path}' does not exist.", path) : FileStat.Failure(error, path);
    }

    // Variadic in C; on the two architectures above its third argument travels like a fixed one.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Read(SafeFileHandle file, byte* buffer, nuint count);

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
