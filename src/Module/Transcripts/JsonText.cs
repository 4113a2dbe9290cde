using System.Buffers;
using System.Text;

namespace ArtifactSync.Transcripts;

/// <summary>
/// Text out of JSON strings that strangers wrote: bytes that are not UTF-8 and lone surrogate escapes become U+FFFD,
/// where the reader of the framework would throw.
/// </summary>
internal static class JsonText
{
    /// <summary>C0 without tab, LF and CR, DEL, C1: noise of terminals, which rows don't keep.</summary>
    private static readonly SearchValues<char> Controls = SearchValues.Create(
        [.. Enumerable.Range(0, 0xA0).Where(c => (c < 0x20 && c is not (9 or 10 or 13)) || c >= 0x7F).Select(c => (char)c)]);

    /// <summary>Decodes the inside of a JSON string whose escapes are well formed (a reader has been over it).</summary>
    public static string Decode(ReadOnlySpan<byte> inner)
    {
        int first = inner.IndexOf((byte)'\\');
        if (first < 0)
        {
            return Encoding.UTF8.GetString(inner);
        }

        char[] rented = ArrayPool<char>.Shared.Rent(inner.Length);
        try
        {
            int length = Unescape(inner, first, rented);
            return new string(rented, 0, length);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(rented);
        }
    }

    private static int Unescape(ReadOnlySpan<byte> source, int escape, Span<char> target)
    {
        int written = 0;
        while (true)
        {
            // Between escapes there is plain UTF-8; a char is never more than a byte, so the target is large enough.
            written += Encoding.UTF8.GetChars(source[..escape], target[written..]);
            source = source[escape..];
            written = UnescapeOne(ref source, target, written);
            escape = source.IndexOf((byte)'\\');
            if (escape < 0)
            {
                return written + Encoding.UTF8.GetChars(source, target[written..]);
            }
        }
    }

    private static int UnescapeOne(ref ReadOnlySpan<byte> source, Span<char> target, int written)
    {
        byte kind = source[1];
        if (kind != 'u')
        {
            target[written] = kind switch
            {
                (byte)'n' => '\n',
                (byte)'t' => '\t',
                (byte)'r' => '\r',
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                _ => (char)kind,
            };
            source = source[2..];
            return written + 1;
        }

        char unit = (char)Hex(source.Slice(2, 4));
        source = source[6..];
        if (!char.IsSurrogate(unit))
        {
            target[written] = unit;
            return written + 1;
        }

        if (char.IsHighSurrogate(unit) && source.Length >= 6 && source[0] == '\\' && source[1] == 'u')
        {
            char low = (char)Hex(source.Slice(2, 4));
            if (char.IsLowSurrogate(low))
            {
                source = source[6..];
                target[written] = unit;
                target[written + 1] = low;
                return written + 2;
            }
        }

        target[written] = '\uFFFD';
        return written + 1;
    }

    private static int Hex(ReadOnlySpan<byte> digits)
    {
        int value = 0;
        foreach (byte digit in digits)
        {
            value = (value << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        return value;
    }

    /// <summary>The text without control characters (tab, LF and CR stay), as recordings of the original program have it.</summary>
    public static string Sanitize(string text)
    {
        int first = text.AsSpan().IndexOfAny(Controls);
        if (first < 0)
        {
            return text;
        }

        var kept = new StringBuilder(text.Length);
        ReadOnlySpan<char> rest = text;
        while (first >= 0)
        {
            kept.Append(rest[..first]);
            rest = rest[(first + 1)..];
            first = rest.IndexOfAny(Controls);
        }

        return kept.Append(rest).ToString();
    }

    public static long Utf8Length(string text) => Encoding.UTF8.GetByteCount(text);
}
