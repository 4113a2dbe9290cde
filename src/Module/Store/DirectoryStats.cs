using Microsoft.Win32.SafeHandles;

namespace ArtifactSync.Store;

/// <summary>
/// Looks at many entries of one directory. On Linux they are named relative to an open handle, which spares the kernel the
/// way from the root each time. May be used by many threads.
/// </summary>
internal sealed class DirectoryStats : IDisposable
{
    private readonly string _path;
    private readonly SafeFileHandle? _handle;

    /// <param name="path">Full path; it need not exist.</param>
    /// <exception cref="IOException">It can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public DirectoryStats(string path)
    {
        _path = path;
        _handle = OperatingSystem.IsLinux() && FileStat.Of(path) is { Type: EntryType.Directory } ? NativeUnix.OpenDirectory(path) : null;
    }

    /// <summary>As <see cref="FileStat.Of"/>.</summary>
    public FileStat? Of(string name) => _handle is null ? FileStat.Of(Path.Combine(_path, name)) : NativeLinux.StatAt(_handle, name, _path);

    public void Dispose() => _handle?.Dispose();
}
