using System.Text.RegularExpressions;
using ArtifactSync.Cmdlets;
using ArtifactSync.Help;

namespace ArtifactSync.Tests.Cmdlets;

/// <summary>The public face of the module, word for word: a change here is a change for every script that uses it.</summary>
public partial class CmdletShapeTests
{
    private static readonly IReadOnlyList<CmdletShape> All = CmdletShape.ReadAll(typeof(GetSyncRunCommand).Assembly);

    [Theory]
    [InlineData("Get-ArchiveSession", "Filter",
        "[-Project String] [-Origin String] [-Since DateTimeOffset] [-Name String] [-Query String] [-Starred] [-Trashed] "
        + "[-First Int32] [-IncludeMessage] [-ArchivePath String]")]
    [InlineData("Get-ArchiveSession", "Id", "[-Id] String[] [-Trashed] [-IncludeMessage] [-ArchivePath String]")]
    [InlineData("Get-SyncPeer", "Archive", "[-ArchivePath String]")]
    [InlineData("Get-SyncPeer", "Listener", "-Listener [-ArchivePath String]")]
    [InlineData("Start-SyncPeer", "__AllParameterSets",
        "[-Uri] Uri[] [-Token SecureString] [-Certificate X509Certificate2] [-ReadOnly] [-AllowInsecure] [-Wait] [-ArchivePath String] "
        + "[-Confirm] [-WhatIf]")]
    [InlineData("Stop-SyncPeer", "InputObject", "[-InputObject] SyncPeerListener[] [-PassThru] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Stop-SyncPeer", "Id", "-ListenerId Int32[] [-PassThru] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Get-SyncRun", "Filter",
        "[-Last Int32] [-Status RunStatus[]] [-Kind RunKind[]] [-Since DateTimeOffset] [-Until DateTimeOffset] [-Retryable] "
        + "[-IncludeEntity] [-ArchivePath String]")]
    [InlineData("Get-SyncRun", "Id", "[-RunId] String[] [-IncludeEntity] [-ArchivePath String]")]
    [InlineData("Import-ArchiveSession", "Path", "[[-Path] String[]] [-Full] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Import-ArchiveSession", "LiteralPath", "-LiteralPath String[] [-Full] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Invoke-ArtifactSync", "Exchange",
        "[-Target] String[] [-Credential PSCredential] [-S3Endpoint String] [-Token SecureString] [-AllowInsecure] [-MemoryProject String[]] [-MemoryOrder MemoryOrder] [-Path String[]] "
        + "[-Initialize] [-OriginId String] [-Full] [-PreflightOnly] [-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Invoke-ArtifactSync", "Retry",
        "-RetryFailed -RunId String[] [-Credential PSCredential] [-S3Endpoint String] [-Token SecureString] [-AllowInsecure] "
        + "[-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Get-SyncState", "", "[[-Project] String[]] [-ArchivePath String]")]
    [InlineData("Test-MemorySync", "",
        "[-Target] String [-Project String[]] [-Repair] [-Token SecureString] [-AllowInsecure] [-LockTimeout TimeSpan] [-ArchivePath String] "
        + "[-Confirm] [-WhatIf]")]
    [InlineData("Get-ArchiveMemory", "Filter",
        "[-Query String] [-Project String] [-Type String] [-Since DateTimeOffset] [-IncludeDeleted] [-First Int32] [-ArchivePath String]")]
    [InlineData("Get-ArchiveMemory", "SyncId", "[-SyncId] String[] [-IncludeDeleted] [-ArchivePath String]")]
    [InlineData("Import-ArchiveMemory", "Path", "[-Path] String[] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Import-ArchiveMemory", "LiteralPath", "-LiteralPath String[] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Import-ArchiveMemory", "InputObject", "-InputObject PSObject [-ArchivePath String] [-Confirm] [-WhatIf]")]
    public void Syntax_OfASet_IsTheAgreedOne(string name, string set, string syntax)
    {
        // In any order: that of members of a partial class is the one in which the compiler was given its files.
        var actual = Syntax(Cmdlet(name), set);
        Assert.All(actual, parameter => Assert.Contains(parameter, syntax, StringComparison.Ordinal));
        Assert.Equal(syntax.Length, string.Join(' ', actual).Length);
    }

