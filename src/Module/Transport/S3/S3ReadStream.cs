using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport.S3;

/// <summary>The body of an object: ends where the store said it would, or says what went wrong. Owns its response.</summary>
internal sealed class S3ReadStream(
    Stream body, long length, IDisposable response, Func<Exception, ArtifactSyncException> map, CancellationToken stop) : ReadOnlyStream
{
    /// <summary>So much must come within <see cref="Patience"/>: a store that trickles does not hold a worker for ever.</summary>
    private const int StepBytes = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly CancellationTokenSource _patience = new(Patience);
    private long _left = length;
    private int _step;

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
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stop, _patience.Token);
        int read;
        try
        {
            read = await body.ReadAsync(buffer, either.Token);
        }
        catch (Exception fault) when (!(fault is OperationCanceledException && (cancellationToken.IsCancellationRequested || stop.IsCancellationRequested)))
        {
            throw map(fault);
        }

        if ((_step += read) >= StepBytes)
        {
            _step = 0;
            _patience.CancelAfter(Patience);
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
            _patience.Dispose();
        }

        base.Dispose(disposing);
    }
}
