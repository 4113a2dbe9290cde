using System.Globalization;
using System.Text;

namespace ArtifactSync.Transcripts;

/// <summary>How a tool call of Codex reads in the text of its message: a bracketed head and at most a few lines.</summary>
internal static class CodexToolText
{
    private const int PreviewLength = 220;
    private const int ListedFiles = 6;

    /// <param name="name">Name of the tool.</param>
    /// <param name="summary">What the agent said about the call; may be empty.</param>
    /// <param name="arguments">The arguments when they are JSON.</param>
    /// <param name="plain">The arguments when they are not JSON; empty otherwise.</param>
    public static string Of(string name, string summary, JsonValue arguments, string plain)
    {
        summary = Label(summary);
        switch (name)
        {
            case "exec_command" or "shell_command" or "shell":
                return Shell(summary, arguments, plain);
            case "write_stdin":
                return Stdin(summary, arguments, plain);
            case "apply_patch":
                return Patch(summary, arguments, plain);
            case "spawn_agent":
                return Spawn(summary, arguments, plain);
        }

        string category = ToolCategory.Of(name);
        if (category == ToolCategory.Other)
        {
            return Joined(Head("Tool", name), summary.Length > 0 ? summary : Preview(arguments, plain));
        }

        return Joined(Head(category, summary.Length > 0 ? summary : Detail(category, arguments)), Preview(arguments, plain));
    }

    private static string Shell(string summary, JsonValue arguments, string plain)
    {
        string command = First(arguments, "cmd"u8, "command"u8);
        command = command.Length > 0 ? command : plain.Length > 0 ? plain : arguments.Text().Trim();
        string head = Head("Bash", summary);
        return command.Length > 0 ? $"{head}\n$ {FirstLine(command)}" : Joined(head, Preview(arguments, plain));
    }

    private static string Stdin(string summary, JsonValue arguments, string plain)
    {
        if (summary.Length == 0)
        {
            string session = First(arguments, "session_id"u8, default);
            summary = session.Length > 0 ? "stdin -> " + session : "stdin";
        }

        string chars = arguments["chars"u8].TextOrRaw();
        return Joined(Head("Bash", summary), chars.Length > 0 ? Cut(Escaped(chars)) : Preview(arguments, plain));
    }

    private static string Patch(string summary, JsonValue arguments, string plain)
    {
        string patch = arguments["patch"u8].TextOrRaw();
        patch = patch.Length > 0 ? patch : plain;
        List<string> files = PatchedFiles(patch);
        if (summary.Length == 0 && files.Count > 0)
        {
            summary = files.Count == 1 ? files[0] : $"{files[0]} (+{files.Count - 1} more)";
        }

        string head = Head("Edit", summary);
        if (files.Count == 0)
        {
            return Joined(head, Preview(arguments, plain));
        }

        if (files.Count == 1)
        {
            return head;
        }

        string rest = files.Count > ListedFiles ? $"\n+{files.Count - ListedFiles} more files" : "";
        return $"{head}\n{string.Join('\n', files.Take(ListedFiles))}{rest}";
    }

    private static string Spawn(string summary, JsonValue arguments, string plain)
    {
        if (summary.Length == 0)
        {
            summary = First(arguments, "agent_type"u8, "subagent_type"u8);
            summary = summary.Length > 0 ? summary : "spawn_agent";
        }

        string prompt = First(arguments, "description"u8, "message"u8);
        prompt = prompt.Length > 0 ? prompt : First(arguments, "prompt"u8, default);
        return Joined(Head(ToolCategory.Task, summary), prompt.Length > 0 ? Cut(FirstLine(prompt)) : Preview(arguments, plain));
    }

    private static string Detail(string category, JsonValue arguments)
    {
        switch (category)
        {
            case "Read" or "Write" or "Edit":
                return First(arguments, "file_path"u8, "path"u8);
            case "Grep":
                return First(arguments, "pattern"u8, default);
            case "Glob":
                string pattern = First(arguments, "pattern"u8, default);
                string path = First(arguments, "path"u8, default);
                return pattern.Length > 0 && path.Length > 0 ? $"{pattern} in {path}" : pattern + path;
            case ToolCategory.Task:
                string description = First(arguments, "description"u8, default);
                string agent = First(arguments, "subagent_type"u8, default);
                return description.Length > 0 && agent.Length > 0 ? $"{description} ({agent})" : description + agent;
            default:
                return "";
        }
    }

    private static List<string> PatchedFiles(string patch)
    {
        List<string> files = [];
        foreach (string line in patch.Split('\n'))
        {
            if (!line.StartsWith("*** ", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (string verb in (ReadOnlySpan<string>)["*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "])
            {
                string file = line.StartsWith(verb, StringComparison.Ordinal) ? line[verb.Length..].Trim() : "";
                if (file.Length > 0 && !files.Contains(file))
                {
                    files.Add(file);
                }
            }
        }

        return files;
    }

    private static string First(JsonValue arguments, ReadOnlySpan<byte> name, ReadOnlySpan<byte> otherwise) =>
        arguments[name].TextOrRaw().Trim() is { Length: > 0 } text ? text : arguments[otherwise].TextOrRaw().Trim();

    private static string FirstLine(string text) => text.IndexOf('\n') is >= 0 and int at ? text[..at] : text;

    private static string Preview(JsonValue arguments, string plain) =>
        Cut(OneLine(plain.Length > 0 ? plain : arguments.Exists ? arguments.RawText() : ""));

    private static string Joined(string head, string body) => body.Length > 0 ? head + "\n" + body : head;

    private static string Head(string label, string detail) =>
        Label(detail) is { Length: > 0 } text ? $"[{Label(label)}: {text}]" : $"[{Label(label)}]";

    private static string Label(string text) => OneLine(text.Replace(']', ')'));

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string Cut(string text) => TranscriptText.Truncate(text, PreviewLength);

    /// <summary>Keys as a Go string literal shows them in ASCII, for what was typed into a terminal.</summary>
    private static string Escaped(string chars)
    {
        var text = new StringBuilder(chars.Length + 8);
        foreach (Rune rune in chars.EnumerateRunes())
        {
            text.Append(rune.Value switch
            {
                '\a' => "\\a",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\v' => "\\v",
                '\\' => "\\\\",
                '"' => "\\\"",
                >= 0x20 and < 0x7F => rune.ToString(),
                < 0x80 => "\\x" + rune.Value.ToString("x2", CultureInfo.InvariantCulture),
                < 0x10000 => "\\u" + rune.Value.ToString("x4", CultureInfo.InvariantCulture),
                _ => "\\U" + rune.Value.ToString("x8", CultureInfo.InvariantCulture),
            });
        }

        return text.ToString().Trim('"');
    }
}
