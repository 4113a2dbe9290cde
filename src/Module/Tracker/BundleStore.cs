using ArtifactSync.Errors;
using Microsoft.Win32.SafeHandles;

namespace ArtifactSync.Tracker;

/// <summary>Where a response lies until it is ingested.</summary>
internal readonly record struct BundlePart(ReadOnlyMemory<byte> Bytes, long Offset, int Length);

/// <summary>
/// Responses of a preflight: in memory, and beyond 64 MiB in a temporary file that only this process can name (surgical
/// spec 3). May be added to from any thread.
/// </summary>
internal sealed class BundleStore(long memoryLimit = BundleStore.DefaultMemoryLimit) : IDisposable
{
    public const long DefaultMemoryLimit = 64 * 1024 * 1024;
    private const long MaxTotal = 4L * 1024 * 1024 * 1024;
    private readonly Lock _gate = new();
    private SafeFileHandle? _file;
    private long _inMemory;
    private long _inFile;

    public bool HasSpilled => _file is not null;

    /// <exception cref="GitLabFault">InvalidResponse: more than 4 GiB in all.</exception>
    public BundlePart Add(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return Place(bytes);
        }
        catch (IOException e)
        {
            throw new GitLabFault(ErrorCode.DiskFull, $"The temporary file of this run can't be written: {e.Message}", inner: e);
        }
    }

    public ReadOnlyMemory<byte> Read(BundlePart part)
    {
        if (part.Bytes.Length == part.Length)
        {
            return part.Bytes;
        }
        var bytes = new byte[part.Length];
        for (var read = 0; read < bytes.Length;)
        {
            var count = RandomAccess.Read(_file!, bytes.AsSpan(read), part.Offset + read);
            read += count > 0 ? count : throw new EndOfStreamException("The temporary file of this run was cut off.");
        }
        return bytes;
    }

    public void Dispose() => _file?.Dispose();

    private BundlePart Place(ReadOnlyMemory<byte> bytes)
    {
        long offset;
        lock (_gate)
        {
            if (_inMemory + bytes.Length <= memoryLimit)
            {
                _inMemory += bytes.Length;
                return new BundlePart(bytes, 0, bytes.Length);
            }
            if (_inFile + bytes.Length > MaxTotal)
            {
                throw new GitLabFault(ErrorCode.InvalidResponse, "The items of this run have more than 4 GiB together; ask for fewer at a time.");
            }
            _file ??= Create();
            offset = _inFile;
            _inFile += bytes.Length;
        }
        RandomAccess.Write(_file, bytes.Span, offset);
        return new BundlePart(default, offset, bytes.Length);
    }

    private static SafeFileHandle Create()
    {
        var folder = Directory.CreateTempSubdirectory("artifactsync-").FullName; // private to the user
        var path = Path.Combine(folder, "bundle");
        var options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None;
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, options);
        if (!OperatingSystem.IsWindows())
        {
            Directory.Delete(folder, recursive: true); // the names alone: nothing is left behind, however this process ends
        }
        return file;
    }
}
