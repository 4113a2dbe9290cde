using System.Buffers;
using System.Text.Unicode;

namespace ArtifactSync.Wire;

/// <summary>
/// Canonicalises embedded JSON (spec 3.6): the first value of a text, keys sorted, the last of equal keys kept, strings
/// re-escaped, numbers verbatim.
/// </summary>
internal static class RawJson
{
    /// <summary>Writes a text as one value; a fault of the text is DocumentInvalid.</summary>
    public static void Write(CanonicalWriter writer, string text)
    {
        byte[] source = ArrayPool<byte>.Shared.Rent(text.Length * 3);
        try
        {
            Utf8.FromUtf16(text, source, out _, out int length, replaceInvalidSequences: true);
            Write(writer, source.AsMemory(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(source);
        }
    }

    /// <summary>As above, for UTF-8 of any quality.</summary>
    public static void Write(CanonicalWriter writer, ReadOnlyMemory<byte> text)
    {
        if (CanonicalJson.IsCanonical(text.Span))
        {
            writer.Verbatim(text.Span);
            return;
        }

        new RawJsonTree(text).Write(writer);
    }

    /// <summary>The canonical text of one value.</summary>
    public static string Canonicalize(string text)
    {
        using var writer = new CanonicalWriter();
        Write(writer, text);
        return System.Text.Encoding.UTF8.GetString(writer.WrittenSpan);
    }
}
