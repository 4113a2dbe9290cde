using System.Buffers;

namespace ArtifactSync.Transcripts;

/// <summary>
/// Lines of a stream over one pooled buffer that grows with the longest line, up to a limit: a longer line is passed over
/// and only its length is known.
/// </summary>
internal sealed class LineReader(Stream stream, long position, int limit) : IDisposable
{
    private const int InitialSize = 1 << 17;
    private const int PooledSize = 1 << 20;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialSize);
    private int _start;
    private int _end;
    private bool _atEnd;

    /// <summary>Where the line begins in the file.</summary>
    public long LineStart { get; private set; } = position;

    /// <summary>Where the next line begins.</summary>
    public long Next { get; private set; } = position;

    /// <summary>Whether a line feed ends the line; only the last line of a file can lack it.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Whether the line was longer than the limit; its bytes are not there.</summary>
    public bool IsOversized { get; private set; }

    /// <summary>The next line without its line feed (and without a carriage return before it); false at the end.</summary>
    public bool Read(out ReadOnlySpan<byte> line)
    {
        line = default;
        LineStart = Next;
        IsOversized = false;
        int scanned = 0;
        while (true)
        {
            int feed = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                return Take(scanned + feed, 1, out line);
            }

            scanned = _end - _start;
            if (_atEnd)
            {
                return (scanned > 0 || IsOversized) && Take(scanned, 0, out line);
            }

            if (scanned > limit)
            {
                IsOversized = true;
                Next += scanned;
                _start = _end;
                scanned = 0;
            }

            Fill();
        }
    }

    private bool Take(int length, int feed, out ReadOnlySpan<byte> line)
    {
        IsComplete = feed == 1;
        line = _buffer.AsSpan(_start, length);
        if (LineStart == 0 && line.StartsWith(ByteOrderMark))
        {
            line = line[ByteOrderMark.Length..];
        }

        IsOversized |= length > limit;
        if (IsOversized)
        {
            line = default;
        }
        else if (length > 0 && line[^1] == '\r')
        {
            line = line[..^1];
        }

        _start += length + feed;
        Next += length + feed;
        return true;
    }

    private void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Grow((int)Math.Min(_buffer.Length * 2L, limit + (long)InitialSize));
        }

        int read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _atEnd = read == 0;
    }

    private void Grow(int size)
    {
        // The pool would round up to a power of two and keep it; big lines are rare enough to pay for their own array.
        byte[] larger = size > PooledSize ? GC.AllocateUninitializedArray<byte>(size) : ArrayPool<byte>.Shared.Rent(size);
        _buffer.AsSpan(0, _end).CopyTo(larger);
        Release();
        _buffer = larger;
    }

    private void Release()
    {
        if (_buffer.Length is > 0 and <= PooledSize)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }

    public void Dispose()
    {
        Release();
        _buffer = [];
    }
}
