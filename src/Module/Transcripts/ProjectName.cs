using System.Globalization;
using System.Text;

namespace ArtifactSync.Transcripts;

/// <summary>
/// The project a session belongs to, from its working folder or from the folder name that Claude Code encodes it in
/// (<c>-home-sam-code-tulip</c>). Only text is looked at, so a transcript gives the same project on every machine and
/// at any time.
/// </summary>
internal static class ProjectName
{
    private static readonly string[] Parents = ["code", "projects", "repos", "src", "work", "dev"];
    private static readonly string[] SystemFolders = ["users", "home", "var", "tmp", "private"];
    private static readonly string[] DefaultBranches = ["main", "master", "trunk", "develop", "dev"];

    /// <summary>Last part of the folder without a branch suffix, dashes as underscores; empty when there is none.</summary>
    public static string FromFolder(string cwd, string gitBranch)
    {
        string trimmed = cwd.Replace('\\', '/').TrimEnd('/');
        string name = trimmed[(trimmed.LastIndexOf('/') + 1)..];
        if (name is "" or "." or ".." || name.EndsWith(':'))
        {
            return "";
        }

        return Normalize(WithoutBranch(name, gitBranch));
    }

    public static string FromEncodedFolder(string name)
    {
        if (!name.StartsWith('-'))
        {
            return Normalize(name);
        }

        string[] parts = name.Split('-');
        foreach (string parent in Parents)
        {
            int at = Array.FindIndex(parts, p => p.Equals(parent, StringComparison.OrdinalIgnoreCase));
            if (at >= 0 && at + 1 < parts.Length && string.Join('-', parts[(at + 1)..]) is { Length: > 0 } rest)
            {
                return Normalize(rest);
            }
        }

        string? last = parts.LastOrDefault(p => p.Length > 0 && !SystemFolders.Contains(p, StringComparer.OrdinalIgnoreCase));
        return Normalize(last ?? name);
    }

    private static string Normalize(string name) => name.Replace('-', '_');

    private static string WithoutBranch(string name, string gitBranch)
    {
        string branch = gitBranch.StartsWith("refs/heads/", StringComparison.Ordinal) ? gitBranch["refs/heads/".Length..] : gitBranch;
        string token = BranchToken(branch);
        if (token.Length == 0 || DefaultBranches.Contains(token))
        {
            return name;
        }

        foreach (char separator in "-_")
        {
            if (name.EndsWith(separator + token, StringComparison.OrdinalIgnoreCase)
                && name[..^(token.Length + 1)].TrimEnd('-', '_') is { Length: > 0 } rest)
            {
                return rest;
            }
        }

        return name;
    }

    private static string BranchToken(string branch)
    {
        var token = new StringBuilder(branch.Length);
        foreach (char c in branch.Trim())
        {
            if (char.IsLetterOrDigit(c))
            {
                token.Append(char.ToLower(c, CultureInfo.InvariantCulture));
            }
            else if (token.Length > 0 && token[^1] != '-')
            {
                token.Append('-');
            }
        }

        return token.ToString().TrimEnd('-');
    }
}
