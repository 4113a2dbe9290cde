using System.Text;
using System.Text.RegularExpressions;

namespace ArtifactSync.Memory;

/// <summary>What a local save does to text (memory spec 1.3); imports, chunks and pulls do none of it.</summary>
internal static partial class LocalText
{
    /// <summary>Bytes of content that are kept.</summary>
    public const int ContentLimit = 50_000;
    private const string Truncated = "... [truncated]";

    /// <summary>Trimmed, with text between private tags masked.</summary>
    public static string Title(string text) => PrivateText().Replace(text, "[REDACTED]").Trim();

    /// <summary>As a title, and cut at <see cref="ContentLimit"/> bytes, at a character.</summary>
    public static string Content(string text)
    {
        var masked = Title(text);
        if (masked.Length <= ContentLimit / 3 || Encoding.UTF8.GetByteCount(masked) <= ContentLimit)
        {
            return masked;
        }

        var (bytes, length) = (0, 0);
        foreach (var rune in masked.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > ContentLimit)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return string.Concat(masked.AsSpan(0, length), Truncated);
    }

    [GeneratedRegex("<private>.*?</private>", RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 5000)]
    private static partial Regex PrivateText();
}
