namespace ArtifactSync.Wire;

/// <summary>
/// Follows the block headers of a frame (RFC 8878, 3.1.1.2). libzstd passes over a compressed block without content, which
/// original programs refuse; relaying such a frame would stop every exchange with them.
/// </summary>
internal struct ZstdBlockGuard(int headerLength)
{
    private const int HeaderBytes = 3;
    private const uint RunLength = 1;
    private const uint Compressed = 2;

    private long _skip = headerLength;
    private uint _header;
    private int _have;
    private bool _sawLast;

    /// <summary>Takes note of the bytes that the decoder consumed.</summary>
    public void Pass(ReadOnlySpan<byte> consumed)
    {
        while (consumed.Length > 0 && !_sawLast)
        {
            int skipped = (int)Math.Min(_skip, consumed.Length);
            _skip -= skipped;
            consumed = consumed[skipped..];
            if (consumed.Length > 0)
            {
                Header(consumed[0]);
                consumed = consumed[1..];
            }
        }
    }

    private void Header(byte next)
    {
        _header |= (uint)next << (8 * _have);
        if (++_have < HeaderBytes)
        {
            return;
        }

        uint type = (_header >> 1) & 3;
        uint size = _header >> 3;
        if (type == Compressed && size == 0)
        {
            throw ZstdFrameHeader.Corrupt("it has a compressed block without content");
        }

        _skip = type == RunLength ? 1 : size;
        _sawLast = (_header & 1) != 0;
        (_header, _have) = (0, 0);
    }
}
