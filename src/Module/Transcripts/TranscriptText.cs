using System.Text;

namespace ArtifactSync.Transcripts;

/// <summary>Rules for the texts of rows that hold for every format.</summary>
internal static class TranscriptText
{
    private const int PreviewLength = 300;

    /// <summary>The first prompt as lists show it: one line, at most 300 characters.</summary>
    public static string Preview(string prompt) => Truncate(prompt.Replace('\n', ' '), PreviewLength);

    /// <summary>At most so many Unicode characters, an ellipsis for the rest.</summary>
    public static string Truncate(string text, int length)
    {
        text = text.Trim();
        if (text.Length <= length)
        {
            return text;
        }

        int at = 0;
        for (int count = 0; count < length && at < text.Length; count++)
        {
            at += Rune.GetRuneAt(text, at).Utf16SequenceLength;
        }

        return at >= text.Length ? text : text[..at] + "...";
    }
}
