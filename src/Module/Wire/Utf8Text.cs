using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace ArtifactSync.Wire;

/// <summary>Text in UTF-8 of any quality: one U+FFFD for every byte that is not part of a valid sequence (spec 3.8).</summary>
/// <remarks>The runtime replaces whole truncated sequences by one character, hence these.</remarks>
internal static class Utf8Text
{
    public static string Decode(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
        {
            return Encoding.UTF8.GetString(text);
        }

        var result = new StringBuilder(text.Length);
        while (text.Length > 0)
        {
            int valid = ValidPrefix(text);
            result.Append(Encoding.UTF8.GetString(text[..valid]));
            text = text[valid..];
            if (text.Length > 0)
            {
                result.Append('\uFFFD');
                text = text[1..];
            }
        }

        return result.ToString();
    }

    /// <summary>Length of the leading part that is valid UTF-8.</summary>
    public static int ValidPrefix(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (at < text.Length)
        {
            int ascii = text[at..].IndexOfAnyInRange((byte)0x80, (byte)0xFF);
            if (ascii < 0)
            {
                return text.Length;
            }

            at += ascii;
            if (Rune.DecodeFromUtf8(text[at..], out _, out int size) != OperationStatus.Done)
            {
                return at;
            }

            at += size;
        }

        return at;
    }

    /// <summary>Replaces the escapes of a scanned string; the result is never longer than the source.</summary>
    public static int Unescape(ReadOnlySpan<byte> body, Span<byte> target)
    {
        int written = 0;
        while (true)
        {
            int escape = body.IndexOf((byte)'\\');
            ReadOnlySpan<byte> plain = escape < 0 ? body : body[..escape];
            plain.CopyTo(target[written..]);
            written += plain.Length;
            if (escape < 0)
            {
                return written;
            }

            body = body[(escape + 1)..];
            if (body[0] == 'u')
            {
                Rune rune = UnicodeEscape(body[1..], out int digits);
                written += rune.EncodeToUtf8(target[written..]);
                body = body[(1 + digits)..];
            }
            else
            {
                target[written++] = SimpleEscape(body[0]);
                body = body[1..];
            }
        }
    }

    public static bool TryHex(ReadOnlySpan<byte> digits, out int value)
    {
        value = 0;
        foreach (byte digit in digits)
        {
            int nibble = Nibble(digit);
            if (nibble < 0)
            {
                return false;
            }

            value = (value << 4) | nibble;
        }

        return true;
    }

    // A high surrogate takes the escape of a low one along; on its own either is U+FFFD.
    private static Rune UnicodeEscape(ReadOnlySpan<byte> digits, out int consumed)
    {
        consumed = 4;
        TryHex(digits[..4], out int first);
        if (Rune.TryCreate((char)first, out Rune single))
        {
            return single;
        }

        if (digits.Length >= 10 && digits[4] == '\\' && digits[5] == 'u' && TryHex(digits[6..10], out int second)
            && Rune.TryCreate((char)first, (char)second, out Rune pair))
        {
            consumed = 10;
            return pair;
        }

        return Rune.ReplacementChar;
    }

    private static int Nibble(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };

    private static byte SimpleEscape(byte c) => c switch
    {
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        _ => c,
    };
}
