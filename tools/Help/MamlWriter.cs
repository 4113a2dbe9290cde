using System.Xml.Linq;

namespace ArtifactSync.Help;

/// <summary>Pages and shapes as the XML that Get-Help reads.</summary>
internal sealed class MamlWriter(IReadOnlyDictionary<string, string> shared)
{
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public XDocument Write(IEnumerable<(CmdletShape Cmdlet, HelpPage Page)> pages) => new(
        new XElement("helpItems", new XAttribute("schema", "maml"), pages.Select(p => Item(p.Cmdlet, p.Page))));

    private XElement Item(CmdletShape cmdlet, HelpPage page) => new(
        Command + "command",
        new XAttribute(XNamespace.Xmlns + "maml", Maml),
        new XAttribute(XNamespace.Xmlns + "command", Command),
        new XAttribute(XNamespace.Xmlns + "dev", Dev),
        new XElement(Command + "details",
            new XElement(Command + "name", cmdlet.Name),
            new XElement(Command + "verb", cmdlet.Verb),
            new XElement(Command + "noun", cmdlet.Noun),
            Text("description", page.Synopsis)),
        Text("description", page.Section("Description")),
        new XElement(Command + "syntax", cmdlet.Sets.Select(set => Syntax(cmdlet, page, set))),
        new XElement(Command + "parameters", cmdlet.Parameters.OrderBy(p => p.Name, StringComparer.Ordinal)
            .Select(p => Parameter(page, p, p.Uses.Values.First(), full: true))),
        new XElement(Command + "inputTypes", Typed("inputType", page.Section("Inputs"))),
        new XElement(Command + "returnValues", Typed("returnValue", page.Section("Outputs"))),
        new XElement(Maml + "alertSet", Text("alert", page.Section("Notes"))),
        new XElement(Command + "examples", page.Examples.Select(Example)),
        new XElement(Command + "relatedLinks", Links(page.Section("Related links"))));

    private XElement Syntax(CmdletShape cmdlet, HelpPage page, string set) => new(
        Command + "syntaxItem", new XElement(Maml + "name", cmdlet.Name),
        cmdlet.In(set).OrderBy(p => p.Use.Position ?? int.MaxValue).ThenByDescending(p => p.Use.Mandatory)
            .Select(p => Parameter(page, p.Parameter, p.Use, full: false)));

    private XElement Parameter(HelpPage page, ParameterShape parameter, ParameterUse use, bool full)
    {
        var (text, fallback) = Default(page.Parameters.GetValueOrDefault(parameter.Name) ?? shared.GetValueOrDefault(parameter.Name, ""));
        return new XElement(
            Command + "parameter",
            new XAttribute("required", Lower(use.Mandatory)), new XAttribute("variableLength", "true"),
            new XAttribute("globbing", Lower(parameter.Wildcards)), new XAttribute("pipelineInput", use.PipelineInput),
            new XAttribute("position", use.Position?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "named"),
            new XAttribute("aliases", parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases)),
            new XElement(Maml + "name", parameter.Name),
            Text("description", text),
            parameter.IsSwitch && !full ? null : new XElement(
                Command + "parameterValue",
                new XAttribute("required", Lower(!parameter.IsSwitch)), new XAttribute("variableLength", "false"), parameter.TypeName),
            new XElement(Dev + "type", new XElement(Maml + "name", parameter.TypeName), new XElement(Maml + "uri")),
            new XElement(Dev + "defaultValue", fallback ?? (parameter.IsSwitch ? "False" : "None")));
    }

    /// <summary>A last paragraph "Default: x." is the default value.</summary>
    private static (string Text, string? Default) Default(string text)
    {
        const string mark = "Default: ";
        var at = text.LastIndexOf(mark, StringComparison.Ordinal);
        return at >= 0 && (at == 0 || text[at - 1] == '\n')
            ? (text[..at], HelpPage.Plain(text[(at + mark.Length)..]).TrimEnd('.'))
            : (text, null);
    }

    private static XElement Example(HelpExample example, int index) => new(
        Command + "example",
        new XElement(Maml + "title", $"-------- Example {index + 1}: {example.Title} --------"),
        new XElement(Dev + "code", example.Code),
        new XElement(Dev + "remarks", Paragraphs(example.Remarks)));

    private static IEnumerable<XElement> Typed(string kind, string section) =>
        from line in section.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        let parts = HelpPage.Plain(line.TrimStart('-', ' ')).Split(": ", 2)
        select new XElement(Command + kind,
            new XElement(Dev + "type", new XElement(Maml + "name", parts[0])), Text("description", parts.Length > 1 ? parts[1] : ""));

    private static IEnumerable<XElement> Links(string section) =>
        from line in section.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        select new XElement(
            Maml + "navigationLink", new XElement(Maml + "linkText", HelpPage.Plain(line.TrimStart('-', ' '))), new XElement(Maml + "uri"));

    private static XElement Text(string name, string markdown) => new(Maml + name, Paragraphs(markdown));

    private static IEnumerable<XElement> Paragraphs(string markdown) =>
        HelpPage.Paragraphs(markdown).Select(p => new XElement(Maml + "para", p));

    private static string Lower(bool value) => value ? "true" : "false";
}
