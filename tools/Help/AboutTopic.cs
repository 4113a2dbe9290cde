using System.Text;
using ArtifactSync.Errors;

namespace ArtifactSync.Help;

/// <summary>An about topic as plain text of 80 columns; the table of error codes comes from the code.</summary>
internal static class AboutTopic
{
    public const string CodesMark = "<!-- error codes -->";
    private const int Width = 80;
    private const string Indent = "    ";

    public static string ToText(string markdown)
    {
        var text = new StringBuilder();
        var fenced = false;
        foreach (var block in markdown.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            fenced ^= block.Split('\n').Count(l => l.StartsWith("```", StringComparison.Ordinal)) % 2 == 1;
            AppendBlock(text, block.Trim('\n'), fenced);
            text.Append('\n');
        }
        return text.ToString();
    }

    private static void AppendBlock(StringBuilder text, string block, bool fenced)
    {
        if (block == CodesMark)
            AppendCodes(text);
        else if (block.StartsWith('#'))
            text.Append(block.TrimStart('#', ' ').ToUpperInvariant()).Append('\n');
        else if (fenced || block.StartsWith("```", StringComparison.Ordinal) || block.StartsWith("    ", StringComparison.Ordinal))
            foreach (var line in block.Split('\n').Where(l => !l.StartsWith("```", StringComparison.Ordinal)))
                text.Append(Indent).Append(line).Append('\n');
        else
            foreach (var item in Items(block))
                AppendWrapped(text, HelpPage.Plain(item).Replace('\n', ' '), Indent);
    }

    /// <summary>The items of a list, or the one paragraph that a block is.</summary>
    private static IEnumerable<string> Items(string block) =>
        block.StartsWith("- ", StringComparison.Ordinal) ? block[2..].Split("\n- ").Select(item => "- " + item) : [block];

    /// <summary>One entry a code: its name, then what to do.</summary>
    private static void AppendCodes(StringBuilder text)
    {
        foreach (var code in Enum.GetValues<ErrorCode>())
        {
            text.Append(Indent).Append(code).Append('\n');
            AppendWrapped(text, ErrorCatalog.Action(code), Indent + Indent);
        }
    }

    private static void AppendWrapped(StringBuilder text, string paragraph, string indent)
    {
        var column = 0;
        foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (column > 0 && column + 1 + word.Length > Width)
            {
                text.Append('\n');
                column = 0;
            }
            text.Append(column == 0 ? indent : " ").Append(word);
            column += (column == 0 ? indent.Length : 1) + word.Length;
        }
        text.Append('\n');
    }
}
