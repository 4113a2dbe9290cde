using System.Buffers;
using ArtifactSync.Store;
using Microsoft.AspNetCore.Http;

namespace ArtifactSync.Peer;

/// <summary>
/// A body that was received completely, in memory or in a private file that is gone with it: whoever works on it never waits
/// for a slow client.
/// </summary>
internal sealed class RequestBody : IAsyncDisposable
{
    private readonly byte[]? _rented;

    private RequestBody(Stream stream, long length, byte[]? rented) => (Stream, Length, _rented) = (stream, length, rented);

    /// <summary>At its beginning; may be read again from there.</summary>
    public Stream Stream { get; }

    public long Length { get; }

    /// <exception cref="BadHttpRequestException">413: larger than the limit; 400, 408: not as announced or too slow.</exception>
    public static async Task<RequestBody> ReadAsync(
        HttpRequest request, long limit, int memory, string spoolFolder, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
        {
            throw TooLarge();
        }
        var first = (int)Math.Min(request.ContentLength ?? memory, memory) + 1; // one more shows the end
        var buffer = ArrayPool<byte>.Shared.Rent(first);
        try
        {
            var read = await request.Body.ReadAtLeastAsync(buffer.AsMemory(0, first), first, throwOnEndOfStream: false, cancellationToken);
            if (read > limit)
            {
                throw TooLarge();
            }
            if (read < first)
            {
                return new RequestBody(new MemoryStream(buffer, 0, read, writable: false), read, buffer);
            }
            var body = await SpoolAsync(request.Body, buffer.AsMemory(0, read), limit, spoolFolder, cancellationToken);
            ArrayPool<byte>.Shared.Return(buffer);
            return body;
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
        }
    }

    private static async Task<RequestBody> SpoolAsync(
        Stream rest, ReadOnlyMemory<byte> begun, long limit, string spoolFolder, CancellationToken cancellationToken)
    {
        var file = Create(spoolFolder);
        var buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        try
        {
            await WriteAsync(file, begun, cancellationToken);
            for (int read; (read = await rest.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                if (file.Length + read > limit)
                {
                    throw TooLarge();
                }
                await WriteAsync(file, buffer.AsMemory(0, read), cancellationToken);
            }
            file.Position = 0;
            return new RequestBody(file, file.Length, rented: null);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task WriteAsync(FileStream file, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await file.WriteAsync(bytes, cancellationToken);
        }
        catch (Exception fault) when (FolderErrors.IsFileFault(fault))
        {
            throw FolderErrors.Writing(fault, file.Name, FolderUse.Private);
        }
    }

    private static FileStream Create(string folder)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0,
            Options = FileOptions.Asynchronous | (OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None),
        };
        var path = Path.Combine(folder, Guid.NewGuid().ToString("n"));
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        var file = new FileStream(path, options);
        if (!OperatingSystem.IsWindows())
        {
            File.Delete(path); // without a name nothing stays of it, whatever becomes of this process
        }
        return file;
    }

    private static BadHttpRequestException TooLarge() => new("Request body too large.", StatusCodes.Status413PayloadTooLarge);
}