    [Theory]
    [InlineData("Get-ArchiveSession", "ArtifactSync.Model.ArchiveSession", "Filter", false)]
    [InlineData("Get-SyncRun", "ArtifactSync.Model.SyncRun", "Filter", false)]
    [InlineData("Start-SyncPeer", "ArtifactSync.Model.SyncPeerListener", null, true)]
    [InlineData("Stop-SyncPeer", "ArtifactSync.Model.SyncPeerListener", "InputObject", true)]
    [InlineData("Import-ArchiveSession", "ArtifactSync.Model.ArchiveSessionImport", "Path", true)]
    [InlineData("Invoke-ArtifactSync", "ArtifactSync.Model.SyncRun", "Exchange", true)]
    [InlineData("Get-SyncState", "ArtifactSync.Model.SyncState", null, false)]
    [InlineData("Test-MemorySync", "ArtifactSync.Model.MemoryFinding", null, true)]
    [InlineData("Add-ArchiveMemory", "ArtifactSync.Model.ArchiveMemory", null, true)]
    [InlineData("Disable-MemoryProject", "ArtifactSync.Model.MemoryProject", null, true)]
    [InlineData("Enable-MemoryProject", "ArtifactSync.Model.MemoryProject", null, true)]
    [InlineData("Export-ArchiveMemory", "ArtifactSync.Model.MemoryExport", null, true)]
    [InlineData("Export-MemoryChunk", "ArtifactSync.Model.MemoryChunk", null, true)]
    [InlineData("Get-ArchiveMemory", "ArtifactSync.Model.ArchiveMemory", "Filter", false)]
    [InlineData("Get-MemoryQuarantine", "ArtifactSync.Model.QuarantinedMemory", null, false)]
    [InlineData("Import-ArchiveMemory", "ArtifactSync.Model.MemoryImportResult", "Path", true)]
    [InlineData("Import-MemoryChunk", "ArtifactSync.Model.MemoryImportResult", null, true)]
    [InlineData("Remove-ArchiveMemory", "ArtifactSync.Model.ArchiveMemory", null, true)]
    [InlineData("Set-ArchiveMemory", "ArtifactSync.Model.ArchiveMemory", null, true)]
    public void Cmdlet_Attributes_AreTheAgreedOnes(string name, string output, string? defaultSet, bool shouldProcess)
    {
        var cmdlet = Cmdlet(name);
        Assert.Equal([output], cmdlet.OutputTypes);
        Assert.Equal(defaultSet, cmdlet.DefaultSet);
        Assert.Equal(shouldProcess, cmdlet.ShouldProcess);
    }

    [Theory]
    [InlineData("Get-ArchiveSession", "Id", "True (ByValue, ByPropertyName)", "SessionId")]
    [InlineData("Get-SyncRun", "RunId", "True (ByValue, ByPropertyName)", "")]
    [InlineData("Import-ArchiveSession", "Path", "True (ByValue, ByPropertyName)", "")]
    [InlineData("Import-ArchiveSession", "LiteralPath", "True (ByPropertyName)", "PSPath LP")]
    [InlineData("Invoke-ArtifactSync", "Target", "True (ByValue)", "")]
    [InlineData("Invoke-ArtifactSync", "RunId", "True (ByPropertyName)", "")]
    [InlineData("Stop-SyncPeer", "InputObject", "True (ByValue)", "")]
    [InlineData("Stop-SyncPeer", "ListenerId", "True (ByPropertyName)", "")]
    [InlineData("Invoke-ArtifactSync", "ArchivePath", "True (ByPropertyName)", "Archive")]
    [InlineData("Get-ArchiveMemory", "SyncId", "True (ByValue, ByPropertyName)", "")]
    [InlineData("Import-ArchiveMemory", "InputObject", "True (ByValue)", "")]
    [InlineData("Import-MemoryChunk", "Path", "True (ByValue, ByPropertyName)", "PSPath LP LiteralPath")]
    [InlineData("Remove-ArchiveMemory", "SyncId", "True (ByValue, ByPropertyName)", "")]
    [InlineData("Set-ArchiveMemory", "SyncId", "True (ByValue, ByPropertyName)", "")]
    public void Parameter_FromThePipeline_BindsAsAgreed(string name, string parameter, string pipeline, string aliases)
    {
        var shape = Cmdlet(name).Parameters.Single(p => p.Name == parameter);
        Assert.Equal([pipeline], shape.Uses.Values.Select(u => u.PipelineInput));
        Assert.Equal(aliases, string.Join(' ', shape.Aliases));
    }

    [Fact]
    public void GetSyncPeer_OutputTypes_AreOneASet() =>
        Assert.Equal(["ArtifactSync.Model.SyncPeer", "ArtifactSync.Model.SyncPeerListener"], Cmdlet("Get-SyncPeer").OutputTypes.Order(StringComparer.Ordinal));

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
    [InlineData("ArtifactSync.Model.SyncState")]
    [InlineData("ArtifactSync.Model.MemoryFinding")]
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

    private static CmdletShape Cmdlet(string name) => All.Single(c => c.Name == name);

    private static IReadOnlyList<string> Syntax(CmdletShape cmdlet, string set) => [.. cmdlet.In(set).OrderByDescending(p => p.Use.Mandatory).Select(p =>
    {
        var name = p.Use.Position is null ? $"-{p.Parameter.Name}" : $"[-{p.Parameter.Name}]";
        var text = p.Parameter.IsSwitch ? name : $"{name} {p.Parameter.TypeName}";
        return p.Use.Mandatory ? text : $"[{text}]";
    })];

    [GeneratedRegex(@"CmdletsToExport\s*=\s*@\((?<names>[^)]*)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ExportList();

    [GeneratedRegex("'(?<name>[^']+)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();
}
