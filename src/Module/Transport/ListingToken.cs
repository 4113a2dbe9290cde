using System.Globalization;
using ArtifactSync.Store;

namespace ArtifactSync.Transport;

/// <summary>
/// A text that stays the same only as long as no name was added to or removed from a directory. It is made of what one
/// look at the directory tells: identity, both times, size and link count. Counting its entries would mean to list it.
/// </summary>
internal sealed class ListingToken(TimeProvider clock)
{
    /// <summary>
    /// Times are as coarse as 2 s (FAT) and a clock tick elsewhere: within that span a second change leaves no trace.
    /// </summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    /// <summary>Null when the directory changed too recently, or its file system is not known to keep such times.</summary>
    /// <param name="root">Of the target, whose file system is asked.</param>
    /// <param name="directory">Null = there is no such directory, hence no entry.</param>
    public string? Of(string root, FileStat? directory)
    {
        if (directory is not { } found)
        {
            return "absent";
        }

        var now = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        if (Math.Max(found.Modified, found.Changed) > now - (Rest.Ticks * 100) || found.Inode == 0 || !KeepsTimes(root))
        {
            return null;
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{found.Device:x}.{found.Inode:x}.{found.Modified}.{found.Changed}.{found.Size}.{found.Links}");
    }

    /// <summary>
    /// FAT does not note a new name in the time of the directory on every system, and bucket mounts invent times. What is
    /// not known to be sound is listed; a UNC path tells nothing of what lies behind it.
    /// </summary>
    private static bool KeepsTimes(string root) => !root.StartsWith(@"\\", StringComparison.Ordinal) && new DriveInfo(root).DriveFormat.ToLowerInvariant() is
        "ext2" or "ext3" or "ext4" or "xfs" or "btrfs" or "f2fs" or "zfs" or "bcachefs" or "jfs" or "reiserfs" or "tmpfs" or "ramfs"
        or "overlayfs" or "overlay" or "nfs" or "cifs" or "smb" or "smb2" or "ntfs" or "refs" or "apfs" or "hfs";
}
