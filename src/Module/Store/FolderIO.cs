using Microsoft.Win32.SafeHandles;

namespace ArtifactSync.Store;

/// <summary>
/// The primitives under a write-once folder. Members throw what .NET throws (IOException, UnauthorizedAccessException);
/// <see cref="FolderErrors"/> names it. Tests override members to fail at a step or to lack an ability.
/// </summary>
internal class FolderIO
{
    public static FolderIO System { get; } = new();

    /// <summary>The bytes of a file, unbuffered, without locking it.</summary>
    /// <exception cref="FileNotFoundException">It is gone.</exception>
    public static FileStream OpenRead(string path) => NativeLinux.CanOpen
        ? new FileStream(NativeLinux.OpenRead(path), FileAccess.Read, bufferSize: 0)
        : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    /// <summary>The bytes of a small file; null when it has another size than is expected.</summary>
    public static byte[]? ReadSmall(string path, int size)
    {
        if (NativeLinux.CanOpen)
        {
            return NativeLinux.ReadSmall(path, size);
        }

        using FileStream file = OpenRead(path);
        var bytes = new byte[size];
        return file.Length == size && file.ReadAtLeast(bytes, size, throwOnEndOfStream: false) == size ? bytes : null;
    }

    /// <summary>A file that didn't exist before; its mode is that of a temporary file.</summary>
    public virtual SafeFileHandle CreateExclusive(string path)
    {
        if (NativeLinux.CanOpen)
        {
            return NativeLinux.CreateExclusive(path, FolderModes.Temporary);
        }

        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
        SetMode(file, FolderModes.Temporary);
        return file;
    }

    public virtual void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(file, bytes, offset);

    public virtual void SetMode(SafeFileHandle file, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, mode);
        }
    }

    /// <summary>True = <see cref="SyncVolume"/> makes all that was written below <paramref name="root"/> durable at once.</summary>
    public virtual bool CanSyncVolume(string root)
    {
        // Elsewhere (network, FUSE) the call need not reach the device behind the file system.
        return OperatingSystem.IsLinux() && new DriveInfo(root).DriveFormat is
            "ext2" or "ext3" or "ext4" or "xfs" or "btrfs" or "f2fs" or "zfs" or "tmpfs" or "bcachefs" or "overlay" or "overlayfs";
    }

    public virtual void SyncVolume(string root)
    {
        using var directory = NativeUnix.OpenDirectory(root);
        NativeLinux.SyncVolume(directory, root);
    }

    public virtual void SyncFile(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    /// <summary>Names created in the directory survive a power failure. Windows moves through to the disk by itself.</summary>
    public virtual void SyncDirectory(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            using var directory = NativeUnix.OpenDirectory(path);
            RandomAccess.FlushToDisk(directory);
        }
    }

    public virtual void CreateDirectory(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, mode);
        }
    }

    public virtual void Delete(string path) => File.Delete(path);

    /// <summary>Gives <paramref name="temporary"/> its final name without ever replacing; false = the name is taken.</summary>
    public virtual bool TryPublish(string temporary, string final)
    {
        if (OperatingSystem.IsWindows())
        {
            return NativeWindows.MoveNoReplace(temporary, final);
        }

        var error = TryRenameNoReplace(temporary, final);
        if (error == 0)
        {
            return true;
        }

        if (error != NativeUnix.Exists)
        {
            error = TryLink(temporary, final);
        }

        if (error == NativeUnix.Exists)
        {
            return false;
        }

        if (error == 0)
        {
            Delete(temporary);
            return true;
        }

        return LacksLinks(error) ? PublishWithoutLinks(temporary, final) : throw FileStat.Failure(error, final);
    }

    /// <summary>0 or the errno; Invalid where system or file system can't.</summary>
    protected virtual int TryRenameNoReplace(string from, string to) =>
        OperatingSystem.IsLinux() ? NativeLinux.TryRenameNoReplace(from, to) : NativeUnix.Invalid;

    /// <summary>0 or the errno.</summary>
    protected virtual int TryLink(string from, string to) => NativeUnix.TryLink(from, to);

    /// <summary>EPERM, EXDEV, EMLINK, EINVAL, and "not supported" and "no such call" of Linux (95, 38) and macOS (45, 102, 78).</summary>
    private static bool LacksLinks(int error) => error
        is NativeUnix.NotPermitted or NativeUnix.CrossDevice or NativeUnix.TooManyLinks or NativeUnix.Invalid or 38 or 45 or 78 or 95 or 102;

    /// <summary>
    /// Some file systems (VirtualBox shares, bucket mounts) have neither primitive. Then the choice is between a name that
    /// may show half a file after a crash, fatal to every reader of a checkpoint, and a moment between look and rename in
    /// which another writer of the same name loses; that writer wrote the same artifact. The latter does less harm.
    /// </summary>
    private static bool PublishWithoutLinks(string temporary, string final)
    {
        if (FileStat.Of(final) is not null)
        {
            return false;
        }

        // Not File.Move: that tries a link first, again.
        File.Move(temporary, final, overwrite: true);
        return true;
    }
}
