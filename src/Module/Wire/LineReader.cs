using System.Buffers;

namespace ArtifactSync.Wire;

/// <summary>
/// The lines of a segment, one at a time, in a buffer that grows with the longest line only. The stream bounds the total.
/// </summary>
internal sealed class LineReader(Stream stream) : IDisposable
{
    private const int InitialSize = 64 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialSize);
    private int _start;
    private int _end;
    private int _length;

    /// <summary>The current line with its LF, which only the last one may lack.</summary>
    public ReadOnlySpan<byte> Line => _buffer.AsSpan(_start, _length);

    public bool Next()
    {
        _start += _length;
        _length = 0;
        int searched = _start;
        while (true)
        {
            int lf = _buffer.AsSpan(searched.._end).IndexOf((byte)'\n');
            if (lf >= 0)
            {
                _length = searched + lf + 1 - _start;
                return true;
            }

            searched = _end - _start;
            if (!Fill())
            {
                _length = _end - _start;
                return _length > 0;
            }
        }
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            (_start, _end, _length) = (0, 0, 0);
        }
    }

    // Moves the unfinished line to the front, so that offsets into it count from 0 afterwards.
    private bool Fill()
    {
        int pending = _end - _start;
        if (pending == _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(_start, pending).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_start, pending).CopyTo(_buffer);
        }

        _start = 0;
        int read = stream.Read(_buffer.AsSpan(pending));
        _end = pending + read;
        return read > 0;
    }
}
