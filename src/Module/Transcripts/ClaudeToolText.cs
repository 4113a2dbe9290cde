using System.Text;

namespace ArtifactSync.Transcripts;

/// <summary>How a tool call of Claude Code reads in the text of its message: one bracketed line, commands below it.</summary>
internal static class ClaudeToolText
{
    public static string Of(string name, JsonValue input) => name switch
    {
        "AskUserQuestion" => Questions(name, input),
        "TodoWrite" => Todos(input),
        "EnterPlanMode" => "[Entering Plan Mode]",
        "ExitPlanMode" => "[Exiting Plan Mode]",
        "Read" => $"[Read: {First(input, "file_path"u8, "path"u8)}]",
        "Edit" or "Write" => $"[{name}: {input["file_path"u8].Text()}]",
        "Glob" => $"[Glob: {input["pattern"u8].Text()} in {OrDot(input["path"u8].Text())}]",
        "Grep" => $"[Grep: {input["pattern"u8].Text()}]",
        "Bash" => Bash(input),
        "Skill" => $"[Skill: {input["skill"u8].Text()}]",
        "Task" or "Agent" => Task(input),
        "TaskCreate" => input["subject"u8].Text() is { Length: > 0 } subject ? $"[TaskCreate: {subject}]" : "[TaskCreate]",
        "TaskUpdate" => $"[TaskUpdate: #{input["taskId"u8].Text()}{Prefixed(" ", input["status"u8].Text())}]",
        "TaskGet" => $"[TaskGet: #{input["taskId"u8].Text()}]",
        "TaskList" => "[TaskList]",
        "SendMessage" => $"[SendMessage: {input["type"u8].Text()}{Prefixed(" to ", input["recipient"u8].Text())}]",
        _ => $"[Tool: {name}]",
    };

    /// <summary>The file or folder that a call is about; empty when it names none.</summary>
    public static string FilePath(JsonValue input)
    {
        string path = First(input, "file_path"u8, "path"u8);
        return path.Length > 0 ? path : First(input, "filePath"u8, "file"u8);
    }

    private static string First(JsonValue input, ReadOnlySpan<byte> name, ReadOnlySpan<byte> otherwise) =>
        input[name].Text() is { Length: > 0 } text ? text : input[otherwise].Text();

    private static string OrDot(string path) => path.Length == 0 ? "." : path;

    private static string Prefixed(string prefix, string text) => text.Length == 0 ? "" : prefix + text;

    private static string Bash(JsonValue input)
    {
        string description = input["description"u8].Text();
        string command = First(input, "command"u8, "cmd"u8);
        return description.Length > 0 ? $"[Bash: {description}]\n$ {command}" : $"[Bash]\n$ {command}";
    }

    private static string Task(JsonValue input)
    {
        string description = First(input, "description"u8, "prompt"u8);
        string agent = First(input, "subagent_type"u8, "agent"u8);
        return (description.Length, agent.Length) switch
        {
            (0, 0) => "[Task]",
            (_, 0) => $"[Task: {description}]",
            _ => $"[Task: {description} ({agent})]",
        };
    }

    private static string Todos(JsonValue input)
    {
        var text = new StringBuilder("[Todo List]");
        foreach (JsonValue todo in input["todos"u8].EnumerateElements())
        {
            char mark = todo["status"u8].Is("completed"u8) ? '✓' : todo["status"u8].Is("in_progress"u8) ? '→' : '○';
            text.Append("\n  ").Append(mark).Append(' ').Append(todo["content"u8].Text());
        }

        return text.ToString();
    }

    private static string Questions(string name, JsonValue input)
    {
        var text = new StringBuilder($"[Question: {name}]");
        foreach (JsonValue question in input["questions"u8].EnumerateElements())
        {
            text.Append("\n  ").Append(question["question"u8].Text());
            foreach (JsonValue option in question["options"u8].EnumerateElements())
            {
                text.Append("\n    - ").Append(option["label"u8].Text()).Append(": ").Append(option["description"u8].Text());
            }
        }

        return text.ToString();
    }
}
