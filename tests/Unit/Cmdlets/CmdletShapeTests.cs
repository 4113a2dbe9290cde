using System.Management.Automation;
using System.Text.RegularExpressions;
using ArtifactSync.Cmdlets;
using ArtifactSync.Help;

namespace ArtifactSync.Tests.Cmdlets;

/// <summary>
/// The public face of the module, word for word (Surface.txt): a change there is a change for every script that uses it. A
/// line a cmdlet with its outputs, one a parameter set, one a parameter: ! mandatory, 0 1 … position, &lt; by value, . by
/// property name.
/// </summary>
public partial class CmdletShapeTests
{
    private static readonly IReadOnlyList<CmdletShape> All = CmdletShape.ReadAll(typeof(GetSyncRunCommand).Assembly);

    [Fact]
    public void Surface_OfAllCmdlets_IsTheAgreedOne()
    {
        string[] agreed = Repository.Read("tests", "Unit", "Cmdlets", "Surface.txt").ReplaceLineEndings("\n").TrimEnd().Split('\n');
        string[] actual = [.. All.SelectMany(Surface)];

        Assert.Equal(agreed.Length, actual.Length);
        Assert.All(agreed.Zip(actual), line => Assert.Equal(line.First, line.Second));
    }

    [Fact]
    public void ConfirmImpact_High_IsOnlyWhatCannotBeUndone() => Assert.Equal(
        ["Remove-ArchiveSession", "Remove-QuarantinedArtifact", "Reset-ArtifactStore"], All.Where(IsHigh).Select(c => c.Name));

    [Fact]
    public void Classes_OfAllCmdlets_FollowTheRules()
    {
        Assert.NotEmpty(All);
        Assert.All(All, c =>
        {
            Assert.Equal($"ArtifactSync.Cmdlets.{c.Verb}{c.Noun}Command", c.Type.FullName);
            Assert.True(c.Type.IsSealed);
            Assert.NotEmpty(c.OutputTypes);
            Assert.Contains(c.Parameters, p => p.Name == "ArchivePath");
            Assert.All(c.Parameters, p => Assert.DoesNotMatch("^(Paths|Targets|.*Ids|Names)$", p.Name));
        });
    }

    [Fact]
    public void Manifest_CmdletsToExport_AreAllCmdlets()
    {
        var list = ExportList().Match(Repository.Read("ArtifactSync.psd1")).Groups["names"].Value;
        var names = Quoted().Matches(list).Select(m => m.Groups["name"].Value).ToArray();
        Assert.Equal(All.Select(c => c.Name), names);
    }

    [Theory]
    [InlineData("ArtifactSync.Model.SyncRun")]
    [InlineData("ArtifactSync.Model.SyncRunEntity")]
    [InlineData("ArtifactSync.Model.SyncPeer")]
    [InlineData("ArtifactSync.Model.SyncPeerListener")]
    [InlineData("ArtifactSync.Model.ArchiveSession")]
    [InlineData("ArtifactSync.Model.ArchiveMessage")]
    [InlineData("ArtifactSync.Model.ArchiveToolCall")]
    [InlineData("ArtifactSync.Model.ArchiveSessionImport")]
    [InlineData("ArtifactSync.Model.SessionPin")]
    [InlineData("ArtifactSync.Model.MetaConflict")]
    [InlineData("ArtifactSync.Model.TrackedIssue")]
    [InlineData("ArtifactSync.Model.TrackedMergeRequest")]
    [InlineData("ArtifactSync.Model.TrackedNote")]
    [InlineData("ArtifactSync.Model.TrackedEvent")]
    [InlineData("ArtifactSync.Model.ArchiveDocument")]
    [InlineData("ArtifactSync.Model.SurgicalFailure")]
    [InlineData("ArtifactSync.Model.SyncState")]
    [InlineData("ArtifactSync.Model.MemoryFinding")]
    [InlineData("ArtifactSync.Model.StaleArtifact")]
    [InlineData("ArtifactSync.Model.ArtifactFinding")]
    [InlineData("ArtifactSync.Model.QuarantinedArtifact")]
    [InlineData("ArtifactSync.Model.ArchiveMemory")]
    [InlineData("ArtifactSync.Model.MemoryChunk")]
    [InlineData("ArtifactSync.Model.MemoryExport")]
    [InlineData("ArtifactSync.Model.MemoryImportResult")]
    [InlineData("ArtifactSync.Model.MemoryProject")]
    [InlineData("ArtifactSync.Model.QuarantinedMemory")]
    public void FormatViews_OfAType_ShowItAliveAndDeserialized(string type)
    {
        Assert.NotNull(typeof(ArtifactSync.Model.SyncRun).Assembly.GetType(type));
        var views = System.Xml.Linq.XDocument.Parse(Repository.Read("src", "Cmdlets", "ArtifactSync.Format.ps1xml")).Descendants("View").ToList();
        Assert.All(All.SelectMany(c => c.OutputTypes), output => Assert.Contains(views, v => Names(v).Contains(output)));
        var own = Assert.Single(views, v => Names(v).Contains(type) && v.Element("TableControl") is not null);
        Assert.Equal([type, "Deserialized." + type], Names(own));
        Assert.InRange(own.Descendants("TableColumnItem").Count(), 4, 6);
        Assert.Equal(own.Descendants("TableColumnHeader").Count(), own.Descendants("TableColumnItem").Count());

        static IEnumerable<string> Names(System.Xml.Linq.XElement view) => view.Element("ViewSelectedBy")!.Elements().Select(e => e.Value);
    }

    private static IEnumerable<string> Surface(CmdletShape cmdlet)
    {
        var asks = !cmdlet.ShouldProcess ? "" : IsHigh(cmdlet) ? ", asks" : ", confirms";
        yield return $"{cmdlet.Name}{asks} -> {string.Join(", ", cmdlet.OutputTypes.Select(o => o[(o.LastIndexOf('.') + 1)..]))}";
        foreach (var set in cmdlet.Sets.Order(StringComparer.Ordinal))
        {
            yield return $"  {set}{(set == cmdlet.DefaultSet ? " (default)" : "")}";
            foreach (var (parameter, use) in cmdlet.In(set).OrderBy(p => p.Parameter.Name, StringComparer.Ordinal))
            {
                var marks = $"{(use.Mandatory ? "!" : "")}{use.Position}{(use.ByValue ? "<" : "")}{(use.ByName ? "." : "")}";
                yield return $"    -{parameter.Name}{(parameter.IsSwitch ? "" : " " + parameter.TypeName)}"
                    + $"{(marks.Length > 0 ? " " + marks : "")}{string.Concat(parameter.Aliases.Select(alias => $" ({alias})"))}";
            }
        }
    }

    private static bool IsHigh(CmdletShape cmdlet) => cmdlet.Type.CustomAttributes.Any(a => a.AttributeType == typeof(CmdletAttribute)
        && a.NamedArguments.Any(n => n.MemberName == "ConfirmImpact" && (int)n.TypedValue.Value! == (int)ConfirmImpact.High));

    [GeneratedRegex(@"CmdletsToExport\s*=\s*@\((?<names>[^)]*)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ExportList();

    [GeneratedRegex("'(?<name>[^']+)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();
}
