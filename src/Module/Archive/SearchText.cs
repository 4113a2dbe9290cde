using System.Text;
using ArtifactSync.Errors;

namespace ArtifactSync.Archive;

/// <summary>
/// What a user types, as a full text query: words are ANDed, "several words" are a phrase, a trailing * matches beginnings.
/// Everything else is text: no input is a syntax error.
/// </summary>
internal static class SearchText
{
    // Far above what anybody types; bounds the work of one query.
    private const int MaxLength = 4096;

    /// <summary>An FTS5 expression; null when nothing searchable is in it.</summary>
    /// <exception cref="ArtifactSyncException">InvalidArgument: longer than 4,096 characters.</exception>
    public static string? ToExpression(string text)
    {
        if (text.Length > MaxLength)
        {
            throw new ArtifactSyncException(
                ErrorCode.InvalidArgument, $"The text to search for has {text.Length} characters; {MaxLength} are allowed.");
        }

        var expression = new StringBuilder();
        for (var i = 0; i < text.Length;)
        {
            if (char.IsWhiteSpace(text[i]))
            {
                i++;
                continue;
            }

            var (term, isPrefix) = text[i] == '"' ? ReadPhrase(text, ref i) : ReadWord(text, ref i);
            if (term.EnumerateRunes().Any(IsTokenPart))
            {
                // Inside quotes FTS5 knows no operator; a quote is doubled. Neither U+0000 nor a lone surrogate reaches it.
                expression.Append(expression.Length > 0 ? " AND " : "")
                    .Append('"').Append(term.Replace("\"", "\"\"", StringComparison.Ordinal).Replace('\0', ' ')).Append('"')
                    .Append(isPrefix ? " *" : "");
            }
        }

        return expression.Length > 0 ? expression.ToString() : null;
    }

    private static (string Term, bool IsPrefix) ReadPhrase(string text, ref int i)
    {
        var start = i + 1;
        var end = text.IndexOf('"', start);
        end = end < 0 ? text.Length : end;
        i = Math.Min(end + 1, text.Length);
        var isPrefix = i < text.Length && text[i] == '*';
        i += isPrefix ? 1 : 0;
        return (text[start..end], isPrefix);
    }

    private static (string Term, bool IsPrefix) ReadWord(string text, ref int i)
    {
        var start = i;
        while (i < text.Length && !char.IsWhiteSpace(text[i]) && text[i] != '"')
        {
            i++;
        }

        var word = text[start..i];
        var trimmed = word.TrimEnd('*');
        // "foo.*" is no prefix of anything: the tokenizer would take it for "foo" *.
        return (trimmed, trimmed.Length < word.Length && trimmed.Length > 0 && char.IsLetterOrDigit(trimmed[^1]));
    }

    // What the tokenizer (unicode61) makes tokens of: letters, numbers, private use.
    private static bool IsTokenPart(Rune rune) =>
        Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.LetterNumber
            or System.Globalization.UnicodeCategory.OtherNumber or System.Globalization.UnicodeCategory.PrivateUse;
}
