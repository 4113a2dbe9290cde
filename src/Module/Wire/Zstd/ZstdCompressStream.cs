using System.Buffers;

namespace ArtifactSync.Wire;

/// <summary>
/// Gathers blocks and compresses them as they fill. Content within one block is compressed in one call, with its size in
/// the frame; which way is taken depends on the content alone, so frames are reproducible.
/// </summary>
internal sealed class ZstdCompressStream : WriteOnlyStream
{
    private readonly Stream _destination;
    private readonly bool _leaveOpen;
    private readonly ContextPool _pool;
    private ZstdContext? _context;
    private byte[]? _block = ArrayPool<byte>.Shared.Rent(ZstdSettings.BlockSize);
    private int _filled;
    private long _total;

    public ZstdCompressStream(Stream destination, bool leaveOpen, ContextPool pool)
    {
        (_destination, _leaveOpen, _pool) = (destination, leaveOpen, pool);
        _context = pool.Rent();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_block is null, this);
        _total += buffer.Length;
        while (buffer.Length > 0)
        {
            if (_filled == ZstdSettings.BlockSize)
            {
                Step(end: false);
            }

            int part = Math.Min(buffer.Length, ZstdSettings.BlockSize - _filled);
            buffer[..part].CopyTo(_block.AsSpan(_filled));
            _filled += part;
            buffer = buffer[part..];
        }
    }

    public override void Flush()
    {
        // A flush inside a frame would change its bytes; what is pending goes out with the next block.
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing || _block is null)
        {
            return;
        }

        try
        {
            if (_total == 0)
            {
                _destination.Write(ZstdSettings.EmptyFrame);
            }
            else
            {
                Step(end: true);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(_block);
            _block = null;
            _pool.Return(_context!);
            _context = null;
            if (!_leaveOpen)
            {
                _destination.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private void Step(bool end)
    {
        byte[] output = ArrayPool<byte>.Shared.Rent(ZstdSettings.BlockSize + 1024);
        try
        {
            int at = 0;
            bool done;
            do
            {
                done = _context!.Step(_block.AsSpan(at, _filled - at), output, end, out int consumed, out int written);
                at += consumed;
                _destination.Write(output, 0, written);
            }
            while (end ? !done : at < _filled);
            _filled = 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(output);
        }
    }
}
