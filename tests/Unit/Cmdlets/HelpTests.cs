using System.Xml.Linq;
using ArtifactSync.Cmdlets;
using ArtifactSync.Errors;
using ArtifactSync.Help;

namespace ArtifactSync.Tests.Cmdlets;

public class HelpTests
{
    private static readonly IReadOnlyList<CmdletShape> Cmdlets = CmdletShape.ReadAll(typeof(GetSyncRunCommand).Assembly);
    private static readonly HelpFolder Pages = HelpFolder.Read(Path.Combine(Repository.Root, "docs", "en-US"));

    [Fact]
    public void Check_PagesOfTheModule_FitTheParameters() => Assert.Empty(HelpCheck.Faults(Cmdlets, Pages.Cmdlets, Pages.Shared));

    [Theory]
    [InlineData("### -Last\n", "### -Latest\n", "-Last is not described", "-Latest is described and does not exist (names are compared by case)")]
    [InlineData("### -Last\n", "### -last\n", "-last is described and does not exist (names are compared by case)")]
    [InlineData("-Retryable |", "|", "no example shows -Retryable")]
    [InlineData("## Outputs", "## Output", "the section Outputs is missing or empty")]
    [InlineData("Reads the ledger: which runs there were, how they ended and which can be repeated.", "", "the synopsis is missing")]
    [InlineData("# Get-SyncRun", "# Get-SyncRuns", "the page is missing", "there is no cmdlet Get-SyncRuns")]
    public void Check_PageThatDrifted_NamesTheFault(string old, string changed, params string[] faults)
    {
        var text = Repository.Read("docs", "en-US", "Get-SyncRun.md");
        Assert.Contains(old, text, StringComparison.Ordinal);
        var page = HelpPage.Parse("Get-SyncRun.md", text.Replace(old, changed, StringComparison.Ordinal));
        var pages = new Dictionary<string, HelpPage>(Pages.Cmdlets.Where(p => p.Key != "Get-SyncRun")) { [page.Title] = page };
        Assert.Equal(
            faults.Order(StringComparer.Ordinal),
            HelpCheck.Faults(Cmdlets, pages, Pages.Shared).Select(f => f.Split("error HELP: ")[1]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Maml_OfAllPages_HasEverySetParameterAndExample()
    {
        var maml = new MamlWriter(Pages.Shared).Write(Cmdlets.Select(c => (c, Pages.Cmdlets[c.Name])));
        Assert.Equal(Cmdlets.Count, maml.Root!.Elements().Count());
        Assert.All(Cmdlets.Zip(maml.Root.Elements()), pair =>
        {
            var (cmdlet, item) = pair;
            Assert.Equal(cmdlet.Sets.Count, Named(item, "syntaxItem").Count());
            Assert.Equal(cmdlet.Parameters.Count, Named(item, "parameters").Single().Elements().Count());
            Assert.All(Named(Named(item, "parameters").Single(), "description"), d => Assert.NotEqual("", d.Value));
            Assert.Equal(Pages.Cmdlets[cmdlet.Name].Examples.Count, Named(item, "example").Count());
        });
    }

    [Fact]
    public void About_Module_ListsEveryCodeWithItsAdvice()
    {
        var text = AboutTopic.ToText(Pages.About["about_ArtifactSync"]);
        Assert.All(Enum.GetNames<ErrorCode>(), code => Assert.Contains($"\n    {code}\n        ", text, StringComparison.Ordinal));
        Assert.DoesNotContain(AboutTopic.CodesMark, text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 100));
    }

    private static IEnumerable<XElement> Named(XElement item, string name) => item.Descendants().Where(e => e.Name.LocalName == name);
}
