using System.Buffers;
using System.Text.Unicode;
using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>
/// Writes canonical JSON (spec 3) into a buffer of its own, or through it to a stream. The caller writes members in
/// ascending order of their UTF-8 names; everything else about the form is decided here.
/// </summary>
/// <remarks>A document above 64 MiB fails with <see cref="ErrorCode.DocumentLimitExceeded"/>.</remarks>
internal sealed class CanonicalWriter : IDisposable
{
    private const int InitialSize = 16 * 1024;
    private const int FlushAt = 64 * 1024;
    private const int KeepUpTo = 4 * 1024 * 1024;
    private const int Chunk = 16 * 1024;

    private readonly Stream? _sink;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialSize);
    private int _length;
    private long _flushed;
    private bool _needsComma;

    /// <param name="sink">Receives full buffers and, on <see cref="Flush"/>, the rest; not closed.</param>
    public CanonicalWriter(Stream? sink = null) => _sink = sink;

    /// <summary>What was written since <see cref="Reset"/> and not yet flushed.</summary>
    public ReadOnlySpan<byte> WrittenSpan => _buffer.AsSpan(0, _length);

    /// <summary>Bytes of the document so far, flushed ones included.</summary>
    public long Length => _flushed + _length;

    public void BeginObject() => Open('{');

    public void EndObject() => Close('}');

    public void BeginArray() => Open('[');

    public void EndArray() => Close(']');

    /// <summary>A member name that needs no escaping.</summary>
    public void Name(ReadOnlySpan<byte> ascii)
    {
        Span<byte> target = Reserve(ascii.Length + 4);
        int at = 0;
        if (_needsComma)
        {
            target[at++] = (byte)',';
        }

        target[at++] = (byte)'"';
        ascii.CopyTo(target[at..]);
        at += ascii.Length;
        target[at++] = (byte)'"';
        target[at++] = (byte)':';
        _length += at;
        _needsComma = false;
    }

    /// <summary>A member name that may be any text.</summary>
    public void Name(string text)
    {
        Value(text);
        Byte(':');
        _needsComma = false;
    }

    /// <summary>A member name in UTF-8 that may be any text.</summary>
    public void Utf8Name(ReadOnlySpan<byte> text)
    {
        Utf8Value(text);
        Byte(':');
        _needsComma = false;
    }

    public void Null() => Literal("null"u8);

    public void Value(bool value) => Literal(value ? "true"u8 : "false"u8);

    public void Value(long value)
    {
        Separate();
        Span<byte> target = Reserve(20);
        value.TryFormat(target, out int written, default, System.Globalization.CultureInfo.InvariantCulture);
        _length += written;
        _needsComma = true;
    }

    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.DocumentInvalid"/> for NaN and infinities.</exception>
    public void Value(double value)
    {
        Separate();
        _length += CanonicalNumber.Format(value, Reserve(CanonicalNumber.MaxLength));
        _needsComma = true;
    }

    /// <summary>A string; a lone surrogate becomes U+FFFD.</summary>
    public void Value(ReadOnlySpan<char> text)
    {
        Separate();
        Byte('"');
        while (text.Length > 0)
        {
            int plain = text.IndexOfAny(CanonicalText.Special);
            Transcode(plain < 0 ? text : text[..plain]);
            if (plain < 0)
            {
                break;
            }

            Append(CanonicalText.Escape(text[plain]));
            text = text[(plain + 1)..];
        }

        Byte('"');
        _needsComma = true;
    }

    /// <summary>A string in UTF-8; a byte that is not valid becomes <c>\ufffd</c>, as original programs write it.</summary>
    public void Utf8Value(ReadOnlySpan<byte> text)
    {
        Separate();
        Byte('"');
        while (text.Length > 0)
        {
            int plain = CanonicalText.PlainPrefix(text);
            Append(text[..plain]);
            if (plain == text.Length)
            {
                break;
            }

            Append(CanonicalText.Escape(text[plain..], out int consumed));
            text = text[(plain + consumed)..];
        }

        Byte('"');
        _needsComma = true;
    }

    /// <summary>Bytes that are one canonical value already.</summary>
    public void Verbatim(ReadOnlySpan<byte> canonical) => Literal(canonical);

    /// <summary>The LF after a document or a line (spec 3.1).</summary>
    public void EndLine()
    {
        Byte('\n');
        _needsComma = false;
    }

    /// <summary>Starts over; what was not flushed is dropped.</summary>
    public void Reset()
    {
        _length = 0;
        _flushed = 0;
        _needsComma = false;
        if (_buffer.Length > KeepUpTo)
        {
            Resize(InitialSize);
        }
    }

    /// <summary>Hands the rest to the sink.</summary>
    public void Flush()
    {
        if (_sink is not null && _length > 0)
        {
            _sink.Write(_buffer, 0, _length);
            _flushed += _length;
            _length = 0;
        }
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            _length = 0;
        }
    }

    private void Open(char bracket)
    {
        Separate();
        Byte(bracket);
        _needsComma = false;
    }

    private void Close(char bracket)
    {
        Byte(bracket);
        _needsComma = true;
    }

    private void Literal(ReadOnlySpan<byte> literal)
    {
        Separate();
        Append(literal);
        _needsComma = true;
    }

    private void Separate()
    {
        if (_needsComma)
        {
            Byte(',');
        }
    }

    private void Byte(char c)
    {
        Reserve(1)[0] = (byte)c;
        _length++;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _length += bytes.Length;
    }

    // In chunks: reserving three bytes for each character of a large text at once would triple the peak.
    private void Transcode(ReadOnlySpan<char> text)
    {
        while (text.Length > 0)
        {
            bool last = text.Length <= Chunk;
            ReadOnlySpan<char> part = last ? text : text[..Chunk];
            Span<byte> target = Reserve(part.Length * 3);
            Utf8.FromUtf16(part, target, out int read, out int written, replaceInvalidSequences: true, isFinalBlock: last);
            _length += written;
            text = text[read..];
        }
    }

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Length - _length < count)
        {
            Grow(count);
        }

        return _buffer.AsSpan(_length);
    }

    private void Grow(int count)
    {
        if (_sink is not null && _length >= FlushAt)
        {
            Flush();
        }

        if (Length > Limits.RecordBytes)
        {
            throw new ArtifactSyncException(ErrorCode.DocumentLimitExceeded, "A document exceeds 64 MiB.");
        }

        if (_buffer.Length - _length < count)
        {
            Resize(Math.Max(_buffer.Length * 2, _length + count));
        }
    }

    private void Resize(int size)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(size);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
