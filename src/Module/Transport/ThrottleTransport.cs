using ArtifactSync.Wire;

namespace ArtifactSync.Transport;

/// <summary>At most so many calls at once, whoever makes them; an open stream counts until it is closed.</summary>
internal sealed class ThrottleTransport(ITransport inner, int limit) : DelegatingTransport(inner)
{
    private readonly SemaphoreSlim _slots = new(limit);

    public override async Task<Stream> OpenReadAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        try
        {
            return new HeldStream(await Inner.OpenReadAsync(artifact, cancellationToken), _slots);
        }
        catch
        {
            _slots.Release();
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _slots.Dispose();
    }

    protected override async Task<T> CallAsync<T>(string verb, string subject, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        try
        {
            return await call();
        }
        finally
        {
            _slots.Release();
        }
    }

    private sealed class HeldStream(Stream inner, SemaphoreSlim slots) : ReadOnlyStream
    {
        private int _released;

        public override int Read(Span<byte> buffer) => inner.Read(buffer);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

        public override async ValueTask DisposeAsync()
        {
            try
            {
                await inner.DisposeAsync();
            }
            finally
            {
                await base.DisposeAsync();
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && Interlocked.Exchange(ref _released, 1) == 0)
            {
                try
                {
                    inner.Dispose();
                }
                finally
                {
                    slots.Release();
                }
            }

            base.Dispose(disposing);
        }
    }
}
