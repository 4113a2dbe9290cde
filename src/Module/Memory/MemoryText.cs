using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using ArtifactSync.Errors;

namespace ArtifactSync.Memory;

/// <summary>Names and texts in the form in which they are stored and compared (memory spec 0.3).</summary>
[SuppressMessage("Globalization", "CA1308", Justification = "The spec's normal form is lower case.")]
internal static class MemoryText
{
    /// <summary>Bytes of a topic key.</summary>
    public const int TopicKeyLimit = 120;

    public static bool IsBlank([NotNullWhen(false)] string? text) => string.IsNullOrWhiteSpace(text);

    /// <summary>The project that is exported alone; null = everything. A blank name is neither.</summary>
    /// <exception cref="ArtifactSyncException">InvalidArgument.</exception>
    public static string? ProjectToExport(string? name) => name is null ? null : !IsBlank(name) ? Project(name)
        : throw new ArtifactSyncException(ErrorCode.InvalidArgument, "The name of the project is blank: give one, or none to export everything.", name);

    /// <summary>Lower case without surrounding space, no <c>--</c> and no <c>__</c>; blank becomes empty.</summary>
    public static string Project(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return "";
        }

        var text = Lower(name);
        while (text.Contains("--", StringComparison.Ordinal))
        {
            text = text.Replace("--", "-", StringComparison.Ordinal);
        }

        while (text.Contains("__", StringComparison.Ordinal))
        {
            text = text.Replace("__", "_", StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary><c>personal</c> or <c>project</c>.</summary>
    public static string Scope(string? scope) => scope is "project" ? scope : Lower(scope ?? "") is "personal" ? "personal" : "project";

    /// <summary>Lower case, runs of white space as one hyphen, at most 120 bytes of whole characters; blank becomes null.</summary>
    public static string? TopicKey(string? key)
    {
        if (IsBlank(key))
        {
            return null;
        }

        var text = string.Join('-', Lower(key).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (Encoding.UTF8.GetByteCount(text) <= TopicKeyLimit)
        {
            return text;
        }

        var (bytes, length) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > TopicKeyLimit)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return text[..length];
    }

    /// <summary>
    /// A target key: lower case, trimmed; blank becomes <paramref name="fallback"/> (<c>cloud</c>; of chunks <c>local</c>).
    /// </summary>
    public static string TargetKey(string? key, string fallback = "cloud") => IsBlank(key) ? fallback : Lower(key);

    public static long Count(long count) => Math.Max(count, 1);

    /// <summary>SHA-256 of the words, in lower case, with single spaces between: finds the same text saved again. Local only.</summary>
    public static string ContentHash(string content)
    {
        var chars = ArrayPool<char>.Shared.Rent(content.Length + 1);
        var length = 0;
        foreach (var c in content)
        {
            if (!char.IsWhiteSpace(c))
            {
                chars[length++] = c;
            }
            else if (length > 0 && chars[length - 1] != ' ')
            {
                chars[length++] = ' ';
            }
        }

        length -= length > 0 && chars[length - 1] == ' ' ? 1 : 0;
        var text = chars.AsSpan(0, length);
        for (var i = 0; i < length; i++)
        {
            text[i] = char.ToLowerInvariant(text[i]);
        }

        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(length));
        try
        {
            return Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes))));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<char>.Shared.Return(chars);
        }
    }

    /// <summary>What a payload may hold (7.2 step 3): U+0000 and lone surrogates become U+FFFD.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Storable(string? text)
    {
        if (text is null || IsStorable(text))
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) // a lone surrogate comes as U+FFFD
        {
            result.Append(rune.Value == 0 ? "\uFFFD" : rune.ToString());
        }

        return result.ToString();
    }

    /// <summary>Neither U+0000 nor a lone surrogate is in it.</summary>
    public static bool IsStorable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0')
            {
                return false;
            }

            if (char.IsSurrogate(text[i]))
            {
                if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                {
                    return false;
                }

                i++;
            }
        }

        return true;
    }

    private static string Lower(string text) => text.Trim().ToLowerInvariant();
}
