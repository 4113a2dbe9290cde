using System.Collections.Concurrent;

namespace ArtifactSync.Wire;

/// <summary>Keeps contexts for reuse: setting one up costs more than compressing a small manifest.</summary>
internal sealed class PooledZstdCodec(IZstdEngine engine) : IZstdCodec, IDisposable
{
    private readonly ContextPool _compressors = new(engine.CreateCompressor);
    private readonly ContextPool _decompressors = new(engine.CreateDecompressor);

    public Stream Compress(Stream destination, bool leaveOpen) => new ZstdCompressStream(destination, leaveOpen, _compressors);

    public Stream Decompress(Stream source, bool leaveOpen) => new ZstdDecompressStream(source, leaveOpen, _decompressors);

    public void Dispose()
    {
        _compressors.Dispose();
        _decompressors.Dispose();
    }
}

internal sealed class ContextPool(Func<ZstdContext> create) : IDisposable
{
    private readonly ConcurrentBag<ZstdContext> _free = [];
    private readonly int _capacity = Environment.ProcessorCount * 2;

    public ZstdContext Rent() => _free.TryTake(out ZstdContext? context) ? context : create();

    public void Return(ZstdContext context)
    {
        context.Reset();
        if (_free.Count < _capacity)
        {
            _free.Add(context);
        }
        else
        {
            context.Dispose();
        }
    }

    public void Dispose()
    {
        while (_free.TryTake(out ZstdContext? context))
        {
            context.Dispose();
        }
    }
}
