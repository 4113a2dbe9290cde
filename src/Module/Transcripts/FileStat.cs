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
        if (OperatingSystem.IsLinux() && Statx(AtCurrentFolder, path, 0, BasicStats, out StatxBuffer stat) == 0)
        {
            return new FileStat(
                (long)stat.Size, unchecked((stat.MtimeSeconds * 1_000_000_000) + stat.MtimeNanos), (long)stat.Inode,
                ((long)stat.DeviceMajor << 32) | stat.DeviceMinor);
        }

        var info = new FileInfo(path);
        return info.Exists
            ? new FileStat(info.Length, (info.LastWriteTimeUtc.Ticks - DateTime.UnixEpoch.Ticks) * 100, 0, 0)
            : null;
    }

    // statx is the one of the stat family whose layout is the same on every architecture.
    [DllImport("libc", EntryPoint = "statx", SetLastError = false)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, out StatxBuffer buffer);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxBuffer
    {
        [FieldOffset(32)]
        public ulong Inode;
        [FieldOffset(40)]
        public ulong Size;
        [FieldOffset(112)]
        public long MtimeSeconds;
        [FieldOffset(120)]
        public uint MtimeNanos;
        [FieldOffset(136)]
        public uint DeviceMajor;
        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
