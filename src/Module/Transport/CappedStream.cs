using ArtifactSync.Wire;

namespace ArtifactSync.Transport;

/// <summary>Ends after a number of bytes, whatever the far side goes on to send. Owns the inner stream.</summary>
internal sealed class CappedStream(Stream inner, long cap) : ReadOnlyStream
{
    private long _left = cap;

    public override int Read(Span<byte> buffer) => Count(inner.Read(buffer[..Allowed(buffer.Length)]));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await inner.ReadAsync(buffer[..Allowed(buffer.Length)], cancellationToken));

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Allowed(int wanted) => (int)Math.Min(wanted, _left);

    private int Count(int read)
    {
        _left -= read;
        return read;
    }
}
