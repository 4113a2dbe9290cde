using System.Buffers;
using System.Text;

namespace ArtifactSync.Wire;

/// <summary>Which characters canonical JSON escapes, and how (spec 3.3).</summary>
internal static class CanonicalText
{
    private const string Controls =
        "\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"
        + "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f";

    private const string EscapedAscii = Controls + "\"\\<>&";

    /// <summary>Every character that is not written as itself.</summary>
    public static readonly SearchValues<char> Special = SearchValues.Create(EscapedAscii + "\u2028\u2029");

    private static readonly SearchValues<byte> SpecialBytes = SearchValues.Create(Encoding.ASCII.GetBytes(EscapedAscii));

    private static readonly byte[][] AsciiEscapes = BuildEscapes();

    public static ReadOnlySpan<byte> Escape(char special) => special switch
    {
        '\u2028' => "\\u2028"u8,
        '\u2029' => "\\u2029"u8,
        _ => AsciiEscapes[special],
    };

    /// <summary>Leading bytes of UTF-8 text that are written as they are.</summary>
    public static int PlainPrefix(ReadOnlySpan<byte> text)
    {
        int special = text.IndexOfAny(SpecialBytes);
        int length = special < 0 ? text.Length : special;
        int at = text[..length].IndexOfAnyInRange((byte)0x80, (byte)0xFF);
        if (at < 0)
        {
            return length;
        }

        while (at < length)
        {
            OperationStatus status = Rune.DecodeFromUtf8(text[at..length], out Rune rune, out int size);
            if (status != OperationStatus.Done || rune.Value is 0x2028 or 0x2029)
            {
                return at;
            }

            at += size;
        }

        return length;
    }

    /// <summary>Whether text has an invalid byte or one of the two escaped separators outside ASCII.</summary>
    public static bool HasNonPlainUtf8(ReadOnlySpan<byte> text) =>
        text.IndexOf("\u2028"u8) >= 0 || text.IndexOf("\u2029"u8) >= 0 || !System.Text.Unicode.Utf8.IsValid(text);

    /// <summary>The escape for what follows a plain prefix: a special character or one invalid byte.</summary>
    public static ReadOnlySpan<byte> Escape(ReadOnlySpan<byte> text, out int consumed)
    {
        consumed = 1;
        if (text[0] < 0x80)
        {
            return AsciiEscapes[text[0]];
        }

        if (Rune.DecodeFromUtf8(text, out Rune rune, out int size) != OperationStatus.Done)
        {
            return "\\ufffd"u8;
        }

        consumed = size;
        return Escape((char)rune.Value);
    }

    private static byte[][] BuildEscapes()
    {
        var escapes = new byte[0x80][];
        foreach (char c in EscapedAscii)
        {
            string text = c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\t' => "\\t",
                '\n' => "\\n",
                '\f' => "\\f",
                '\r' => "\\r",
                _ => $"\\u{(int)c:x4}",
            };
            escapes[c] = Encoding.ASCII.GetBytes(text);
        }

        return escapes;
    }
}
