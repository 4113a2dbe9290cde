using System.Buffers;

namespace ArtifactSync.Wire;

/// <summary>Decodes frame after frame until the source ends; each header is checked before its frame is decoded.</summary>
internal sealed class ZstdDecompressStream : ReadOnlyStream
{
    private readonly Stream _source;
    private readonly bool _leaveOpen;
    private readonly ContextPool _pool;
    private ZstdContext? _context;
    private byte[]? _input = ArrayPool<byte>.Shared.Rent(ZstdSettings.BlockSize);
    private int _start;
    private int _end;
    private bool _inFrame;
    private ZstdBlockGuard _guard;

    public ZstdDecompressStream(Stream source, bool leaveOpen, ContextPool pool)
    {
        (_source, _leaveOpen, _pool) = (source, leaveOpen, pool);
        _context = pool.Rent();
    }

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_input is null, this);
        while (buffer.Length > 0 && (_inFrame || BeginFrame()))
        {
            bool complete = _context!.Step(_input.AsSpan(_start.._end), buffer, end: false, out int consumed, out int written);
            _guard.Pass(_input.AsSpan(_start, consumed));
            _start += consumed;
            _inFrame = !complete;
            if (written > 0)
            {
                return written;
            }

            if (!complete && consumed == 0 && !Fill())
            {
                throw ZstdFrameHeader.Corrupt("it ends inside a frame");
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && _input is not null)
        {
            ArrayPool<byte>.Shared.Return(_input);
            _input = null;
            _pool.Return(_context!);
            _context = null;
            if (!_leaveOpen)
            {
                _source.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    // False at the end of the source.
    private bool BeginFrame()
    {
        while (true)
        {
            while (_end - _start < ZstdFrameHeader.MaxLength && Fill())
            {
            }

            if (_start == _end)
            {
                return false;
            }

            if (!ZstdFrameHeader.IsSkippable(_input.AsSpan(_start.._end), out long skip, out int headerLength))
            {
                _context!.Reset();
                _guard = new ZstdBlockGuard(headerLength);
                _inFrame = true;
                return true;
            }

            _start += headerLength;
            Skip(skip);
        }
    }

    private void Skip(long count)
    {
        while (count > 0)
        {
            if (_start == _end && !Fill())
            {
                throw ZstdFrameHeader.Corrupt("it ends inside a skippable frame");
            }

            int part = (int)Math.Min(count, _end - _start);
            _start += part;
            count -= part;
        }
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _input.AsSpan(_start.._end).CopyTo(_input);
            (_start, _end) = (0, _end - _start);
        }

        int read = _source.Read(_input.AsSpan(_end));
        _end += read;
        return read > 0;
    }
}
