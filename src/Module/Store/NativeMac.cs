using System.Runtime.InteropServices;

namespace ArtifactSync.Store;

internal static partial class NativeMac
{
    public static unsafe FileStat? Stat(string path, bool follow)
    {
        DarwinStat found;
        var arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        var result = (follow, arm) switch
        {
            (true, true) => StatArm(path, &found),
            (true, false) => StatIntel(path, &found),
            (false, true) => LStatArm(path, &found),
            _ => LStatIntel(path, &found),
        };
        if (result != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is NativeUnix.NoEntry or NativeUnix.NotDirectory ? null : throw FileStat.Failure(error, path);
        }

        return new FileStat(
            FileStat.TypeOfMode(found.Mode), unchecked((uint)found.Device), found.Inode, found.Size,
            unchecked((found.ModifiedSeconds * 1_000_000_000) + found.ModifiedFraction),
            unchecked((found.ChangedSeconds * 1_000_000_000) + found.ChangedFraction), found.Links);
    }

    [LibraryImport("libc", EntryPoint = "stat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatArm(string path, DarwinStat* found);

    [LibraryImport("libc", EntryPoint = "lstat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int LStatArm(string path, DarwinStat* found);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatIntel(string path, DarwinStat* found);

    [LibraryImport("libc", EntryPoint = "lstat$INODE64", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int LStatIntel(string path, DarwinStat* found);

    /// <summary>struct stat of sys/stat.h with 64-bit inodes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 144)]
    private struct DarwinStat
    {
        [FieldOffset(0)] public int Device;
        [FieldOffset(4)] public ushort Mode;
        [FieldOffset(6)] public ushort Links;
        [FieldOffset(8)] public ulong Inode;
        [FieldOffset(48)] public long ModifiedSeconds;
        [FieldOffset(56)] public long ModifiedFraction;
        [FieldOffset(64)] public long ChangedSeconds;
        [FieldOffset(72)] public long ChangedFraction;
        [FieldOffset(96)] public long Size;
    }
}
