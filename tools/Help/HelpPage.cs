using System.Text.RegularExpressions;

namespace ArtifactSync.Help;

/// <summary>
/// One Markdown page: <c># Verb-Noun</c> and a synopsis, then the sections Description, Examples (a <c>###</c> each, with a
/// fenced block), Parameters (<c>### -Name</c>), Inputs, Outputs, Notes and Related links.
/// </summary>
internal sealed partial record HelpPage(
    string File, string Title, string Synopsis, IReadOnlyDictionary<string, string> Sections, IReadOnlyList<HelpExample> Examples,
    IReadOnlyDictionary<string, string> Parameters)
{
    public static HelpPage Parse(string file, string markdown)
    {
        var (head, sections) = Split(markdown, "## ");
        var title = head.Split('\n', 2);
        var byName = sections.ToDictionary(s => s.Title, s => s.Body, StringComparer.OrdinalIgnoreCase);
        return new HelpPage(
            file, title[0].TrimStart('#', ' ').Trim(), title.Length > 1 ? title[1].Trim() : "", byName,
            [.. Split(byName.GetValueOrDefault("Examples", ""), "### ").Parts.Select(p => HelpExample.Parse(p.Title, p.Body))],
            Split(byName.GetValueOrDefault("Parameters", ""), "### ").Parts.ToDictionary(
                p => p.Title.TrimStart('-'), p => p.Body, StringComparer.OrdinalIgnoreCase));
    }

    public string Section(string name) => Sections.GetValueOrDefault(name, "");

    /// <summary>Headings inside fenced blocks are code.</summary>
    private static (string Head, List<(string Title, string Body)> Parts) Split(string text, string marker)
    {
        var head = new List<string>();
        var parts = new List<(string Title, List<string> Lines)>();
        var fenced = false;
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            fenced ^= line.StartsWith("```", StringComparison.Ordinal);
            if (!fenced && line.StartsWith(marker, StringComparison.Ordinal))
                parts.Add((line[marker.Length..].Trim(), []));
            else
                (parts.Count == 0 ? head : parts[^1].Lines).Add(line);
        }
        return (string.Join('\n', head).Trim(), [.. parts.Select(p => (p.Title, string.Join('\n', p.Lines).Trim()))]);
    }

    /// <summary>Text as help shows it: links by their words, no backticks, one line a paragraph.</summary>
    public static IEnumerable<string> Paragraphs(string markdown) =>
        markdown.Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Plain);

    public static string Plain(string markdown)
    {
        var text = Link().Replace(markdown, "${text}").Replace("`", "", StringComparison.Ordinal).Replace("**", "", StringComparison.Ordinal);
        return text.StartsWith("- ", StringComparison.Ordinal) ? text : text.Replace('\n', ' ');
    }

    [GeneratedRegex(@"\[(?<text>[^\]]+)\]\([^)]+\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link();
}

/// <summary>One example: what is typed, and what to know about it.</summary>
internal sealed record HelpExample(string Title, string Code, string Remarks)
{
    public static HelpExample Parse(string title, string body)
    {
        var code = new List<string>();
        var remarks = new List<string>();
        var inCode = false;
        foreach (var line in body.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                inCode = !inCode;
            else
                (inCode ? code : remarks).Add(line);
        }
        return new HelpExample(title, string.Join('\n', code).Trim(), string.Join('\n', remarks).Trim());
    }
}
