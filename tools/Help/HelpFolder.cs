namespace ArtifactSync.Help;

/// <summary>docs/en-US: a page a cmdlet, about topics, and the parameters that many cmdlets share.</summary>
internal sealed record HelpFolder(
    IReadOnlyDictionary<string, HelpPage> Cmdlets, IReadOnlyDictionary<string, string> Shared, IReadOnlyDictionary<string, string> About)
{
    private const string SharedPage = "shared-parameters";

    public static HelpFolder Read(string folder)
    {
        var files = Directory.GetFiles(folder, "*.md").Order(StringComparer.Ordinal)
            .ToDictionary(f => Path.GetFileNameWithoutExtension(f), File.ReadAllText);
        var about = files.Where(f => f.Key.StartsWith("about_", StringComparison.Ordinal)).ToDictionary();
        var pages = files.Where(f => f.Key != SharedPage && !about.ContainsKey(f.Key))
            .Select(f => HelpPage.Parse(Path.Combine(folder, f.Key + ".md"), f.Value)).ToDictionary(p => p.Title, StringComparer.Ordinal);
        return new HelpFolder(pages, HelpPage.Parse(SharedPage, files[SharedPage]).Parameters, about);
    }
}
