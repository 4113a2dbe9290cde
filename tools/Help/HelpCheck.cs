using System.Text.RegularExpressions;

namespace ArtifactSync.Help;

/// <summary>Where help and parameters differ.</summary>
internal static class HelpCheck
{
    /// <summary>One line a fault, as compilers write it.</summary>
    public static IEnumerable<string> Faults(
        IReadOnlyList<CmdletShape> cmdlets, IReadOnlyDictionary<string, HelpPage> pages, IReadOnlyDictionary<string, string> shared)
    {
        foreach (var page in pages.Values.Where(p => cmdlets.All(c => c.Name != p.Title)))
            yield return Fault(page.File, $"there is no cmdlet {page.Title}");
        foreach (var cmdlet in cmdlets)
        {
            if (!pages.TryGetValue(cmdlet.Name, out var page))
            {
                yield return Fault(cmdlet.Name + ".md", "the page is missing");
                continue;
            }
            foreach (var fault in Faults(cmdlet, page, shared))
                yield return Fault(page.File, fault);
        }
    }

    private static IEnumerable<string> Faults(CmdletShape cmdlet, HelpPage page, IReadOnlyDictionary<string, string> shared)
    {
        if (page.Synopsis.Length == 0)
            yield return "the synopsis is missing";
        foreach (var section in (string[])["Description", "Examples", "Parameters", "Outputs"])
            if (page.Section(section).Length == 0)
                yield return $"the section {section} is missing or empty";
        foreach (var parameter in cmdlet.Parameters)
        {
            if (string.IsNullOrEmpty(page.Parameters.GetValueOrDefault(parameter.Name) ?? shared.GetValueOrDefault(parameter.Name)))
                yield return $"-{parameter.Name} is not described";
            if (!shared.ContainsKey(parameter.Name) && !page.Examples.Any(e => Uses(e.Code, parameter.Name)))
                yield return $"no example shows -{parameter.Name}";
        }
        foreach (var name in page.Parameters.Keys.Where(n => cmdlet.Parameters.All(p => p.Name != n)))
            yield return $"-{name} is described and does not exist (names are compared by case)";
        foreach (var example in page.Examples.Where(e => e.Code.Length == 0))
            yield return $"the example '{example.Title}' has no code";
    }

    private static bool Uses(string code, string parameter) =>
        Regex.IsMatch(code, $@"(?<!\w)-{Regex.Escape(parameter)}\b", RegexOptions.None, TimeSpan.FromSeconds(1));

    private static string Fault(string file, string text) => $"{file}(1): error HELP: {text}";
}
