using System.Runtime.InteropServices;

namespace ArtifactSync.Transcripts;

/// <summary>What tells an unchanged file without opening it. Inode and device are 0 where the platform has none to offer.</summary>
internal readonly record struct FileStat(long Size, long MtimeNs, long Inode, long Device)
{
    private const int AtCurrentFolder = -100;
    private const uint BasicStats = 0x7FF;

    /// <summary>The file behind a path, links followed; null when there is none that can be seen.</summary>
    public static FileStat? Of(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                return Statx(AtCurrentFolder, path, 0, BasicStats, out StatxBuffer stat) == 0 ? From(in stat) : null;
            }
            catch (EntryPointNotFoundException)
            {
                // A libc from before 2018: without inodes, then.
            }
        }

        var info = new FileInfo(path);
        return info.Exists ? new FileStat(info.Length, (info.LastWriteTimeUtc.Ticks - DateTime.UnixEpoch.Ticks) * 100, 0, 0) : null;
    }

    private static FileStat From(in StatxBuffer stat) => new(
        (long)stat.Size, unchecked((stat.MtimeSeconds * 1_000_000_000) + stat.MtimeNanos), (long)stat.Inode,
        ((long)stat.DeviceMajor << 32) | stat.DeviceMinor);

    // statx is the one of the stat family whose layout is the same on every architecture.
    [DllImport("libc", EntryPoint = "statx", SetLastError = false)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(
        int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, out StatxBuffer buffer);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private readonly struct StatxBuffer
    {
        [FieldOffset(32)]
        public readonly ulong Inode;
        [FieldOffset(40)]
        public readonly ulong Size;
        [FieldOffset(112)]
        public readonly long MtimeSeconds;
        [FieldOffset(120)]
        public readonly uint MtimeNanos;
        [FieldOffset(136)]
        public readonly uint DeviceMajor;
        [FieldOffset(140)]
        public readonly uint DeviceMinor;
    }
}
