using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport.S3;

/// <summary>The body of an object: ends where the store said it would, or says what went wrong. Owns its response.</summary>
internal sealed class S3ReadStream(Stream body, long length, IDisposable response, Func<Exception, ArtifactSyncException> map) : ReadOnlyStream
{
    /// <summary>Between two pieces; a store that trickles does not hold a worker for ever.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private long _left = length;

    // The body's own blocking read has no time-out.
    public override int Read(Span<byte> buffer)
    {
        var rented = System.Buffers.ArrayPool<byte>.Shared.Rent(buffer.Length);
        try
        {
            var read = ReadAsync(rented.AsMemory(0, buffer.Length)).AsTask().GetAwaiter().GetResult();
            rented.AsSpan(0, read).CopyTo(buffer);
            return read;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        int read;
        try
        {
            read = await body.ReadAsync(buffer, patience.Token);
        }
        catch (Exception fault) when (!(fault is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw map(fault);
        }

        _left -= read;
        return read == 0 && buffer.Length > 0 && _left > 0
            ? throw map(new IOException($"{_left} bytes are missing."))
            : read;
    }

    public override async ValueTask DisposeAsync()
    {
        await body.DisposeAsync();
        response.Dispose();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            body.Dispose();
            response.Dispose();
        }

        base.Dispose(disposing);
    }
}
