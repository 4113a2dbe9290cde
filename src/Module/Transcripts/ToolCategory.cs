using System.Collections.Frozen;

namespace ArtifactSync.Transcripts;

/// <summary>The family of a tool by its name: Read, Edit, Write, Bash, Grep, Glob, Task, Tool; Other when unknown.</summary>
internal static class ToolCategory
{
    public const string Other = "Other";
    public const string Task = "Task";

    private static readonly FrozenDictionary<string, string> ByName = Families(
        ("Read", "Read read read_file view LS list_directory look_at"),
        ("Edit", "Edit edit apply_patch edit_file replace StrReplace str_replace undo_edit"),
        ("Write", "Write write NotebookEdit write_file create_file"),
        ("Bash", "Bash bash Shell shell shell_command local_shell exec exec_command write_stdin"),
        ("Bash", "run_command execute_command run_shell_command"),
        ("Grep", "Grep grep search_files grep_search finder"),
        ("Glob", "Glob glob"),
        (Task, "Task Agent task spawn_agent"),
        ("Tool", "Skill skill TodoWrite WebFetch WebSearch web_search web_fetch"));

    public static string Of(string toolName) => ByName.GetValueOrDefault(toolName, Other);

    /// <summary>Results of these are copies of the user's own files: only their length is kept, as the original program does.</summary>
    public static bool KeepsResult(string category) => category is not ("Read" or "Glob");

    private static FrozenDictionary<string, string> Families(params (string Category, string Names)[] families) =>
        families.SelectMany(f => f.Names.Split(' ').Select(name => KeyValuePair.Create(name, f.Category)))
            .ToFrozenDictionary(StringComparer.Ordinal);
}
