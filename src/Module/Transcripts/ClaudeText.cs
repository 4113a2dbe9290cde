using System.Text.RegularExpressions;

namespace ArtifactSync.Transcripts;

/// <summary>Texts that Claude Code itself writes in the name of the user, and what they are.</summary>
internal static partial class ClaudeText
{
    private const string CommandName = "command-name";
    private const string CommandMessage = "command-message";
    private const string CommandArguments = "command-args";

    /// <summary>The subtype of a system text; empty for what a user wrote.</summary>
    public static string Subtype(string text)
    {
        ReadOnlySpan<char> start = Start(text);
        return Starts(start, "This session is being continued") ? "continuation"
            : Starts(start, "<local-command-caveat>") ? "resume"
            : Starts(start, "[Request interrupted") ? "interrupted"
            : Starts(start, "<task-notification>") ? "task_notification"
            : Starts(start, "Stop hook feedback:") ? "stop_hook"
            : "";
    }

    /// <summary>Output of local commands: of no interest to anybody later.</summary>
    public static bool IsNoise(string text) => Starts(Start(text), "<local-command-");

    /// <summary>Whether the text consists of command tags and nothing else; then, how the command reads (empty = it has no name).</summary>
    public static bool IsCommand(string text, out string command)
    {
        command = "";
        ReadOnlySpan<char> start = Start(text);
        if (!Starts(start, "<command-message>") && !Starts(start, "<command-name>"))
        {
            return false;
        }

        Dictionary<string, string> parts = Parts(text, out bool isPure);
        if (!isPure)
        {
            return false;
        }

        string name = parts.GetValueOrDefault(CommandName, "");
        if (name.Length == 0)
        {
            command = parts.GetValueOrDefault(CommandMessage, "") is { Length: > 0 } message ? "/" + message : "";
            return true;
        }

        string arguments = parts.GetValueOrDefault(CommandArguments, "").Trim();
        command = (name.StartsWith('/') ? name : "/" + name) + (arguments.Length > 0 ? " " + arguments : "");
        return true;
    }

    /// <summary>The name that a <c>/rename</c> record gives; null for every other record, empty when it takes the name away.</summary>
    public static string? Rename(string text)
    {
        if (!text.Contains(CommandName, StringComparison.Ordinal))
        {
            return null;
        }

        Dictionary<string, string> parts = Parts(text, out _);
        return parts.GetValueOrDefault(CommandName, "").Trim().TrimStart('/') == "rename"
            ? parts.GetValueOrDefault(CommandArguments, "").Trim()
            : null;
    }

    /// <summary>A command such as <c>/clear</c> says nothing about what a session is about.</summary>
    public static bool IsSlashCommand(string text)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest.Length < 2 || rest[0] != '/')
        {
            return false;
        }

        rest = rest[1..];
        int end = 0;
        while (end < rest.Length && (char.IsLetterOrDigit(rest[end]) || rest[end] is '-' or '_'))
        {
            end++;
        }

        return end > 0 && (end == rest.Length || char.IsWhiteSpace(rest[end]));
    }

    /// <summary>What stands between the first pair of such tags; empty when there is none.</summary>
    public static string Tagged(string text, string tag)
    {
        int start = text.IndexOf($"<{tag}>", StringComparison.Ordinal);
        if (start < 0)
        {
            return "";
        }

        start += tag.Length + 2;
        int end = text.IndexOf($"</{tag}>", start, StringComparison.Ordinal);
        return end < 0 ? "" : text[start..end];
    }

    private static Dictionary<string, string> Parts(string text, out bool isPure)
    {
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string tag in (ReadOnlySpan<string>)[CommandName, CommandMessage, CommandArguments])
        {
            if (Tagged(text, tag) is { Length: > 0 } value)
            {
                parts[tag] = value;
            }
        }

        isPure = Start(TagPattern().Replace(text, "")).IsEmpty;
        return parts;
    }

    [GeneratedRegex(
        "<command-(?:name>[^<]*</command-name|message>[^<]*</command-message|args>[^<]*</command-args)>",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex TagPattern();

    private static ReadOnlySpan<char> Start(string text)
    {
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty && (rest[0] == '\uFEFF' || char.IsWhiteSpace(rest[0])))
        {
            rest = rest[1..];
        }

        return rest;
    }

    private static bool Starts(ReadOnlySpan<char> text, string prefix) => text.StartsWith(prefix, StringComparison.Ordinal);
}
